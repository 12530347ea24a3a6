"""System tasks: the server is a worker like any other, with a lease."""

from __future__ import annotations

import asyncio

import pytest

from podium.model.definition import TaskDef, WorkflowTask
from podium.model.json import JsonObject
from podium.model.status import TaskStatus, WorkflowStatus
from podium.model.task import Task
from podium.runtime.platform import Platform
from podium.runtime.secrets import Secrets
from podium.runtime.system.finished import Finished
from podium.testing.server import TestServer
from tests.runtime.world import TestStore, define, open_task, start

CALL = [WorkflowTask(name="h", task_reference_name="h", type="HTTP", input_parameters={"uri": "${workflow.secrets.URI}", "method": "GET"})]


class Held:
    """Stands in for the HTTP task: it ends when the test says so."""

    def __init__(self) -> None:
        self.inputs: list[JsonObject] = []
        self.outcome = Finished(status=TaskStatus.COMPLETED, output={"done": True})
        self.open = asyncio.Event()

    async def run(self, value: JsonObject, _task: Task) -> Finished:
        self.inputs.append(value)
        await self.open.wait()
        return self.outcome

    async def close(self) -> None:
        self.open.set()


def hold(platform: Platform) -> Held:
    """Let HTTP tasks be held."""
    held = Held()
    worker = platform.loops.system_tasks._workers["HTTP"]
    worker._task = held
    worker._secrets = Secrets(secret=lambda name: f"the {name}", environment=lambda _name: None)
    return held


async def status(platform: Platform, workflow_id: str) -> WorkflowStatus:
    return (await platform.executor.read(workflow_id)).workflow.status


async def begun(held: Held, platform: Platform, calls: int) -> None:
    """Until so many calls have begun."""
    while len(held.inputs) < calls:
        await platform.store.next_wake()


async def test_the_server_runs_its_own_tasks(server: TestServer) -> None:
    held = hold(server.platform)
    held.open.set()
    await define(server.platform, "w", CALL)
    workflow_id = await start(server.platform, "w")
    await server.settle()
    run = await server.platform.executor.read(workflow_id)
    assert run.workflow.status is WorkflowStatus.COMPLETED
    assert run.listed()[0].output.value == {"done": True}
    assert run.listed()[0].poll_count == 1


async def test_secrets_are_filled_in_where_nobody_reads(server: TestServer) -> None:
    held = hold(server.platform)
    held.open.set()
    await define(server.platform, "w", CALL)
    workflow_id = await start(server.platform, "w")
    await server.settle()
    assert held.inputs[0]["uri"] == "the URI"
    (task,) = (await server.platform.executor.read(workflow_id)).listed()
    assert task.input.value["uri"] == "${workflow.secrets.URI}"


async def test_a_long_task_keeps_its_lease(server: TestServer) -> None:
    held = hold(server.platform)
    await define(server.platform, "w", CALL)
    workflow_id = await start(server.platform, "w")
    await begun(held, server.platform, 1)
    await pass_time(server, 300)
    assert len(held.inputs) == 1
    held.open.set()
    await server.settle()
    assert await status(server.platform, workflow_id) is WorkflowStatus.COMPLETED


async def pass_time(server: TestServer, seconds: int) -> None:
    """Let time pass while a task is held, which would never be quiet."""
    worker = server.platform.loops.system_tasks._workers["HTTP"]
    running, worker._running = worker._running, set()
    await server.advance(seconds * 1_000)
    worker._running = running


async def test_a_task_whose_server_died_is_run_again_after_its_lease(store: TestStore) -> None:
    async with TestServer(store=store) as server:
        held = hold(server.platform)
        await define(server.platform, "w", CALL)
        workflow_id = await start(server.platform, "w")
        await begun(held, server.platform, 1)
        for running in list(server.platform.loops.system_tasks._workers["HTTP"]._running):
            running.cancel()
    async with TestServer(store=TestStore(store.path)) as server:
        held = hold(server.platform)
        held.open.set()
        await server.advance(30_000)
        assert held.inputs == []
        await server.advance(60_000)
        assert len(held.inputs) == 1
        assert await status(server.platform, workflow_id) is WorkflowStatus.COMPLETED


async def test_a_bug_in_a_type_fails_its_task(server: TestServer, monkeypatch: pytest.MonkeyPatch) -> None:
    held = hold(server.platform)

    async def broken(_value: JsonObject, _task: Task) -> Finished:
        raise ZeroDivisionError

    monkeypatch.setattr(held, "run", broken)
    await define(server.platform, "w", CALL)
    workflow_id = await start(server.platform, "w")
    await server.settle()
    assert await status(server.platform, workflow_id) is WorkflowStatus.FAILED


async def test_isolated_tasks_have_a_queue_of_their_own(server: TestServer) -> None:
    held = hold(server.platform)
    held.open.set()
    await server.platform.registry.put_task_definitions([TaskDef(name="h", isolation_group_id="apart")], "tester")
    await define(server.platform, "w", CALL)
    workflow_id = await start(server.platform, "w")
    await server.settle()
    assert await status(server.platform, workflow_id) is WorkflowStatus.COMPLETED


async def test_no_more_run_at_once_than_is_set(store: TestStore) -> None:
    async with TestServer(store=store, http_concurrency=2) as server:
        held = hold(server.platform)
        await define(server.platform, "w", CALL)
        ids = [await start(server.platform, "w") for _ in range(3)]
        await begun(held, server.platform, 2)
        third = [one for one in ids if (await open_task(server.platform, one, "h")).status is TaskStatus.SCHEDULED]
        assert len(third) == 1
        held.open.set()
        await server.settle()
        assert [await status(server.platform, one) for one in ids] == [WorkflowStatus.COMPLETED] * 3
