"""Limits: no more tasks in workers' hands than their definition allows (spec/engine.md §6.5, §6.6)."""

from __future__ import annotations

import asyncio

from podium.model.command import RemoveWorkflow
from podium.model.definition import TaskDef
from podium.model.task import Task
from podium.runtime.platform import Platform
from podium.testing.server import TestServer
from tests.runtime.world import TestStore, define, done, parallel, simple, start, take


async def limit(platform: Platform, **limits: int) -> None:
    await platform.registry.put_task_definitions([TaskDef(name="a", **limits)], "tester")  # type: ignore[arg-type]


async def taken(server: TestServer, count: int = 10) -> list[Task]:
    poll = asyncio.create_task(take(server.platform, "a", count, timeout_ms=100))
    await server.advance(100)
    return await poll


async def test_no_more_are_in_hand_than_allowed(server: TestServer) -> None:
    platform = server.platform
    await limit(platform, concurrent_exec_limit=2)
    await define(platform, "w", simple("a"))
    for _ in range(5):
        await start(platform, "w")
    first = await taken(server)
    assert len(first) == 2
    assert await taken(server) == []
    await platform.executor.handle(done(first[0]))
    assert len(await taken(server)) == 1


async def test_a_slot_that_is_freed_wakes_a_waiting_worker(server: TestServer) -> None:
    platform = server.platform
    await limit(platform, concurrent_exec_limit=1)
    await define(platform, "w", simple("a"))
    await start(platform, "w")
    await start(platform, "w")
    (task,) = await taken(server)
    poll = asyncio.create_task(take(platform, "a"))
    await server.settle()
    assert not poll.done()
    await platform.executor.handle(done(task))
    assert len(await poll) == 1


async def test_a_hand_off_keeps_to_the_limit(server: TestServer) -> None:
    platform = server.platform
    await limit(platform, concurrent_exec_limit=1)
    await define(platform, "w", simple("a"))
    polls = [asyncio.create_task(take(platform, "a")) for _ in range(2)]
    await server.settle()
    await start(platform, "w")
    await start(platform, "w")
    await server.settle()
    assert [poll.done() for poll in polls] == [True, False]
    await platform.executor.handle(done((await polls[0])[0]))
    assert len(await polls[1]) == 1


async def test_a_limit_that_is_set_later_counts_what_is_in_hand(server: TestServer) -> None:
    await define(server.platform, "w", parallel("a", "b"))
    for _ in range(3):
        await start(server.platform, "w")
    in_hand = await taken(server, 2)
    await limit(server.platform, concurrent_exec_limit=2)
    assert await taken(server) == []
    await server.platform.executor.handle(done(in_hand[0]))
    assert len(await taken(server)) == 1


async def test_what_is_in_hand_is_counted_after_a_restart(store: TestStore) -> None:
    async with TestServer(store=store) as server:
        await limit(server.platform, concurrent_exec_limit=1)
        await define(server.platform, "w", simple("a"))
        await start(server.platform, "w")
        await start(server.platform, "w")
        assert len(await taken(server)) == 1
    async with TestServer(store=TestStore(store.path)) as server:
        assert await taken(server) == []


async def test_a_removed_workflow_holds_nothing(server: TestServer) -> None:
    await limit(server.platform, concurrent_exec_limit=1)
    await define(server.platform, "w", simple("a"))
    await start(server.platform, "w")
    (task,) = await taken(server)
    await start(server.platform, "w")
    await server.platform.executor.handle(RemoveWorkflow(workflow_id=task.workflow_id))
    assert len(await taken(server)) == 1


async def test_no_more_are_handed_out_in_a_while_than_allowed(server: TestServer) -> None:
    platform = server.platform
    await limit(platform, rate_limit_per_frequency=2, rate_limit_frequency_in_seconds=10)
    await define(platform, "w", simple("a"))
    for _ in range(3):
        await start(platform, "w")
    first = await taken(server)
    assert len(first) == 2
    for task in first:
        await platform.executor.handle(done(task))
    poll = asyncio.create_task(take(platform, "a", timeout_ms=60_000))
    await server.advance(9_000)
    assert not poll.done()
    await server.advance(1_000)
    assert len(await poll) == 1
