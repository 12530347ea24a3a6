"""Several servers on one PostgreSQL tell each other where tasks wait, and learn each other's definitions."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from podium.model.definition import TaskDef
from podium.runtime.neighbours import LOOK_AGAIN_MS, SPREAD_MS
from podium.runtime.platform import Platform
from podium.store.postgres import PostgresStore
from podium.store.sqlite import SqliteStore
from podium.testing.clock import FakeClock
from podium.testing.server import TestServer
from tests import postgres
from tests.runtime.world import TestStore, define, done, open_task, simple, start, take

PATIENCE_SECONDS = 20  # for words on their way through the database, which no clock of ours moves


@pytest.fixture
async def url() -> AsyncIterator[str]:
    async with postgres.database() as found:
        yield found


@pytest.fixture
async def pair(url: str) -> AsyncIterator[tuple[Platform, Platform]]:
    """Two servers on one database that hear each other."""
    clock = FakeClock()
    async with TestServer(database=url, clock=clock) as first, TestServer(database=url, clock=clock) as second:
        await define(first.platform, "two", simple("a", "b"))
        for server in (first, second):
            store = server.platform.store
            assert isinstance(store, PostgresStore)
            assert store.notices is not None
            await store.notices.listening.wait()
            await server.settle()
        yield first.platform, second.platform


async def test_a_task_reaches_who_waits_at_the_other_server_without_any_time(pair: tuple[Platform, Platform]) -> None:
    one, other = pair
    async with asyncio.timeout(PATIENCE_SECONDS):
        polling = asyncio.ensure_future(take(other, "a", timeout_ms=60_000))
        workflow_id = await start(one, "two")
        (task,) = await polling

        polling = asyncio.ensure_future(take(one, "b", timeout_ms=60_000))
        await other.executor.handle(done(task))
        (following,) = await polling

    assert (task.ref, following.ref, following.workflow_id) == ("a", "b", workflow_id)


async def test_a_word_that_comes_while_the_store_is_asked_makes_it_be_asked_again(store: TestStore, server: TestServer) -> None:
    queue = server.platform.queue
    await server.settle()
    store.hold()
    polling = asyncio.ensure_future(take(server.platform, "a", timeout_ms=60_000))
    await store.entered.wait()

    queue.hear("a", None, 0)
    store.release()
    await server.settle()

    assert sum(want.queue == "a" for batch in store.batches for want in batch.wants) == 2
    polling.cancel()


async def test_a_definition_is_known_at_the_other_server_when_it_is_started_there(pair: tuple[Platform, Platform]) -> None:
    one, other = pair
    await define(one, "new", simple("a"))

    workflow_id = await start(other, "new")

    assert (await open_task(one, workflow_id, "a")).ref == "a"


async def test_definitions_of_the_other_server_are_heard_of(pair: tuple[Platform, Platform]) -> None:
    one, other = pair
    await one.registry.put_environment("stage", "test")

    async with asyncio.timeout(PATIENCE_SECONDS):
        while other.registry.environment("stage") != "test":
            await other.store.next_wake()


class SlowStore(SqliteStore):
    """Answers what definitions there were when it was asked, but only once it is told to."""

    shared = True
    asked = asyncio.Event()
    answering = asyncio.Event()

    async def task_definitions(self) -> list[TaskDef]:
        found = await super().task_definitions()
        self.asked.set()
        await self.answering.wait()
        return found


async def test_what_is_registered_while_definitions_are_read_again_is_not_forgotten() -> None:
    store = SlowStore("sqlite://")
    store.answering.set()
    async with TestServer(store=store) as server:
        registry = server.platform.registry
        await registry.put_task_definitions([TaskDef(name="old")], "tester")
        store.asked.clear()
        store.answering.clear()
        reading = asyncio.ensure_future(registry.catch_up())
        await store.asked.wait()

        putting = asyncio.ensure_future(registry.put_task_definitions([TaskDef(name="new")], "tester"))
        await store.next_wake()
        store.answering.set()
        await putting

        while not reading.done():
            assert [one.name for one in registry.all_task_definitions()] == ["new", "old"]
            await store.next_wake()


async def test_behind_a_pooler_definitions_are_looked_up_now_and_then(url: str) -> None:
    clock = FakeClock()
    silent = PostgresStore(url, prepared=False)
    async with TestServer(database=url, clock=clock) as first, TestServer(store=silent, clock=clock) as second:
        await second.settle()
        await first.platform.registry.put_environment("stage", "test")

        await second.advance(LOOK_AGAIN_MS + SPREAD_MS)

        assert second.platform.registry.environment("stage") == "test"
