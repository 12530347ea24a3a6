"""Two servers on one database: what one commits, the other knows before it says or changes anything."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from podium.errors import NotFound
from podium.model.command import PauseWorkflow, RemoveWorkflow
from podium.model.status import TaskStatus, WorkflowStatus
from podium.runtime.outbox import OVERDUE_MS
from podium.store.sqlite import SqliteStore
from podium.testing.clock import FakeClock
from podium.testing.server import TestServer
from tests.runtime.test_outbox import PARENT
from tests.runtime.world import define, done, open_task, parallel, simple, start, take


class SharedStore(SqliteStore):
    """SQLite, as if other servers wrote to it: here they do."""

    shared = True


@pytest.fixture
async def pair(tmp_path: Path) -> AsyncIterator[tuple[TestServer, TestServer]]:
    clock = FakeClock()
    first = TestServer(store=SharedStore(str(tmp_path / "one.db")), clock=clock)
    second = TestServer(store=SharedStore(str(tmp_path / "one.db")), clock=clock)
    async with first:
        await define(first.platform, "two", simple("a", "b"))
        await define(first.platform, "both", parallel("a", "b"))
        async with second:
            yield first, second


async def test_a_run_is_read_as_the_other_server_left_it(pair: tuple[TestServer, TestServer]) -> None:
    one, other = (server.platform for server in pair)
    workflow_id = await start(one, "two")
    assert (await other.executor.read(workflow_id)).workflow.revision == 1

    await one.executor.handle(done(await open_task(one, workflow_id, "a")))

    run = await other.executor.read(workflow_id)
    assert [(task.ref, task.status.value) for task in run.listed()] == [("a", "COMPLETED"), ("b", "SCHEDULED")]


async def test_a_report_about_a_task_that_this_server_has_never_seen_counts(pair: tuple[TestServer, TestServer]) -> None:
    one, other = (server.platform for server in pair)
    workflow_id = await start(one, "two")
    await other.executor.read(workflow_id)
    await one.executor.handle(done(await open_task(one, workflow_id, "a")))

    await other.executor.handle(done(await open_task(one, workflow_id, "b")))

    assert (await one.executor.read(workflow_id)).workflow.status is WorkflowStatus.COMPLETED


async def test_reports_about_two_branches_at_both_servers_at_once_both_count(pair: tuple[TestServer, TestServer]) -> None:
    one, other = (server.platform for server in pair)
    workflow_id = await start(one, "both")
    left, right = await open_task(one, workflow_id, "a"), await open_task(other, workflow_id, "b")

    await asyncio.gather(one.executor.handle(done(left, x=1)), other.executor.handle(done(right, x=2)))

    for platform in (one, other):
        run = await platform.executor.read(workflow_id)
        assert run.workflow.status is WorkflowStatus.COMPLETED


async def test_a_task_claimed_at_one_server_can_be_reported_at_the_other(pair: tuple[TestServer, TestServer]) -> None:
    one, other = (server.platform for server in pair)
    workflow_id = await start(one, "two")
    (task,) = await take(other, "a")

    await one.executor.handle(done(task))

    run = await other.executor.read(workflow_id)
    assert next((task.ref, task.status.value, task.worker_id) for task in run.listed()) == ("a", "COMPLETED", None)
    assert run.workflow.revision == 3


async def test_a_command_that_changes_nothing_is_decided_on_the_run_as_it_is(pair: tuple[TestServer, TestServer]) -> None:
    one, other = (server.platform for server in pair)
    workflow_id = await start(one, "two")
    task = await open_task(other, workflow_id, "a")
    await one.executor.handle(PauseWorkflow(workflow_id=workflow_id))

    assert await other.executor.handle(done(task)) is not None

    run = await one.executor.read(workflow_id)
    assert (run.workflow.status, run.listed()[0].status) == (WorkflowStatus.PAUSED, TaskStatus.COMPLETED)


async def test_a_run_that_the_other_server_removed_is_gone(pair: tuple[TestServer, TestServer]) -> None:
    one, other = (server.platform for server in pair)
    workflow_id = await start(one, "two")
    task = await open_task(other, workflow_id, "a")
    await one.executor.handle(RemoveWorkflow(workflow_id=workflow_id))

    with pytest.raises(NotFound):
        await other.executor.read(workflow_id)
    with pytest.raises(NotFound):
        await other.executor.handle(done(task))


async def test_who_waits_for_a_change_hears_of_the_other_server(pair: tuple[TestServer, TestServer]) -> None:
    one, other = (server.platform for server in pair)
    workflow_id = await start(one, "two")
    waiting = asyncio.create_task(other.executor.changed(workflow_id, 1, 5_000))
    await pair[1].settle()

    await one.executor.handle(PauseWorkflow(workflow_id=workflow_id))
    await pair[1].advance(1_000)

    assert await waiting


async def test_messages_of_a_server_that_is_gone_are_delivered_by_another(pair: tuple[TestServer, TestServer]) -> None:
    one, other = pair
    await define(one.platform, "inner", simple("a"))
    await define(one.platform, "outer", PARENT)
    await other.platform.registry.load()
    one.platform.loops.outbox._accept = lambda row: None  # type: ignore[method-assign] # it will not get to it
    parent = await start(one.platform, "outer")

    await other.advance(2 * OVERDUE_MS)

    child = (await open_task(other.platform, parent, "child")).sub_workflow_id
    assert child is not None
    assert (await other.platform.executor.read(child)).workflow.status is WorkflowStatus.RUNNING
