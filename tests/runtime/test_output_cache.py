"""The output cache with a store behind it."""

from __future__ import annotations

from pathlib import Path

from podium.model.definition import CacheConfig, WorkflowTask
from podium.model.status import WorkflowStatus
from podium.runtime.platform import Platform
from podium.testing.server import TestServer
from tests.runtime.world import define, done, start, take

KEPT = [WorkflowTask(name="a", task_reference_name="a", cache_config=CacheConfig(key="k", ttl_in_second=60))]


async def status(platform: Platform, workflow_id: str) -> WorkflowStatus:
    return (await platform.executor.read(workflow_id)).workflow.status


async def test_an_output_is_kept_in_the_commit_that_completes_its_task(tmp_path: Path) -> None:
    async with TestServer(database=tmp_path / "p.db") as server:
        await define(server.platform, "w", KEPT)
        await start(server.platform, "w")
        (task,) = await take(server.platform, "a")
        await server.platform.executor.handle(done(task, x=1))
    async with TestServer(database=tmp_path / "p.db") as server:
        workflow_id = await start(server.platform, "w")
        run = await server.platform.executor.read(workflow_id)
        assert (run.workflow.status, run.workflow.output.value) == (WorkflowStatus.COMPLETED, {"x": 1})


async def test_time_ends_it(platform: Platform, server: TestServer) -> None:
    await define(platform, "w", KEPT)
    await start(platform, "w")
    (task,) = await take(platform, "a")
    await platform.executor.handle(done(task))
    await server.advance(59_999)
    assert await status(platform, await start(platform, "w")) is WorkflowStatus.COMPLETED
    await server.advance(1)
    assert await status(platform, await start(platform, "w")) is WorkflowStatus.RUNNING
