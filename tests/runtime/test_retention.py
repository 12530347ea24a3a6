"""Retention: what ended long ago goes, as settings and definitions say; what is open stays (spec/platform.md §8.4)."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from typing import Any

import pytest

from podium.errors import NotFound
from podium.model.command import TerminateWorkflow
from podium.model.definition import SubWorkflowParams, WorkflowTask
from podium.model.payload import Payload
from podium.model.search import Search
from podium.model.status import TaskStatus, WorkflowStatus
from podium.model.task import TaskLog
from podium.runtime import retention as retention_module
from podium.runtime.platform import Platform
from podium.store.store import Batch
from podium.testing.clock import FakeClock
from podium.testing.server import TestServer
from tests.runtime.world import TestStore, define, done, open_task, simple, start

DAY_MS = 86_400_000


async def ended(server: TestServer, name: str, status: TaskStatus = TaskStatus.COMPLETED) -> str:
    workflow_id = await start(server.platform, name)
    await server.platform.executor.handle(done(await open_task(server.platform, workflow_id, "a"), status))
    return workflow_id


async def there(platform: Platform, ids: Sequence[str]) -> list[bool]:
    found = []
    for workflow_id in ids:
        try:
            await platform.executor.read(workflow_id)
            found.append(True)
        except NotFound:
            found.append(False)
    return found


async def after(server: TestServer, days: float) -> int:
    """Workflows that are removed when so many days have passed since they ended, by the loop itself or by us."""
    assert isinstance(server.clock, FakeClock)
    before = (await server.platform.store.search_workflows(Search())).total
    server.clock.advance_to(server.clock.now() + round(days * DAY_MS) + 1)
    await server.platform.loops.retention.run_once()
    await server.settle()
    return before - (await server.platform.store.search_workflows(Search())).total


async def test_nothing_is_removed_unless_somebody_says_so(server: TestServer) -> None:
    await define(server.platform, "w", simple("a"))
    await ended(server, "w")

    assert await after(server, 10_000) == 0


async def test_the_settings_say_how_long_by_how_it_ended(store: TestStore) -> None:
    async with TestServer(store=store, retention_completed_days=2, retention_failed_days=5) as server:
        await define(server.platform, "w", simple("a"))
        ids = [await ended(server, "w"), await ended(server, "w", TaskStatus.FAILED_WITH_TERMINAL_ERROR), await start(server.platform, "w")]

        assert [await after(server, 1), await after(server, 1)] == [0, 1]
        assert await there(server.platform, ids) == [False, True, True]
        assert await after(server, 3) == 1
        assert await there(server.platform, ids) == [False, False, True]


@pytest.mark.parametrize(
    ("metadata", "days", "left"),
    [
        ({"retentionDays": 7}, 6, [True] * 4),
        ({"retentionDays": 7}, 7, [False] * 3 + [True]),
        ({"retentionDays": 0.5}, 0.5, [False] * 3 + [True]),
        ({"retentionDays": 0}, 400, [True] * 4),
        ({}, 2, [False] * 3 + [True]),
        ({"retentionCount": 2, "retentionDays": 0}, 0, [False, True, True, True]),
        ({"retentionCount": 1, "retentionDays": 1}, 0, [False, False, True, True]),
        ({"retentionCount": 0}, 1, [True] * 4),
    ],
)
async def test_a_definition_says_how_long_and_how_many(store: TestStore, metadata: dict[str, Any], days: float, left: list[bool]) -> None:
    async with TestServer(store=store, retention_completed_days=2) as server:
        await define(server.platform, "w", simple("a"), metadata=metadata)
        ids = []
        for _ in range(3):
            ids.append(await ended(server, "w"))
            await server.advance(10)
        ids.append(await start(server.platform, "w"))

        await after(server, days)

        assert await there(server.platform, ids) == left


async def test_the_loop_removes_in_chunks_now_and_then(store: TestStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention_module, "CHUNK", 2)
    async with TestServer(store=store, retention_completed_days=1, retention_minutes=60) as server:
        await define(server.platform, "w", simple("a"))
        ids = [await ended(server, "w") for _ in range(5)]

        await server.advance(DAY_MS + 3_600_000)

        assert await there(server.platform, ids) == [False] * 5


async def test_sub_workflows_go_with_the_workflow_that_started_them(store: TestStore) -> None:
    async with TestServer(store=store, retention_completed_days=1, retention_failed_days=1) as server:
        child = WorkflowTask(
            name="sub", task_reference_name="sub", type="SUB_WORKFLOW", sub_workflow_param=SubWorkflowParams(name="child", version=1)
        )
        await define(server.platform, "child", simple("a"))
        await define(server.platform, "parent", [child, *simple("b")])
        parent = await start(server.platform, "parent")
        await server.settle()
        child_id = (await open_task(server.platform, parent, "sub")).sub_workflow_id
        assert child_id
        await server.platform.executor.handle(done(await open_task(server.platform, child_id, "a")))
        await server.settle()
        assert await after(server, 2) == 0  # the child ended long ago, but its parent is open

        await server.platform.executor.handle(done(await open_task(server.platform, parent, "b")))

        assert [await after(server, 0.5), await after(server, 0.5)] == [0, 2]
        assert await there(server.platform, [parent, child_id]) == [False, False]


async def test_a_family_with_an_open_member_stays_and_holds_up_nobody(store: TestStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention_module, "CHUNK", 1)
    async with TestServer(store=store, retention_completed_days=1) as server:
        await define(server.platform, "w", simple("a"))
        first, second = await ended(server, "w"), await ended(server, "w")
        below = await start(server.platform, "w")
        with closing(sqlite3.connect(store.path)) as connection:
            connection.execute("UPDATE workflow SET parent_workflow_id = ? WHERE workflow_id = ?", (first, below))
            connection.commit()

        assert await after(server, 1) == 1
        assert await there(server.platform, [first, second, below]) == [True, False, True]


async def test_one_that_is_revived_meanwhile_stays(store: TestStore) -> None:
    async with TestServer(store=store, retention_failed_days=1) as server:
        await define(server.platform, "w", simple("a"))
        workflow_id = await start(server.platform, "w")
        await server.platform.executor.handle(TerminateWorkflow(workflow_id=workflow_id, actor="tester", reason="enough"))
        with closing(sqlite3.connect(store.path)) as connection:
            connection.execute("UPDATE workflow SET status = 'RUNNING', end_time = 0")
            connection.commit()

        assert await after(server, 2) == 0


async def test_nothing_of_a_removed_workflow_is_left(store: TestStore) -> None:
    async with TestServer(store=store, retention_completed_days=1) as server:
        await define(server.platform, "w", simple("a"))
        workflow_id = await start(server.platform, "w", {"customer": "Ada"})
        task = await open_task(server.platform, workflow_id, "a")
        log = TaskLog(task_id=task.task_id, created_time=server.clock.now(), log="hello")
        await store.save(Batch(now=server.clock.now(), logs=[log]))
        await server.platform.executor.handle(done(task, paid=1))
        await server.settle()

        assert await after(server, 1) == 1

        with closing(sqlite3.connect(store.path)) as connection:
            for table in ("workflow", "task", "payload", "task_log", "history", "outbox", "definition_snapshot"):
                assert connection.execute(f"SELECT count(*) FROM {table}").fetchone() == (0,), table
        again = await ended(server, "w")
        assert (await server.platform.executor.read(again)).workflow.status is WorkflowStatus.COMPLETED
        assert Payload.of({}) == (await server.platform.executor.read(again)).workflow.input
