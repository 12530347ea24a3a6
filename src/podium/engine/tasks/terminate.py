"""TERMINATE: ends the workflow as it says (spec/tasks.md §3.10)."""

from __future__ import annotations

from podium.engine.tasks.inline import plan
from podium.engine.turn import TaskType, Turn
from podium.model.json import JsonObject
from podium.model.status import TaskStatus
from podium.model.task import Task

STATUSES = frozenset({"COMPLETED", "FAILED", "TERMINATED"})


def execute(turn: Turn, task: Task) -> None:
    """Complete with the workflow's output; `advance` then ends the workflow."""
    value = task.input.value
    if value.get("terminationStatus") not in STATUSES:
        turn.draft.finish_task(task, TaskStatus.FAILED, None, "given termination status is not valid")
        return
    given = value.get("workflowOutput")
    output: JsonObject = given if isinstance(given, dict) else {} if given is None else {"output": given}
    turn.draft.finish_task(task, TaskStatus.COMPLETED, output)


TERMINATE = TaskType(plan=plan, execute=execute)
