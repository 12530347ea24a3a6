"""Comparing two answers: what a client can see of workflows and tasks, without what differs in every run."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Final

from tools.differential.running import Answer, Task, Workflow, attempt_name

WORKFLOW_FIELDS: Final = ("status", "input", "output", "variables", "reasonForIncompletion", "correlationId", "workflowName")
SORTED_FIELDS: Final = ("failedReferenceTaskNames", "failedTaskNames")
TASK_FIELDS: Final = (
    *("taskType", "taskDefName", "status", "inputData", "outputData", "iteration", "retried", "reasonForIncompletion"),
    *("loopOverTask", "subworkflowChanged", "startDelayInSeconds", "responseTimeoutSeconds", "correlationId"),
)
UUID: Final = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
MOMENT: Final = re.compile(r"\b1[78]\d{11}\b")
BETWEEN: Final = re.compile(r"[\s,{}\[\]]+")
REGISTERED: Final = frozenset({"createTime", "updateTime", "createdBy", "updatedBy"})  # of definitions within inputs
ABSENT: Final = "<absent>"


@dataclass(frozen=True)
class Difference:
    """A place of an answer, and what each server has there; ABSENT: nothing."""

    path: str
    oracle: Any
    podium: Any


def differences(oracle: Answer, podium: Answer) -> list[Difference]:
    """Where two answers differ, in the order of their places."""
    return _compared(visible(oracle), visible(podium), "")


def visible(answer: Answer) -> dict[str, Any]:
    """The part of an answer that must be the same in every run: workflows by their place, tasks by their attempt's name."""
    if "refused" in answer:
        return {"refused": answer["refused"], "at": answer["at"]}
    return {"reports": answer["reports"], **{place: _workflow(one) for place, one in answer["workflows"].items()}}


def _workflow(workflow: Workflow) -> dict[str, Any]:
    ordered = sorted(workflow["tasks"], key=lambda task: int(task["seq"]))
    return {
        **{name: _plain(workflow.get(name)) for name in WORKFLOW_FIELDS},
        **{name: sorted(workflow.get(name) or ()) for name in SORTED_FIELDS},
        "order": [attempt_name(task) for task in ordered],
        "tasks": {attempt_name(task): _task(task) for task in ordered},
    }


def _task(task: Task) -> dict[str, Any]:
    return {name: _plain(task.get(name)) for name in TASK_FIELDS}


def _plain(value: Any) -> Any:
    """Without ids and moments; a text that shows a map shows it in no order, for Java's maps have none."""
    if isinstance(value, dict):
        return {_plain(key): _plain(one) for key, one in value.items() if key not in REGISTERED}
    if isinstance(value, list):
        return [_plain(one) for one in value]
    if isinstance(value, str):
        text = MOMENT.sub("<ms>", UUID.sub("<id>", value))
        return _unordered(text) if "{" in text else text
    if isinstance(value, int) and not isinstance(value, bool) and MOMENT.fullmatch(str(value)):
        return "<ms>"
    return value


def _unordered(text: str) -> str:
    return " ".join(sorted(piece for piece in BETWEEN.split(text) if piece.partition("=")[0] not in REGISTERED))


def _compared(oracle: Any, podium: Any, path: str) -> list[Difference]:
    if isinstance(oracle, dict) and isinstance(podium, dict):
        keys = sorted({*oracle, *podium})
        pairs = [(f"{path}/{key}" if path else str(key), oracle.get(key, ABSENT), podium.get(key, ABSENT)) for key in keys]
        return [found for place, left, right in pairs for found in _compared(left, right, place)]
    if (
        isinstance(oracle, list)
        and isinstance(podium, list)
        and len(oracle) == len(podium)
        and any(isinstance(one, dict | list) for one in oracle)
    ):
        return [found for place, pair in enumerate(zip(oracle, podium, strict=True)) for found in _compared(*pair, f"{path}/{place}")]
    return [] if _same(oracle, podium) else [Difference(path, oracle, podium)]


def _same(left: Any, right: Any) -> bool:
    """Equal, and of the same types throughout: 1, 1.0 and true are three things."""
    if type(left) is not type(right):
        return False
    if isinstance(left, dict):
        return left.keys() == right.keys() and all(_same(one, right[key]) for key, one in left.items())
    if isinstance(left, list):
        return len(left) == len(right) and all(map(_same, left, right))
    return bool(left == right)
