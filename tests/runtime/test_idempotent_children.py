"""Idempotency keys of SUB_WORKFLOW and START_WORKFLOW tasks (spec/engine.md §2.4)."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from podium.engine.ids import child_id
from podium.model.body import StartWorkflowRequest
from podium.model.command import RetryWorkflow, TerminateWorkflow
from podium.model.definition import SubWorkflowParams, TaskDef, WorkflowTask
from podium.model.search import Search
from podium.model.status import TaskStatus, WorkflowStatus
from podium.model.task import Task
from podium.runtime.platform import Platform
from podium.testing.server import TestServer
from tests.runtime.world import define, done, open_task, simple, start

NO_RETRY = TaskDef(name="s", retry_count=0)


async def prepared(platform: Platform, strategy: str | None = "RETURN_EXISTING", key: str | None = "k") -> None:
    param = SubWorkflowParams(name="inner", version=1, idempotency_key=key, idempotency_strategy=strategy)
    child = WorkflowTask(name="s", task_reference_name="s", type="SUB_WORKFLOW", sub_workflow_param=param, task_definition=NO_RETRY)
    await define(platform, "inner", simple("a"), output_parameters={"answer": "${a.output.answer}"})
    await define(platform, "outer", [child])


async def sub(server: TestServer, workflow_id: str) -> Task:
    await server.settle()
    return (await server.platform.executor.read(workflow_id)).listed()[0]


async def parents(server: TestServer, count: int) -> tuple[list[str], list[Task]]:
    """Parents that start one after the other, and their tasks as they are after that."""
    ids = []
    for _ in range(count):
        ids.append(await start(server.platform, "outer"))
        await server.settle()
    return ids, [await sub(server, workflow_id) for workflow_id in ids]


async def finish(platform: Platform, workflow_id: str, answer: int = 0) -> None:
    await platform.executor.handle(done(await open_task(platform, workflow_id, "a"), answer=answer))


async def test_the_second_parent_waits_for_the_child_of_the_first(server: TestServer, platform: Platform) -> None:
    await prepared(platform)
    ids, (first, second) = await parents(server, 2)
    assert first.sub_workflow_id == second.sub_workflow_id == child_id(ids[0], first.task_id, 0)
    assert second.status is TaskStatus.IN_PROGRESS
    await finish(platform, first.sub_workflow_id or "", answer=42)
    for workflow_id in ids:
        task = await sub(server, workflow_id)
        assert (task.status, task.output.value) == (TaskStatus.COMPLETED, {"subWorkflowId": first.sub_workflow_id, "answer": 42})


async def test_a_child_that_has_ended_is_taken_over_at_once(server: TestServer, platform: Platform) -> None:
    await prepared(platform)
    _, (first,) = await parents(server, 1)
    await finish(platform, first.sub_workflow_id or "", answer=1)
    _, (second,) = await parents(server, 1)
    assert (second.status, second.output.value["answer"]) == (TaskStatus.COMPLETED, 1)


async def test_an_execution_that_a_client_has_started_counts_too(server: TestServer, platform: Platform) -> None:
    await prepared(platform)
    own = await platform.executor.start(StartWorkflowRequest(name="inner", idempotency_key="k"), "tester")
    _, (task,) = await parents(server, 1)
    assert task.sub_workflow_id == own
    await platform.executor.handle(TerminateWorkflow(workflow_id=own, reason="enough"))
    assert (await sub(server, task.workflow_id)).status is TaskStatus.CANCELED


async def test_a_parent_that_ends_leaves_alone_what_it_did_not_start(server: TestServer, platform: Platform) -> None:
    await prepared(platform)
    ids, (first, _) = await parents(server, 2)
    await platform.executor.handle(TerminateWorkflow(workflow_id=ids[1]))
    await server.settle()
    shared = (await platform.executor.read(first.sub_workflow_id or "")).workflow
    assert shared.status is WorkflowStatus.RUNNING
    await platform.executor.handle(TerminateWorkflow(workflow_id=ids[0]))
    await server.settle()
    assert (await platform.executor.read(first.sub_workflow_id or "")).workflow.status is WorkflowStatus.TERMINATED


@pytest.mark.parametrize("strategy", ["FAIL", None, "WHIM"])
async def test_a_used_key_fails_the_task(server: TestServer, platform: Platform, strategy: str | None) -> None:
    await prepared(platform, strategy)
    _, (_, second) = await parents(server, 2)
    assert second.status is TaskStatus.FAILED
    assert second.reason == "Workflow inner was already started with the idempotency key k"


async def test_a_key_may_be_refused_only_while_its_execution_runs(server: TestServer, platform: Platform) -> None:
    await prepared(platform, "FAIL_ON_RUNNING")
    _, (first, second) = await parents(server, 2)
    assert second.status is TaskStatus.FAILED
    await finish(platform, first.sub_workflow_id or "")
    _, (third,) = await parents(server, 1)
    assert third.status is TaskStatus.IN_PROGRESS
    assert third.sub_workflow_id != first.sub_workflow_id


async def test_a_strategy_without_a_key_takes_the_key_of_the_parent(server: TestServer, platform: Platform) -> None:
    await prepared(platform, key=None)
    ids = [
        await platform.executor.start(StartWorkflowRequest(name="outer", idempotency_key=key, input={"n": key}), "tester") for key in "ab"
    ]
    children = [(await sub(server, workflow_id)).sub_workflow_id or "" for workflow_id in ids]
    assert [(await platform.executor.read(one)).workflow.idempotency_key for one in children] == ["a", "b"]
    _, (without,) = await parents(server, 1)
    assert (await platform.executor.read(without.sub_workflow_id or "")).workflow.idempotency_key is None


async def test_100_concurrent_parents_with_one_key_have_one_child(server: TestServer, platform: Platform) -> None:
    await prepared(platform)
    ids = await asyncio.gather(*(start(platform, "outer") for _ in range(100)))
    children = {(await sub(server, workflow_id)).sub_workflow_id for workflow_id in ids}
    assert len(children) == 1
    await finish(platform, children.pop() or "")
    assert {(await sub(server, workflow_id)).status for workflow_id in ids} == {TaskStatus.COMPLETED}


async def test_a_shared_child_that_is_retried_tells_again_only_who_started_it(server: TestServer, platform: Platform) -> None:
    await prepared(platform)
    await platform.registry.put_task_definitions([TaskDef(name="a", retry_count=0)], "tester")
    ids, (first, _) = await parents(server, 2)
    await platform.executor.handle(done(await open_task(platform, first.sub_workflow_id or "", "a"), TaskStatus.FAILED))
    assert [(await sub(server, workflow_id)).status for workflow_id in ids] == [TaskStatus.FAILED] * 2
    await platform.executor.handle(RetryWorkflow(workflow_id=first.sub_workflow_id or ""))
    assert [(await sub(server, workflow_id)).status for workflow_id in ids] == [TaskStatus.IN_PROGRESS, TaskStatus.FAILED]


# START_WORKFLOW


async def other(server: TestServer, strategy: str) -> Task:
    request: dict[str, Any] = {"name": "inner", "input": {}, "idempotencyKey": "k", "idempotencyStrategy": strategy}
    starting = WorkflowTask(
        name="s",
        task_reference_name="s",
        type="START_WORKFLOW",
        input_parameters={"startWorkflow": request},
        task_definition=NO_RETRY,
    )
    await define(server.platform, "outer", [starting])
    return await sub(server, await start(server.platform, "outer"))


async def test_start_workflow_returns_the_existing_execution(server: TestServer, platform: Platform) -> None:
    await define(platform, "inner", simple("a"))
    tasks = [await other(server, "RETURN_EXISTING") for _ in range(3)]
    assert len({task.output.value["workflowId"] for task in tasks}) == 1
    assert (await platform.store.search_workflows(Search())).total == 4


async def test_start_workflow_fails_when_the_key_is_used(server: TestServer, platform: Platform) -> None:
    await define(platform, "inner", simple("a"))
    first, second = await other(server, "FAIL"), await other(server, "FAIL_ON_RUNNING")
    assert (first.status, second.status) == (TaskStatus.COMPLETED, TaskStatus.FAILED)


async def test_start_workflow_with_an_unknown_strategy_fails(server: TestServer, platform: Platform) -> None:
    await define(platform, "inner", simple("a"))
    task = await other(server, "WHIM")
    assert task.status is TaskStatus.FAILED
    assert (task.reason or "").startswith("Error reading StartWorkflowRequest.")
