"""What is the same for every endpoint: paths, verbs, bodies, errors, pages."""

from __future__ import annotations

import json
import logging
from collections.abc import Sequence
from typing import Any, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from podium.api.answer import Answer, nothing, text_answer
from podium.api.application import Application
from podium.api.parameter import integer, required_text
from podium.api.routing import Call, Route, Router
from podium.api.static import Assets
from podium.errors import Busy, Forbidden, Limited, LostRace, PodiumError, TooLarge
from podium.model.body import TaskResult
from podium.model.definition import TaskDef, WorkflowDef
from tests.api.door import Client

BODY_LIMIT = 100_000

COUNT = integer("count", 3)
NEEDED = required_text("needed")


async def echo(call: Call) -> Answer:
    return text_answer(f"{sorted(call.path.items())}{call.query(COUNT)}{call.raw.decode()}")


async def needing(call: Call) -> Answer:
    return text_answer(call.query(NEEDED))


async def broken(_call: Call) -> Answer:
    raise ZeroDivisionError


async def decoding(call: Call) -> Answer:
    for type_ in (TaskResult, TaskDef, WorkflowDef, list[WorkflowDef], dict[str, int]):
        call.body(type_)
    return nothing()


ECHO = (
    Route("GET", "/tasks/{taskId}", echo, ""),
    Route("POST", "/tasks/{workflowId}/{ref}/{status}", echo, "", body=dict),
    Route("POST", "/tasks/{workflowId}/{status}/signal", echo, "", body=dict),
    Route("POST", "/tasks/queue/requeue/{type}", echo, ""),
    Route("GET", "/needed", needing, ""),
    Route("GET", "/broken", broken, ""),
    Route("POST", "/decoding", decoding, "", body=dict),
    Route("GET", "/queue/", echo, ""),
)


def echoing(routes: Sequence[Route]) -> Client:
    """An application without a platform."""
    return Client(Application(cast("Any", None), routes, Assets.packaged(), BODY_LIMIT))


DECODING = echoing(ECHO)


@pytest.fixture
def door() -> Client:
    return echoing(ECHO)


@pytest.mark.parametrize(
    ("method", "path", "route"),
    [
        ("POST", "/api/tasks/queue/requeue/x", "/tasks/queue/requeue/{type}"),
        ("POST", "/api/tasks/queue/x/COMPLETED", "/tasks/{workflowId}/{ref}/{status}"),
        ("POST", "/api/tasks/w/COMPLETED/signal", "/tasks/{workflowId}/{status}/signal"),
        ("POST", "/api/tasks/queue/requeue/signal", "/tasks/queue/requeue/{type}"),
        ("GET", "/api/tasks/queue", "/tasks/{taskId}"),
        ("GET", "/api/queue/", "/queue/"),
        ("GET", "/api/queue", None),
        ("GET", "/api/tasks/", None),
        ("GET", "/api//tasks/x", None),
        ("GET", "/api/Tasks/x", None),
        ("GET", "/tasks/x", None),
    ],
)
def test_a_literal_wins_over_a_variable(method: str, path: str, route: str | None) -> None:
    found = Router(ECHO).match(method, path).route
    assert (found.path if found else None) == route


@pytest.mark.parametrize(
    ("path", "value"),
    [("a%2Fb", "a/b"), ("a%252Fb", "a%2Fb"), ("t:1;x=y", "t:1"), ("t%3Bx", "t;x"), ("%C3%A9%E2%82%AC", "é€"), ("a+b", "a+b")],
)
async def test_variables_are_decoded_once(door: Client, path: str, value: str) -> None:
    assert (await door.send(f"GET /api/tasks/{path}")).text == f"{[('taskId', value)]}3"


@pytest.mark.parametrize("path", ["%FF", "a%00b"])
async def test_a_variable_that_is_no_text_is_refused(door: Client, path: str) -> None:
    assert (await door.send(f"GET /api/tasks/{path}")).status == 400


async def test_unknown_paths_are_json_404_below_the_api(door: Client) -> None:
    for call in ("GET /api/nope", "POST /api/nope", "GET /api", "GET /api/", "POST /api/token", "POST /nope"):
        reply = await door.send(call)
        assert reply.status == 404
        assert (reply.json()["status"], reply.json()["retryable"]) == (404, False)


async def test_a_wrong_verb_is_json_405_and_names_the_right_ones(door: Client) -> None:
    reply = await door.send("DELETE /api/tasks/x")
    assert (reply.status, reply.json()["status"], reply.headers["allow"]) == (405, 405, "GET")


async def test_head_and_options_answer_200_on_known_paths(door: Client) -> None:
    assert (await door.send("HEAD /api/tasks/x")).status == 200
    assert (await door.send("OPTIONS /api/tasks/x")).headers["allow"] == "GET, HEAD, OPTIONS"
    assert (await door.send("OPTIONS /api/nope")).status == 404


@pytest.mark.parametrize(("query", "value"), [("", 3), ("count=", 3), ("count=None", 3), ("count=7&count=8", 7), ("count=-2", -2)])
async def test_a_number_in_the_query_may_be_absent_empty_or_none(door: Client, query: str, value: int) -> None:
    assert (await door.send(f"GET /api/tasks/x?{query}")).text.endswith(str(value))


@pytest.mark.parametrize("query", ["count=x", "count=1.5", "count=99999999999999999999", "count=1_0", "&".join(["a=1"] * 3000)])
async def test_a_query_that_cannot_be_read_is_refused(door: Client, query: str) -> None:
    assert (await door.send(f"GET /api/tasks/x?{query}")).status == 400


async def test_a_required_parameter_must_be_there(door: Client) -> None:
    reply = await door.send("GET /api/needed")
    assert (reply.status, reply.json()["message"]) == (400, "Required request parameter 'needed' is not present")
    assert (await door.send("GET /api/needed?needed=")).status == 200


@pytest.mark.parametrize(
    ("media_type", "status"), [("text/plain", 415), ("application/x-www-form-urlencoded", 415), ("application/json;charset=utf-8", 200)]
)
async def test_a_json_endpoint_takes_json(door: Client, media_type: str, status: int) -> None:
    assert (await door.send("POST /api/tasks/w/COMPLETED/signal", b"{}", media_type)).status == status


async def test_a_body_without_media_type_or_in_pieces_is_read(door: Client) -> None:
    body = b"[" + b"1," * 40_000 + b"1]"
    assert (await door.send("POST /api/tasks/w/r/s", body, None)).text.endswith(body.decode())


async def test_a_body_over_the_limit_is_413(door: Client) -> None:
    assert (await door.send("POST /api/tasks/w/r/s", b"x" * (BODY_LIMIT + 1))).status == 413


async def test_a_body_is_ignored_where_none_is_expected(door: Client) -> None:
    assert (await door.send("POST /api/tasks/queue/requeue/t", b"not json", "text/plain")).status == 200


async def test_an_unforeseen_error_is_logged_under_the_id_that_is_told(door: Client, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.ERROR):
        reply = await door.send("GET /api/broken")
    assert reply.status == 500
    assert caplog.records[0].exc_info is not None
    assert getattr(caplog.records[0], "keys")["reason"] in reply.json()["message"]  # noqa: B009 - the attribute is ours, not logging's


@pytest.mark.parametrize(
    ("error", "status", "retryable"),
    [
        (Busy(), 503, True),
        (LostRace(), 503, True),
        (Limited(), 429, False),
        (TooLarge(), 413, False),
        (Forbidden(), 403, False),
        (PodiumError(), 500, False),
    ],
)
async def test_each_error_has_its_status(error: PodiumError, status: int, retryable: bool) -> None:
    async def failing(_call: Call) -> Answer:
        raise error

    reply = await echoing((Route("GET", "/x", failing, ""),)).send("GET /api/x")
    assert (reply.status, reply.json()["retryable"]) == (status, retryable)
    assert ("retry-after" in reply.headers) == (status in {429, 503})


@settings(deadline=None)
@given(
    st.binary(max_size=200)
    | st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)
    ).map(lambda value: json.dumps(value).encode())
)
async def test_no_body_makes_a_server_error(body: bytes) -> None:
    assert (await DECODING.send("POST /api/decoding", body)).status in {200, 400}


async def test_pages_are_served_from_the_package_and_unknown_ones_are_the_start_page(client: Client) -> None:
    start = await client.send("GET /")
    assert b"Podium" in start.body
    assert (await client.send("GET /execution/x")).body == start.body
    assert b"API reference" in (await client.send("GET /docs")).body
    assert "default-src 'none'" in start.headers["content-security-policy"]


async def test_the_interface_document_describes_every_route(client: Client) -> None:
    document = (await client.send("GET /api-docs")).json()
    described = {(method.upper(), path) for path, methods in document["paths"].items() for method in methods}
    own = {"/api-docs", "/actuator/prometheus", "/metrics"}
    served = {(route.method, route.full_path) for route in client.application.router.routes}
    assert {(method, path) for method, path in served if path not in own} == described
    names = [operation["operationId"] for methods in document["paths"].values() for operation in methods.values()]
    assert len(names) == len(set(names))
    assert document["paths"]["/api/metadata/workflow/{name}"]["get"]["parameters"][0]["name"] == "name"


async def test_the_server_may_announce_its_start_and_stop(client: Client) -> None:
    events = [{"type": "lifespan.startup"}, {"type": "lifespan.shutdown"}]
    sent: list[str] = []

    async def receive() -> dict[str, str]:
        return events.pop(0)

    async def send(message: dict[str, str]) -> None:
        sent.append(message["type"])

    application: Application = client.application
    await application({"type": "lifespan"}, receive, send)  # type: ignore[arg-type] # messages of a lifespan hold only text
    assert sent == ["lifespan.startup.complete", "lifespan.shutdown.complete"]
