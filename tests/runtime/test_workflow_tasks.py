"""Tasks that look at or change other workflows: GET_WORKFLOW, TERMINATE_WORKFLOW, UPDATE_TASK, YIELD (spec/tasks.md §3.15-17, §4.12)."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from podium.model.definition import WorkflowTask
from podium.model.status import TaskStatus, WorkflowStatus
from podium.model.task import Task
from podium.runtime.platform import Platform
from podium.runtime.system.finished import Finished
from podium.runtime.system.update_task import UpdateTaskTask
from podium.runtime.waiting import settle
from podium.testing.server import TestServer
from tests.runtime.world import TestStore, define, open_task, simple, start


async def outcome(server: TestServer, kind: str, parameters: dict[str, Any]) -> Task:
    """What comes of one task of a type."""
    await define(server.platform, "one", [WorkflowTask(name="t", task_reference_name="t", type=kind, input_parameters=parameters)])
    workflow_id = await start(server.platform, "one")
    await server.settle()
    (task,) = (await server.platform.executor.read(workflow_id)).listed()
    return task


async def other(server: TestServer, **fields: Any) -> str:
    """A workflow that waits for a worker of `a`."""
    await define(server.platform, "other", simple("a"), **fields)
    workflow_id = await start(server.platform, "other", {"k": 1})
    await server.settle()
    return workflow_id


async def status(platform: Platform, workflow_id: str) -> WorkflowStatus:
    return (await platform.executor.read(workflow_id)).workflow.status


async def test_get_workflow_gives_the_execution(server: TestServer) -> None:
    workflow_id = await other(server)
    task = await outcome(server, "GET_WORKFLOW", {"id": workflow_id})
    assert task.status is TaskStatus.COMPLETED
    found = task.output.value
    assert (found["workflowId"], found["status"], found["input"]) == (workflow_id, "RUNNING", {"k": 1})
    assert not found.get("tasks")


async def test_get_workflow_gives_the_tasks_when_they_are_asked_for(server: TestServer) -> None:
    task = await outcome(server, "GET_WORKFLOW", {"id": await other(server), "includeTasks": True})
    tasks = task.output.value["tasks"]
    assert isinstance(tasks, list)
    assert len(tasks) == 1


@pytest.mark.parametrize("parameters", [{}, {"id": None}, {"id": " "}, {"id": 5}, {"id": "none"}])
async def test_get_workflow_of_nothing_fails(server: TestServer, parameters: dict[str, Any]) -> None:
    task = await outcome(server, "GET_WORKFLOW", parameters)
    assert (task.status, bool(task.reason)) == (TaskStatus.FAILED, True)


async def test_an_execution_that_is_too_large_for_an_output_fails_the_task(store: TestStore) -> None:
    async with TestServer(store=store, payload_max_kb=1) as server:
        await define(server.platform, "other", simple("a"))
        workflow_id = await start(server.platform, "other", {"k": "x" * 2_000})
        task = await outcome(server, "GET_WORKFLOW", {"id": workflow_id})
    assert task.status is TaskStatus.FAILED
    assert "an output at most 1024" in (task.reason or "")


async def test_terminate_workflow_ends_those_that_run(server: TestServer) -> None:
    first, second = await other(server), await other(server)
    parameters = {"workflowId": [first, "none", second, first], "terminationReason": "enough"}
    task = await outcome(server, "TERMINATE_WORKFLOW", parameters)
    assert task.output.value == {"terminatedWorkflows": [first, second]}
    assert await status(server.platform, second) is WorkflowStatus.TERMINATED
    assert (await server.platform.executor.read(first)).workflow.reason == "enough"
    again = await outcome(server, "TERMINATE_WORKFLOW", {"workflowId": first})
    assert (again.status, again.output.value) == (TaskStatus.COMPLETED, {"terminatedWorkflows": []})


async def test_terminate_workflow_starts_the_failure_workflow_when_asked(server: TestServer) -> None:
    await define(server.platform, "rescue", simple("r"))
    workflow_id = await other(server, failure_workflow="rescue")
    await outcome(server, "TERMINATE_WORKFLOW", {"workflowId": workflow_id, "triggerFailureWorkflow": True})
    assert "conductor.failure_workflow" in (await server.platform.executor.read(workflow_id)).workflow.output.value


@pytest.mark.parametrize("given", [None, [], [1], "", {}, ["x"] * 1_001])
async def test_terminate_workflow_without_ids_fails(server: TestServer, given: Any) -> None:
    assert (await outcome(server, "TERMINATE_WORKFLOW", {"workflowId": given})).status is TaskStatus.FAILED


async def test_a_workflow_may_terminate_itself(server: TestServer) -> None:
    task = await outcome(server, "TERMINATE_WORKFLOW", {"workflowId": "${workflow.workflowId}"})
    assert task.status is TaskStatus.CANCELED
    assert await status(server.platform, task.workflow_id) is WorkflowStatus.TERMINATED


async def test_update_task_by_reference_name(server: TestServer) -> None:
    workflow_id = await other(server)
    target = await open_task(server.platform, workflow_id, "a")
    parameters = {"workflowId": workflow_id, "taskRefName": "a", "taskStatus": "COMPLETED", "taskOutput": {"v": 1}}
    task = await outcome(server, "UPDATE_TASK", parameters)
    assert task.output.value == {"updatedTaskId": target.task_id, "taskOutput": {"v": 1}}
    assert await status(server.platform, workflow_id) is WorkflowStatus.COMPLETED


async def test_update_task_by_id_alone(server: TestServer) -> None:
    workflow_id = await other(server)
    target = await open_task(server.platform, workflow_id, "a")
    await outcome(server, "UPDATE_TASK", {"taskId": target.task_id, "taskStatus": "FAILED_WITH_TERMINAL_ERROR"})
    assert await status(server.platform, workflow_id) is WorkflowStatus.FAILED


@pytest.mark.parametrize(("merge", "output"), [(True, {"a": 1, "b": 3}), (False, {"b": 3})])
async def test_an_update_replaces_or_merges(server: TestServer, merge: bool, output: dict[str, int]) -> None:
    await define(server.platform, "other", [WorkflowTask(name="h", task_reference_name="h", type="HUMAN")])
    workflow_id = await start(server.platform, "other")
    task = await open_task(server.platform, workflow_id, "h")
    from podium.model.command import UpdateTaskByRef

    begun = UpdateTaskByRef(workflow_id=workflow_id, ref="h", status=TaskStatus.IN_PROGRESS, output={"a": 1, "b": 2})
    await server.platform.executor.handle(begun)
    given = {"taskId": task.task_id, "taskStatus": "COMPLETED", "taskOutput": {"b": 3}, "mergeOutput": merge}
    await outcome(server, "UPDATE_TASK", given)
    assert (await server.platform.executor.read(workflow_id)).listed()[0].output.value == output


@pytest.mark.parametrize(
    "parameters",
    [
        {"taskStatus": "COMPLETED"},
        {"taskStatus": "COMPLETED", "workflowId": "none", "taskRefName": "a"},
        {"taskStatus": "COMPLETED", "taskId": "none"},
        {"taskStatus": "COMPLETED", "taskId": "none", "workflowId": "none"},
        {"taskStatus": "DONE", "workflowId": "{other}", "taskRefName": "a"},
        {"workflowId": "{other}", "taskRefName": "a"},
        {"taskStatus": "COMPLETED", "workflowId": "{other}", "taskRefName": "b"},
        {"taskStatus": "COMPLETED", "workflowId": "{other}", "taskRefName": "a", "taskOutput": [1]},
    ],
)
async def test_an_update_of_nothing_or_with_nonsense_fails(server: TestServer, parameters: dict[str, Any]) -> None:
    workflow_id = await other(server)
    given = {key: workflow_id if value == "{other}" else value for key, value in parameters.items()}
    task = await outcome(server, "UPDATE_TASK", given)
    assert (task.status, bool(task.reason)) == (TaskStatus.FAILED, True)
    assert await status(server.platform, workflow_id) is WorkflowStatus.RUNNING


async def test_a_task_that_is_over_cannot_be_updated_by_another_but_the_same_may_come_twice(server: TestServer) -> None:
    workflow_id = await other(server)
    given: dict[str, Any] = {"workflowId": workflow_id, "taskRefName": "a", "taskStatus": "COMPLETED"}
    first = await outcome(server, "UPDATE_TASK", given)
    assert first.status is TaskStatus.COMPLETED
    second = await outcome(server, "UPDATE_TASK", given)
    assert (second.status, second.reason is not None and "over already" in second.reason) == (TaskStatus.FAILED, True)
    again: Finished = await UpdateTaskTask(server.platform.executor, server.platform.store).run(given, first)
    assert again.status is TaskStatus.COMPLETED


async def test_a_yield_gives_control_back_and_ends_by_a_signal(server: TestServer) -> None:
    await define(server.platform, "w", [WorkflowTask(name="y", task_reference_name="y", type="YIELD", input_parameters={"ask": 1})])
    workflow_id = await start(server.platform, "w")
    settled = asyncio.ensure_future(settle(server.platform, workflow_id, frozenset(), 5_000))
    await server.settle()
    blocking = (await settled).blocking_task
    assert blocking is not None
    assert (blocking.ref, blocking.input.value) == ("y", {"ask": 1})
    answer = await server.client.post(f"/api/tasks/{workflow_id}/COMPLETED/signal", json={"said": "go"})
    assert answer.status_code == 200
    workflow = (await server.platform.executor.read(workflow_id)).workflow
    assert (workflow.status, workflow.output.value) == (WorkflowStatus.COMPLETED, {"said": "go"})
