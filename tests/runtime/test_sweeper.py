"""The sweeper: deadlines are met to the millisecond, however many come at once."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from podium.model.command import Tick
from podium.model.definition import TaskDef, WorkflowTask
from podium.model.status import TaskStatus, WorkflowStatus
from podium.runtime import sweeper as sweeper_module
from podium.runtime.platform import Platform
from podium.testing.server import TestServer
from tests.runtime.world import TestStore, define, open_task, simple, start, take


def wait(duration: str) -> list[WorkflowTask]:
    return [WorkflowTask(name="wait", task_reference_name="wait", type="WAIT", input_parameters={"duration": duration})]


async def status(platform: Platform, workflow_id: str) -> WorkflowStatus:
    return (await platform.executor.read(workflow_id)).workflow.status


async def test_a_wait_ends_when_its_time_is_over(server: TestServer) -> None:
    await define(server.platform, "w", wait("3 seconds"))
    workflow_id = await start(server.platform, "w")
    await server.advance(2_999)
    assert await status(server.platform, workflow_id) is WorkflowStatus.RUNNING
    await server.advance(1)
    assert await status(server.platform, workflow_id) is WorkflowStatus.COMPLETED


async def test_an_earlier_deadline_wakes_the_sweeper_earlier(server: TestServer) -> None:
    await define(server.platform, "long", wait("1 hour"))
    await define(server.platform, "short", wait("1 second"))
    long = await start(server.platform, "long")
    await server.settle()
    short = await start(server.platform, "short")
    await server.advance(1_000)
    assert await status(server.platform, short) is WorkflowStatus.COMPLETED
    await server.advance(3_600_000)
    assert await status(server.platform, long) is WorkflowStatus.COMPLETED


async def test_many_at_once_are_woken_in_chunks(server: TestServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sweeper_module, "CHUNK", 10)
    await define(server.platform, "w", wait("1 second"))
    ids = await asyncio.gather(*(start(server.platform, "w") for _ in range(45)))
    await server.advance(1_000)
    assert {await status(server.platform, workflow_id) for workflow_id in ids} == {WorkflowStatus.COMPLETED}


async def test_a_deadline_from_before_a_restart_is_met(store: TestStore) -> None:
    async with TestServer(store=store) as server:
        await define(server.platform, "w", wait("3 seconds"))
        workflow_id = await start(server.platform, "w")
    async with TestServer(store=TestStore(store.path)) as server:
        await server.advance(3_000)
        assert await status(server.platform, workflow_id) is WorkflowStatus.COMPLETED


@pytest.mark.parametrize("handed_over", [True, False])
async def test_a_response_timeout_ends_the_attempt(server: TestServer, handed_over: bool) -> None:
    platform = server.platform
    await platform.registry.put_task_definitions(
        [TaskDef(name="a", response_timeout_seconds=5, retry_count=1, retry_delay_seconds=0)], "tester"
    )
    await define(platform, "w", simple("a"))
    poll = asyncio.create_task(take(platform, "a")) if handed_over else None
    await server.settle()
    workflow_id = await start(platform, "w")
    (task,) = await (poll or take(platform, "a"))
    await server.advance(6_000)
    run = await platform.executor.read(workflow_id)
    timed_out = run.task(task.task_id)
    assert timed_out is not None
    assert timed_out.status is TaskStatus.TIMED_OUT
    assert (await open_task(platform, workflow_id, "a")).retry_count == 1


async def test_a_tick_that_fails_does_not_become_a_busy_loop(server: TestServer, monkeypatch: pytest.MonkeyPatch) -> None:
    platform = server.platform
    await define(platform, "w", wait("1 second"))
    workflow_id = await start(platform, "w")
    submit, ticks = platform.executor.submit, 0

    def failing(command: Any) -> Any:
        nonlocal ticks
        if not isinstance(command, Tick):
            return submit(command)
        ticks += 1
        answer: asyncio.Future[object] = asyncio.get_running_loop().create_future()
        answer.set_exception(RuntimeError("a bug"))
        return answer

    monkeypatch.setattr(platform.executor, "submit", failing)
    await server.advance(1_500)
    assert ticks == 1
    monkeypatch.setattr(platform.executor, "submit", submit)
    await server.advance(1_000)
    assert await status(platform, workflow_id) is WorkflowStatus.COMPLETED
