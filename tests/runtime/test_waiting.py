"""Waiting: a call that waits returns when there is something to say (spec/engine.md §2.11)."""

from __future__ import annotations

import asyncio

import pytest

from podium.errors import NotFound
from podium.model.definition import SubWorkflowParams, WorkflowTask
from podium.runtime.waiting import Settled, settle
from podium.testing.server import TestServer
from tests.runtime.world import define, done, open_task, simple, start

NO_REFS: frozenset[str] = frozenset()
WAIT = WorkflowTask(name="wait", task_reference_name="wait", type="WAIT")


async def waiting(server: TestServer, workflow_id: str, refs: frozenset[str] = NO_REFS) -> asyncio.Task[Settled]:
    task = asyncio.create_task(settle(server.platform, workflow_id, refs, 1_000))
    await server.settle()
    return task


async def test_the_end_of_the_workflow_ends_the_wait(server: TestServer) -> None:
    await define(server.platform, "w", simple("a"))
    workflow_id = await start(server.platform, "w")
    settled = await waiting(server, workflow_id)
    assert not settled.done()
    await server.platform.executor.handle(done(await open_task(server.platform, workflow_id, "a")))
    assert await settled == Settled()


async def test_the_end_of_its_time_ends_the_wait(server: TestServer) -> None:
    await define(server.platform, "w", simple("a"))
    settled = await waiting(server, await start(server.platform, "w"))
    await server.advance(1_000)
    assert await settled == Settled(timed_out=True)


async def test_a_wait_without_end_blocks(server: TestServer) -> None:
    await define(server.platform, "w", [WAIT])
    workflow_id = await start(server.platform, "w")
    found = await settle(server.platform, workflow_id, NO_REFS, 1_000)
    assert found.blocking_workflow_id == workflow_id
    assert found.blocking_task is not None
    assert found.blocking_task.ref == "wait"


async def test_an_ended_task_blocks_when_it_is_waited_for(server: TestServer) -> None:
    await define(server.platform, "w", simple("a", "b"))
    workflow_id = await start(server.platform, "w")
    settled = await waiting(server, workflow_id, frozenset({"a"}))
    await server.platform.executor.handle(done(await open_task(server.platform, workflow_id, "a")))
    found = await settled
    assert found.blocking_task is not None
    assert found.blocking_task.ref == "a"


async def test_a_task_in_a_child_blocks(server: TestServer) -> None:
    await define(server.platform, "inner", [*simple("a"), WAIT])
    sub = WorkflowTask(name="s", task_reference_name="s", type="SUB_WORKFLOW", sub_workflow_param=SubWorkflowParams(name="inner"))
    await define(server.platform, "outer", [sub])
    workflow_id = await start(server.platform, "outer")
    settled = await waiting(server, workflow_id)
    child = (await open_task(server.platform, workflow_id, "s")).sub_workflow_id
    assert child is not None
    await server.platform.executor.handle(done(await open_task(server.platform, child, "a")))
    assert (await settled).blocking_workflow_id == child


async def test_an_unknown_workflow_is_not_found(server: TestServer) -> None:
    with pytest.raises(NotFound):
        await settle(server.platform, "nope", NO_REFS, 1_000)
