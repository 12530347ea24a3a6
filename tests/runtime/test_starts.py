"""Starts: which definition a request means, and what an idempotency key does (spec/engine.md §2.2, §2.4)."""

from __future__ import annotations

import asyncio

import pytest

from podium.errors import Conflict, Invalid, NotFound
from podium.model.body import IdempotencyStrategy, StartWorkflowRequest
from podium.model.command import TerminateWorkflow
from podium.model.definition import WorkflowDef
from podium.model.search import Search
from podium.runtime.platform import Platform
from tests.runtime.world import define, simple, start


async def keyed(platform: Platform, strategy: IdempotencyStrategy | None, key: str = "k") -> str:
    request = StartWorkflowRequest(name="w", idempotency_key=key, idempotency_strategy=strategy)
    return await platform.executor.start(request, "tester")


async def test_without_a_version_the_latest_runs(platform: Platform) -> None:
    for version in (1, 3, 2):
        await platform.registry.put_workflow_definitions([WorkflowDef(name="w", version=version, tasks=simple("a"))], overwrite=False)
    workflow_id = await start(platform, "w")
    assert (await platform.executor.read(workflow_id)).workflow.version == 3


async def test_an_unknown_definition_is_not_found(platform: Platform) -> None:
    with pytest.raises(NotFound, match=r"No such workflow defined\. name=nope, version=None"):
        await start(platform, "nope")


async def test_null_is_no_input(platform: Platform) -> None:
    await define(platform, "w", simple("a"))
    with pytest.raises(Invalid, match="NULL input"):
        await platform.executor.start(StartWorkflowRequest(name="w", input=None), "tester")


async def test_an_inline_definition_need_not_be_registered(platform: Platform) -> None:
    inline = WorkflowDef(name="inline", version=5, tasks=simple("a"))
    workflow_id = await platform.executor.start(StartWorkflowRequest(name="x", workflow_def=inline), "tester")
    workflow = (await platform.executor.read(workflow_id)).workflow
    assert (workflow.name, workflow.version) == ("inline", 5)


async def test_a_definition_that_exists_is_not_overwritten_unless_wanted(platform: Platform) -> None:
    definition = WorkflowDef(name="w", version=1, tasks=simple("a"))
    await platform.registry.put_workflow_definitions([definition], overwrite=False)
    with pytest.raises(Conflict, match=r"Workflow with w\.1 already exists!"):
        await platform.registry.put_workflow_definitions([definition], overwrite=False)


async def test_the_same_key_returns_the_same_execution(platform: Platform) -> None:
    await define(platform, "w", simple("a"))
    ids = await asyncio.gather(*(keyed(platform, IdempotencyStrategy.RETURN_EXISTING) for _ in range(5)))
    assert len(set(ids)) == 1
    assert (await platform.store.search_workflows(Search())).total == 1


@pytest.mark.parametrize("strategy", [IdempotencyStrategy.FAIL, None])
async def test_a_used_key_is_refused(platform: Platform, strategy: IdempotencyStrategy | None) -> None:
    await define(platform, "w", simple("a"))
    await platform.executor.handle(TerminateWorkflow(workflow_id=await keyed(platform, strategy)))
    with pytest.raises(Conflict):
        await keyed(platform, strategy)
    assert await keyed(platform, strategy, "another")


async def test_a_key_may_be_refused_only_while_its_execution_runs(platform: Platform) -> None:
    await define(platform, "w", simple("a"))
    first = await keyed(platform, IdempotencyStrategy.FAIL_ON_RUNNING)
    with pytest.raises(Conflict):
        await keyed(platform, IdempotencyStrategy.FAIL_ON_RUNNING)
    await platform.executor.handle(TerminateWorkflow(workflow_id=first))
    assert await keyed(platform, IdempotencyStrategy.FAIL_ON_RUNNING) != first


async def test_a_star_in_a_key_is_a_star(platform: Platform) -> None:
    await define(platform, "w", simple("a"))
    first = await keyed(platform, IdempotencyStrategy.RETURN_EXISTING, "abc")
    assert await keyed(platform, IdempotencyStrategy.RETURN_EXISTING, "a*") != first
