"""rateLimitConfig with a store behind it: never exceeded, in order, and nothing is stuck after a crash."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path

import pytest

from podium.errors import Limited
from podium.model.body import StartWorkflowRequest
from podium.model.command import RetryWorkflow, TerminateWorkflow
from podium.model.definition import RateLimitConfig, RateLimitPolicy
from podium.runtime.platform import Platform
from podium.testing.server import TestServer
from tests.runtime.world import define, done, open_task, simple, start, take

LIMIT = RateLimitConfig(rate_limit_key="k", concurrent_exec_limit=3)


async def going(platform: Platform, ids: Sequence[str]) -> list[int]:
    """The places of those that have begun."""
    runs = [await platform.executor.read(workflow_id) for workflow_id in ids]
    return [place for place, run in enumerate(runs) if run.index.tasks]


async def finish(platform: Platform, workflow_id: str) -> None:
    await platform.executor.handle(done(await open_task(platform, workflow_id, "a")))


async def test_of_many_concurrent_starts_no_more_go_than_the_limit_allows(server: TestServer, platform: Platform) -> None:
    await define(platform, "w", simple("a"), rate_limit_config=LIMIT)
    ids = await asyncio.gather(*(start(platform, "w") for _ in range(100)))
    await server.settle()
    assert len(await going(platform, ids)) == 3
    for _ in range(100):
        (task,) = await take(platform, "a")
        await platform.executor.handle(done(task))
        await server.settle()
        open_ = [one for one in await going(platform, ids) if not (await platform.executor.read(ids[one])).workflow.status.terminal]
        assert len(open_) <= 3
    assert len(await going(platform, ids)) == 100


async def test_a_free_slot_goes_to_the_next_in_order_at_once(server: TestServer, platform: Platform) -> None:
    await define(platform, "w", simple("a"), rate_limit_config=LIMIT)
    ids = [await start(platform, "w") for _ in range(6)]
    await finish(platform, ids[1])
    await server.settle()
    assert await going(platform, ids) == [0, 1, 2, 3]
    await platform.executor.handle(TerminateWorkflow(workflow_id=ids[4]))
    await finish(platform, ids[0])
    await server.settle()
    assert await going(platform, ids) == [0, 1, 2, 3, 5]


async def test_those_that_wait_go_on_after_a_restart(tmp_path: Path) -> None:
    async with TestServer(database=tmp_path / "p.db") as server:
        await define(server.platform, "w", simple("a"), rate_limit_config=LIMIT)
        ids = [await start(server.platform, "w") for _ in range(5)]
        await server.platform.loops.outbox.stop()  # the server dies before it tells the next
        await finish(server.platform, ids[0])
        assert await going(server.platform, ids) == [0, 1, 2]
    async with TestServer(database=tmp_path / "p.db") as server:
        await server.settle()
        assert await going(server.platform, ids) == [0, 1, 2, 3]
        view = (await server.client.get(f"/api/workflow/{ids[4]}")).json()
        assert (view["status"], view["rateLimited"], view["rateLimitKey"]) == ("RUNNING", True, "k")


async def test_two_servers_together_do_not_exceed_it(tmp_path: Path) -> None:
    async with TestServer(database=tmp_path / "p.db") as one, TestServer(database=tmp_path / "p.db") as two:
        await define(one.platform, "w", simple("a"), rate_limit_config=LIMIT)
        await two.platform.registry.load()
        ids = await asyncio.gather(*(start(server.platform, "w") for _ in range(20) for server in (one, two)))
        await one.settle()
        await two.settle()
        assert (await one.platform.store.slot_standing("k")).held == 3
        assert len(await going(two.platform, ids)) == 3


async def test_a_start_that_is_not_to_wait_is_refused(platform: Platform) -> None:
    refusing = RateLimitConfig(rate_limit_key="k", concurrent_exec_limit=1, policy=RateLimitPolicy.REJECT)
    await define(platform, "w", simple("a"), rate_limit_config=refusing)
    await start(platform, "w")
    with pytest.raises(Limited):
        await platform.executor.start(StartWorkflowRequest(name="w"), "tester")
    assert (await platform.store.slot_standing("k")).waiting is None


async def test_an_ended_run_needs_a_slot_to_run_again(platform: Platform) -> None:
    await define(platform, "w", simple("a"), rate_limit_config=RateLimitConfig(rate_limit_key="k", concurrent_exec_limit=1))
    first = await start(platform, "w")
    await platform.executor.handle(TerminateWorkflow(workflow_id=first))
    second = await start(platform, "w")
    with pytest.raises(Limited):
        await platform.executor.handle(RetryWorkflow(workflow_id=first))
    await platform.executor.handle(TerminateWorkflow(workflow_id=second))
    await platform.executor.handle(RetryWorkflow(workflow_id=first))
    assert (await platform.store.slot_standing("k")).held == 1
