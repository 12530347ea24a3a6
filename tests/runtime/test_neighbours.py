"""Several servers on one PostgreSQL tell each other where tasks wait, and learn each other's definitions."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from podium.runtime.neighbours import LOOK_AGAIN_MS, SPREAD_MS
from podium.runtime.platform import Platform
from podium.store.postgres import PostgresStore
from podium.testing.clock import FakeClock
from podium.testing.server import TestServer
from tests import postgres
from tests.runtime.world import define, done, open_task, simple, start, take

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
        while not other.queue.waiters:
            await other.store.next_wake()
        workflow_id = await start(one, "two")
        (task,) = await polling

        polling = asyncio.ensure_future(take(one, "b", timeout_ms=60_000))
        while not one.queue.waiters:
            await one.store.next_wake()
        await other.executor.handle(done(task))
        (following,) = await polling

    assert (task.ref, following.ref, following.workflow_id) == ("a", "b", workflow_id)


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


async def test_behind_a_pooler_definitions_are_looked_up_now_and_then(url: str) -> None:
    clock = FakeClock()
    silent = PostgresStore(url, prepared=False)
    async with TestServer(database=url, clock=clock) as first, TestServer(store=silent, clock=clock) as second:
        await second.settle()
        await first.platform.registry.put_environment("stage", "test")

        await second.advance(LOOK_AGAIN_MS + SPREAD_MS)

        assert second.platform.registry.environment("stage") == "test"
