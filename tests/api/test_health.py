"""Health and metrics."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import pytest

from podium.api.application import Application, create_application
from podium.api.metrics import metrics_handler
from podium.api.routing import Route
from podium.api.static import Assets
from podium.model.definition import TaskDef
from podium.testing.server import TestServer
from tests.api.door import Client


async def test_health_is_told_at_both_places(client: Client) -> None:
    for path in ("/health", "/api/health"):
        assert (await client.send(f"GET {path}")).json() == {"healthy": True, "healthResults": [], "suppressedHealthResults": []}
    assert (await client.send("GET /actuator/health")).json() == {"status": "UP", "components": {}}


async def test_health_is_503_while_a_loop_is_down() -> None:
    async def gone() -> None:
        message = "gone"
        raise RuntimeError(message)

    async with TestServer() as server:
        client = Client(create_application(server.platform))
        server.platform.supervisor.start("sample", gone)
        await server.settle()
        reply = await client.send("GET /health")
        assert (reply.status, reply.json()["healthy"]) == (503, False)
        assert reply.json()["healthResults"][0]["details"] == {"loop": "sample"}
        assert (await client.send("GET /actuator/health")).json()["components"]["sample"]["status"] == "DOWN"
        assert "podium_loops_down 1.0" in (await client.send("GET /metrics")).text


async def test_metrics_count_requests_by_route(client: Client) -> None:
    await client.send("GET /api/metadata/workflow/x")
    text = (await client.send("GET /actuator/prometheus")).text
    assert 'podium_http_requests_total{method="GET",path="/api/metadata/workflow/{name}"} 1.0' in text


async def test_metrics_say_zero_for_registered_types_without_tasks(client: Client) -> None:
    await client.send("POST /api/metadata/taskdefs", [{"name": "idle"}])
    assert 'task_queue_depth{taskType="idle"} 0.0' in (await client.send("GET /metrics")).text


class Queues:
    """A platform whose queues and clock belong to the test."""

    def __init__(self) -> None:
        self.sizes: dict[tuple[str, str | None], int] = {}
        self.time = 0
        self.store = self.clock = self.registry = self
        self.supervisor = SimpleNamespace(failed={})

    def now(self) -> int:
        return self.time

    def all_task_definitions(self) -> list[TaskDef]:
        return []

    async def queue_sizes(self) -> dict[tuple[str, str | None], int]:
        return self.sizes


@pytest.fixture
def queues() -> Queues:
    return Queues()


@pytest.fixture
def watching(queues: Queues) -> Client:
    route = Route("GET", "/metrics", metrics_handler(()), "", root=True)
    return Client(Application(cast("Any", queues), (route,), Assets.packaged(), 0))


async def test_metrics_tell_how_many_tasks_wait(queues: Queues, watching: Client) -> None:
    queues.sizes = {("busy", None): 3, ("busy", "eu"): 2}
    text = (await watching.send("GET /metrics")).text
    assert 'task_queue_depth{taskType="busy"} 5.0' in text
    assert 'orkes_queue_depth{task="busy"} 5.0' in text
    assert 'podium_queue_depth{domain="eu",taskType="busy"} 2.0' in text


async def test_queues_are_counted_at_most_every_five_seconds(queues: Queues, watching: Client) -> None:
    for time, size, expected in ((0, 1, 1), (4_999, 2, 1), (5_000, 3, 3)):
        queues.time, queues.sizes = time, {("q", None): size}
        assert f'task_queue_depth{{taskType="q"}} {expected}.0' in (await watching.send("GET /metrics")).text


async def test_the_actuator_says_what_there_is_to_see(client: Client) -> None:
    links = (await client.send("GET /actuator")).json()["_links"]
    for name in ("health", "info", "prometheus"):
        assert links[name] == {"href": f"/actuator/{name}", "templated": False}
        assert (await client.send(f"GET /actuator/{name}")).status == 200


async def test_version_and_context_are_there(client: Client) -> None:
    assert (await client.send("GET /api/version")).headers["content-type"].startswith("text/plain")
    assert (await client.send("GET /context.js")).text.startswith("window.podium=")
