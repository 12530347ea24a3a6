"""How tasks and workflows look on the wire."""

from __future__ import annotations

from typing import Any, cast

import msgspec
import pytest
from msgspec.structs import replace

from podium.api.view import encode_view, execution_json, queue_wait_time, status_json, sub_workflow_id, task_view, workflow_view
from podium.api.view_polled import polled_view
from podium.api.view_signal import ReturnStrategy, Waited, task_form, workflow_form
from podium.api.view_summary import iso_time, task_summary, workflow_summary
from podium.clock import SystemClock
from podium.engine.decide import decide
from podium.engine.graph import compile_definition
from podium.engine.run import Run
from podium.model.command import StartWorkflow
from podium.model.definition import WorkflowDef
from podium.model.payload import Payload
from podium.model.shape import shape
from podium.model.status import TaskStatus, WorkflowStatus
from podium.model.task import Task
from podium.runtime.polls import Polls
from podium.runtime.registry import Registry
from podium.runtime.secrets import Secrets
from podium.store.store import Store

NOW = 1_700_000_000_000
DEFINITION = {"name": "t", "retryCount": 0, "runtimeMetadata": ["KEY", "REGION", "NOWHERE"]}
NODE = {"name": "t", "taskReferenceName": "a", "inputParameters": {"x": "${workflow.input.x}", "none": None}, "taskDefinition": DEFINITION}


def started(*nodes: dict[str, Any], **start: Any) -> Run:
    """A run of these nodes, just started with the input {"x": 1}."""
    definition = shape({"name": "w", "version": 3, "tasks": list(nodes)}, WorkflowDef)
    clock = SystemClock()
    registry = Registry(cast("Store", None), clock, Polls(clock))  # nothing is read from a store
    command = StartWorkflow(workflow_id="w1", definition=definition, definition_hash="h", input={"x": 1}, **start)
    run = Run.unborn(command, compile_definition(definition, "h"), registry, NOW)
    decision = decide(run, [command], NOW).decision
    assert decision is not None
    run.apply(decision)
    return run


def only_task(run: Run) -> Task:
    return run.listed()[0]


def wire(view: object) -> Any:
    return msgspec.json.decode(encode_view(view))


ALWAYS = {
    "taskType", "status", "inputData", "referenceTaskName", "retryCount", "seq", "pollCount", "taskDefName", "scheduledTime", "startTime",
    "endTime", "updateTime", "startDelayInSeconds", "retried", "executed", "callbackFromWorker", "responseTimeoutSeconds",
    "workflowInstanceId", "workflowType", "taskId", "callbackAfterSeconds", "outputData", "workflowTask", "rateLimitPerFrequency",
    "rateLimitFrequencyInSeconds", "workflowPriority", "iteration", "subworkflowChanged", "firstStartTime", "executionMetadata",
    "loopOverTask", "taskDefinition", "queueWaitTime",
}  # fmt: skip


def test_a_task_has_its_fields_and_no_null_but_the_missing_definition() -> None:
    run = started({"name": "t", "taskReferenceName": "a"})
    found = wire(task_view(run, only_task(run)))
    assert set(found) == ALWAYS
    assert found["taskDefinition"] is None
    assert found["executionMetadata"] == {"additionalContext": {}}


def test_a_task_shows_its_node_with_the_task_definition_filled_in_and_payloads_as_they_are() -> None:
    run = started(NODE)
    found = wire(task_view(run, only_task(run)))
    assert found["inputData"] == {"x": 1, "none": None}
    assert found["workflowTask"]["inputParameters"] == NODE["inputParameters"]
    assert found["workflowTask"]["taskDefinition"] == found["taskDefinition"]
    assert found["taskDefinition"]["retryCount"] == 0
    assert (found["workflowInstanceId"], found["workflowType"]) == ("w1", "w")


def test_optional_fields_of_a_task_show_when_they_are_set() -> None:
    run = started(NODE)
    task = replace(only_task(run), reason="r", worker_id="me", domain="d", correlation_id="c", iteration=2, sub_workflow_id="s")
    found = wire(task_view(run, task))
    assert (found["reasonForIncompletion"], found["workerId"], found["domain"]) == ("r", "me", "d")
    assert (found["correlationId"], found["loopOverTask"], found["subWorkflowId"]) == ("c", True, "s")


@pytest.mark.parametrize(
    ("own", "output", "given", "shown"),
    [
        ("s", {"subWorkflowId": "o"}, {}, "s"),
        (None, {"subWorkflowId": "o"}, {"subWorkflowId": "i"}, "o"),
        (None, {}, {"subWorkflowId": "i"}, "i"),
        (None, {"subWorkflowId": 5}, {}, None),
        (None, {}, {}, None),
    ],
)
def test_the_child_of_a_task_is_its_own_else_in_its_output_else_in_its_input(
    own: str | None, output: dict[str, Any], given: dict[str, Any], shown: str | None
) -> None:
    task = replace(only_task(started(NODE)), sub_workflow_id=own, output=Payload.of(output), input=Payload.of(given))
    assert sub_workflow_id(task) == shown


@pytest.mark.parametrize(
    ("scheduled", "start", "callback", "waited"), [(0, 0, 0, 0), (5, 0, 0, 0), (5, 9, 0, 4), (5, 2005, 1, 1000), (9, 5, 0, 0)]
)
def test_queue_wait_time_is_from_scheduling_to_start(scheduled: int, start: int, callback: int, waited: int) -> None:
    task = replace(only_task(started(NODE)), scheduled_time=scheduled, start_time=start, callback_after_seconds=callback)
    assert queue_wait_time(task) == waited


def test_a_polled_task_carries_secrets_in_its_copy_alone() -> None:
    run = started({**NODE, "inputParameters": {"p": "${workflow.secrets.KEY}"}})
    known = Secrets(secret={"KEY": "s3"}.get, environment={"REGION": "eu"}.get)
    found = wire(polled_view(run, only_task(run), known))
    assert found["inputData"] == {"p": "s3"}
    assert found["runtimeMetadata"] == {"KEY": "s3", "REGION": "eu"}
    shown = wire(task_view(run, only_task(run)))
    assert shown["inputData"] == {"p": "${workflow.secrets.KEY}"}
    assert "runtimeMetadata" not in shown


def test_a_workflow_shows_its_definition_times_and_empties() -> None:
    found = wire(workflow_view(started(NODE, correlation_id="c", priority=5), include_tasks=False))
    assert (found["workflowName"], found["workflowVersion"], found["correlationId"], found["priority"]) == ("w", 3, "c", 5)
    assert found["startTime"] == found["createTime"] == NOW
    assert (found["tasks"], found["history"], found["output"], found["failedTaskNames"]) == ([], [], {}, [])
    assert (found["endTime"], found["lastRetriedTime"], found["rateLimited"]) == (0, 0, False)
    assert found["workflowDefinition"]["tasks"][0]["taskDefinition"]["name"] == "t"
    assert None not in found.values()


def test_a_whole_execution_is_plain_json_with_its_tasks() -> None:
    found = execution_json(started(NODE))
    assert [task["referenceTaskName"] for task in msgspec.convert(found["tasks"], list[dict[str, Any]])] == ["a"]


def test_a_status_has_output_and_variables_on_demand() -> None:
    run = started(NODE, correlation_id="c")
    plain = msgspec.json.decode(status_json(run, include_output=False, include_variables=False))
    assert plain == {"workflowId": "w1", "correlationId": "c", "status": "RUNNING"}
    full = msgspec.json.decode(status_json(run, include_output=True, include_variables=True))
    assert (full["output"], full["variables"]) == ({}, {})


@pytest.mark.parametrize(
    ("when", "text"), [(0, "1970-01-01T00:00:00.000Z"), (NOW, "2023-11-14T22:13:20.000Z"), (NOW + 7, "2023-11-14T22:13:20.007Z")]
)
def test_times_of_summaries_are_iso_texts_in_utc(when: int, text: str) -> None:
    assert iso_time(when) == text


def test_a_workflow_in_short_has_its_payloads_as_text() -> None:
    workflow = replace(started(NODE).workflow, failed_refs=("a", "b"))
    found = wire(workflow_summary(workflow))
    assert (found["input"], found["inputSize"], found["output"]) == ('{"x":1}', 7, "{}")
    assert (found["failedReferenceTaskNames"], found["parentWorkflowId"], found["classifier"]) == ("a,b", "", "workflow")
    assert "endTime" not in found
    ended = wire(workflow_summary(replace(workflow, status=WorkflowStatus.COMPLETED, end_time=NOW + 5)))
    assert (ended["endTime"], ended["executionTime"]) == ("2023-11-14T22:13:20.005Z", 5)


def test_a_task_in_short_that_never_started_took_no_time() -> None:
    run = started(NODE)
    found = wire(task_summary(run.workflow, replace(only_task(run), end_time=NOW, status=TaskStatus.COMPLETED)))
    assert (found["workflowType"], found["startTime"], found["executionTime"]) == ("w", "1970-01-01T00:00:00.000Z", 0)


WAITED = Waited(strategy=ReturnStrategy.BLOCKING_TASK, request_id="q", timed_out=True, target_id="w0", target_status=WorkflowStatus.RUNNING)


def test_the_form_of_a_workflow_names_the_target_and_lists_the_tasks() -> None:
    found = wire(workflow_form(WAITED, started(NODE)))
    assert (found["responseType"], found["requestId"], found["signalTimeout"]) == ("BLOCKING_TASK", "q", True)
    assert (found["targetWorkflowId"], found["targetWorkflowStatus"], found["workflowId"]) == ("w0", "RUNNING", "w1")
    assert [task["referenceTaskName"] for task in found["tasks"]] == ["a"]
    assert found["createTime"] == NOW
    assert found["updateTime"] >= NOW


def test_the_form_of_a_task_has_no_tasks_and_times_from_its_scheduling_on() -> None:
    run = started(NODE)
    found = wire(task_form(WAITED, run, only_task(run)))
    assert (found["referenceTaskName"], found["taskDefName"], found["workflowType"], found["status"]) == ("a", "t", "w", "SCHEDULED")
    assert (found["input"], found["output"]) == ({"x": 1, "none": None}, {})
    assert found["createTime"] > 0
    assert "tasks" not in found
