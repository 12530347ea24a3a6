"""Mock runs: workflows in memory, whose tasks come to what the test says."""

from __future__ import annotations

from typing import Any, cast

import pytest

from podium.clock import SystemClock
from podium.engine.evaluators import ScriptCall, ScriptOutcome
from podium.engine.run import Run
from podium.errors import NotFound
from podium.model.body import WorkflowTestRequest
from podium.model.shape import shape
from podium.model.status import TaskStatus, WorkflowStatus
from podium.runtime.mock_run import Setting, mock_run
from podium.runtime.polls import Polls
from podium.runtime.registry import Registry
from podium.runtime.starts import Origin, Starts
from podium.store.store import Store

NOW = 1_700_000_000_000
HOUR_MS = 3_600_000


class NoSandbox:
    """No script of these tests needs more time."""

    async def run(self, call: ScriptCall) -> ScriptOutcome:
        raise AssertionError(call)


def worker(ref: str) -> dict[str, Any]:
    return {"name": "t", "taskReferenceName": ref, "type": "SIMPLE"}


async def outcome(*tasks: dict[str, Any], **test: object) -> Run:
    """The mock run of an inline definition with these tasks."""
    clock = SystemClock()
    nothing_stored = cast("Store", None)  # an inline definition needs no store
    registry = Registry(nothing_stored, clock, Polls(clock))
    request: Any = {"name": "w", "workflowDef": {"name": "w", "version": 1, "tasks": list(tasks)}, **test}
    setting = Setting(registry=registry, starts=Starts(registry, nothing_stored, clock), sandbox=NoSandbox(), now=NOW)
    return await mock_run(setting, shape(request, WorkflowTestRequest), Origin())


def tasks_of(run: Run) -> list[tuple[str, TaskStatus]]:
    return [(task.ref, task.status) for task in run.listed()]


async def test_each_task_comes_to_its_mock() -> None:
    run = await outcome(worker("a"), worker("b"), taskRefToMockOutput={"a": [{"output": {"x": 1}}], "b": [{"output": {"y": 2}}]})
    assert run.workflow.status is WorkflowStatus.COMPLETED
    assert run.workflow.output.value == {"y": 2}


async def test_a_task_without_a_mock_stays_and_so_does_the_run() -> None:
    run = await outcome(worker("a"), worker("b"), taskRefToMockOutput={"a": [{}]})
    assert run.workflow.status is WorkflowStatus.RUNNING
    assert tasks_of(run) == [("a", TaskStatus.COMPLETED), ("b", TaskStatus.SCHEDULED)]


async def test_each_attempt_takes_the_next_mock_without_waiting_for_the_delay() -> None:
    run = await outcome(worker("a"), taskRefToMockOutput={"a": [{"status": "FAILED"}, {"output": {"x": 1}}]})
    assert run.workflow.status is WorkflowStatus.COMPLETED
    assert tasks_of(run) == [("a", TaskStatus.FAILED), ("a", TaskStatus.COMPLETED)]


async def test_each_iteration_takes_the_next_mock() -> None:
    condition = "$.loop['iteration'] < 3"
    loop = {"name": "loop", "taskReferenceName": "loop", "type": "DO_WHILE", "loopCondition": condition, "loopOver": [worker("a")]}
    run = await outcome(loop, taskRefToMockOutput={"a": [{"output": {"x": number}} for number in (1, 2, 3)]})
    assert run.workflow.output.value == {"x": 3}
    assert [ref for ref, _ in tasks_of(run)] == ["loop", "a__1", "a__2", "a__3"]


async def test_time_jumps_over_a_wait_and_passes_while_a_mock_works() -> None:
    wait = {"name": "wait", "taskReferenceName": "wait", "type": "WAIT", "inputParameters": {"duration": "1 hours"}}
    run = await outcome(wait, worker("a"), taskRefToMockOutput={"a": [{"queueWaitTime": 20, "executionTime": 500}]})
    _, done = run.listed()
    assert (done.start_time, done.end_time) == (NOW + HOUR_MS + 20, NOW + HOUR_MS + 520)
    assert run.workflow.end_time == done.end_time


@pytest.mark.parametrize("kind", ["HUMAN", "HTTP", "WAIT"])
async def test_tasks_of_the_server_take_mocks_too(kind: str) -> None:
    given = {"uri": "http://localhost", "method": "GET"} if kind == "HTTP" else {}
    task = {"name": "s", "taskReferenceName": "s", "type": kind, "inputParameters": given}
    run = await outcome(task, taskRefToMockOutput={"s": [{"output": {"x": 1}}]})
    assert (run.workflow.status, run.workflow.output.value) == (WorkflowStatus.COMPLETED, {"x": 1})


def child(ref: str, *tasks: dict[str, Any]) -> dict[str, Any]:
    definition = {"name": "c", "version": 1, "tasks": list(tasks)}
    parameters = {"name": "c", "version": 1, "workflowDefinition": definition}
    return {"name": ref, "taskReferenceName": ref, "type": "SUB_WORKFLOW", "subWorkflowParam": parameters}


async def test_a_sub_workflow_runs_with_the_mocks_of_its_own_test() -> None:
    test = {"name": "c", "taskRefToMockOutput": {"x": [{"output": {"k": 9}}]}}
    run = await outcome(child("s", worker("x")), subWorkflowTestRequest={"s": test})
    assert run.workflow.status is WorkflowStatus.COMPLETED
    assert run.listed()[0].output.value["k"] == 9


async def test_a_sub_workflow_that_fails_fails_its_parent() -> None:
    test = {"name": "c", "taskRefToMockOutput": {"x": [{"status": "FAILED_WITH_TERMINAL_ERROR"}]}}
    run = await outcome(child("s", worker("x")), subWorkflowTestRequest={"s": test})
    assert run.workflow.status is WorkflowStatus.FAILED


async def test_a_sub_workflow_with_a_mock_is_not_run() -> None:
    run = await outcome(child("s", worker("x")), taskRefToMockOutput={"s": [{"output": {"k": 8}}]})
    assert run.workflow.output.value == {"k": 8}


async def test_an_unknown_definition_is_not_found() -> None:
    with pytest.raises(NotFound):
        await outcome(workflowDef=None)
