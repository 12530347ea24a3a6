"""A server on PostgreSQL: it outlives its database, and loses nothing that it has answered."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from podium.settings import Settings
from podium.store.postgres import PostgresStore
from podium.testing.clock import START, FakeClock
from podium.testing.server import TestServer
from tests import postgres
from tests.runtime.test_scheduler import pass_time, schedule, times
from tests.runtime.world import define, simple


@pytest.fixture
async def cluster() -> AsyncIterator[postgres.Cluster]:
    postgres.require()
    started = postgres.Cluster(*postgres.FAST)
    started.start()
    yield started
    started.remove()


async def test_a_server_outlives_its_database(cluster: postgres.Cluster) -> None:
    clock = FakeClock()
    async with TestServer(clock=clock, store=PostgresStore(cluster.url(await cluster.create_database()))) as server:
        client, platform = server.client, server.platform
        await define(platform, "order", simple("pay", "ship"))
        started = await client.post("/api/workflow/order", json={"customer": "Ada"})
        await asyncio.to_thread(cluster.crash)

        refused = await client.post("/api/workflow/order", json={})
        unread = await client.get("/api/workflow/search")
        clock.advance(60_000)
        await asyncio.to_thread(cluster.start)
        await server.advance(60_000)

        assert (started.status_code, refused.status_code, unread.status_code) == (200, 503, 503)
        assert platform.supervisor.failed == {}
        for queue in ("pay", "ship"):
            task = (await client.get(f"/api/tasks/poll/{queue}")).json()
            done = {"workflowInstanceId": started.text, "taskId": task["taskId"], "status": "COMPLETED", "outputData": {}}
            assert (await client.post("/api/tasks", json=done)).status_code == 200
        assert (await client.get(f"/api/workflow/{started.text}")).json()["status"] == "COMPLETED"


async def test_the_database_setting_chooses_postgres() -> None:
    async with postgres.database() as url, TestServer(database=url) as server:
        assert isinstance(server.platform.store, PostgresStore)
        assert Settings(database="postgresql://a:secret@h/d").shown()["database"] == "postgresql://***@h/d"


async def test_two_servers_start_every_instant_of_a_schedule_once() -> None:
    clock = FakeClock()
    async with (
        postgres.database() as url,
        TestServer(clock=clock, store=PostgresStore(url)) as first,
        TestServer(clock=clock, store=PostgresStore(url)) as second,
    ):
        await define(first.platform, "w", [])
        await second.platform.registry.load()
        for name in ("s", "t"):
            await schedule(first.platform, name=name)
        await pass_time((first, second), 3_000)
        first.platform.loops.scheduler.hold()
        await pass_time((first, second), 5_000)
        for name in ("s", "t"):
            assert await times(second.platform, name) == [START + number * 1_000 for number in range(1, 9)]
