"""Workload: the workflows that a simulation runs: every kind of branch, wait, retry and child, small enough to run thousands of times."""

from __future__ import annotations

from typing import Any, Final

import msgspec

from podium.model.body import StartWorkflowRequest
from podium.model.definition import TaskDef, WorkflowDef
from podium.model.json import JsonObject
from podium.model.schedule import WorkflowSchedule
from podium.testing.clock import START

QUEUES: Final = ("red", "green", "blue")
POLICY: Final[JsonObject] = {
    "retryCount": 4,
    "retryDelaySeconds": 1,
    "responseTimeoutSeconds": 4,
    "timeoutSeconds": 30,
    "timeoutPolicy": "RETRY",
}


TICK: Final = "tick"  # what schedules start
TICK_MS: Final = 5_000  # between two instants
FIRST_TICK, LAST_TICK = START + 15_000, START + 45_000
CAUGHT_UP: Final = ("left", "right")  # schedules that must not miss an instant
PUNCTUAL: Final = "punctual"  # one that may


def _task(ref: str, type_: str = "SIMPLE", **fields: Any) -> JsonObject:
    return {"name": fields.pop("name", ref), "taskReferenceName": ref, "type": type_, **fields}


def _work(ref: str, queue: str, **fields: Any) -> JsonObject:
    return _task(ref, name=queue, inputParameters={"n": "${workflow.input.n}", "ref": ref}, **fields)


def _fork(ref: str, *branches: list[Any]) -> list[JsonObject]:
    last = [branch[-1]["taskReferenceName"] for branch in branches]
    return [_task(ref, "FORK_JOIN", forkTasks=list(branches)), _task(f"{ref}_join", "JOIN", joinOn=last)]


def _child(ref: str, name: str, **fields: Any) -> JsonObject:
    return _task(ref, "SUB_WORKFLOW", subWorkflowParam={"name": name, "version": 1}, inputParameters={"n": "${workflow.input.n}"}, **fields)


def _loop(ref: str, times: int, *body: JsonObject) -> JsonObject:
    return _task(ref, "DO_WHILE", loopCondition=f"$.{ref}['iteration'] < {times}", loopOver=list(body))


_WORKFLOWS: Final[dict[str, list[JsonObject]]] = {
    "line": [_work("a", "red"), _work("b", "green"), _work("c", "blue")],
    "fork": [*_fork("f", [_work("a", "red"), _work("b", "green")], [_work("c", "blue")], [_work("d", "red")]), _work("e", "green")],
    "loop": [_loop("l", 3, _work("a", "red"), _work("b", "blue")), _work("c", "green")],
    "family": [_work("a", "red"), _child("kid", "line"), *_fork("f", [_child("left", "loop")], [_work("b", "blue")])],
    "waits": [_work("a", "red"), _task("w", "WAIT", inputParameters={"duration": "3 seconds"}), _work("b", "green")],
    "choice": [
        _task(
            "s",
            "SWITCH",
            evaluatorType="value-param",
            expression="on",
            inputParameters={"on": "${workflow.input.n}"},
            decisionCases={"0": [_work("a", "red")], "1": [_work("b", "green"), _child("kid", "line")]},
            defaultCase=[_task("v", "SET_VARIABLE", inputParameters={"x": 1}), _work("c", "blue")],
        ),
        _work("d", "green", optional=True),
    ],
    "dynamic": [
        _task("plan", "INLINE", inputParameters={"evaluatorType": "value-param", "expression": "n", "n": "${workflow.input.branches}"}),
        _task(
            "many",
            "FORK_JOIN_DYNAMIC",
            dynamicForkTasksParam="tasks",
            dynamicForkTasksInputParamName="inputs",
            inputParameters={"tasks": "${plan.output.result}", "inputs": {}},
        ),
        _task("gathered", "JOIN"),
        _work("a", "red"),
    ],
    "fragile": [
        _work("a", "red"),
        _task("t", "TERMINATE", inputParameters={"terminationStatus": "FAILED", "terminationReason": "as planned"}),
    ],
    "rescue": [_work("a", "blue")],
}


def task_definitions() -> list[TaskDef]:
    """One for each queue: quick retries, short leases."""
    return [msgspec.convert({"name": queue, **POLICY}, TaskDef) for queue in QUEUES]


def workflow_definitions() -> list[WorkflowDef]:
    """All workflows; each in its version 1."""
    made = []
    for name, tasks in _WORKFLOWS.items():
        fields: JsonObject = {"failureWorkflow": "rescue"} if name == "fragile" else {}
        made.append(msgspec.convert({"name": name, "version": 1, "tasks": tasks, **fields}, WorkflowDef))
    return [*made, msgspec.convert({"name": TICK, "version": 1, "tasks": [_task("t", "NOOP")]}, WorkflowDef)]


def schedules() -> list[WorkflowSchedule]:
    """What is due, for a while, each few seconds."""
    return [
        WorkflowSchedule(
            name=name,
            cron_expression=f"0/{TICK_MS // 1000} * * * * *",
            schedule_start_time=FIRST_TICK,
            schedule_end_time=LAST_TICK,
            run_catchup_schedule_instances=name in CAUGHT_UP,
            start_workflow_request=StartWorkflowRequest(name=TICK, version=1),
        )
        for name in (*CAUGHT_UP, PUNCTUAL)
    ]


def names() -> list[str]:
    """What clients start."""
    return list(_WORKFLOWS)


def input_of(number: int) -> JsonObject:
    """The input of the n-th start."""
    branches: list[Any] = [_task(f"branch{at}", name=QUEUES[at % 3]) for at in range(number % 4)]
    return {"n": number % 3, "branches": branches}
