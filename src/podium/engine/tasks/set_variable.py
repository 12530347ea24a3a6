"""SET_VARIABLE: merges its input into the workflow's variables (spec/tasks.md §3.11)."""

from __future__ import annotations

from msgspec.json import encode

from podium.engine.graph import Node
from podium.engine.turn import Spot, TaskType, Turn
from podium.model.payload import EMPTY, Payload
from podium.model.status import TaskStatus
from podium.model.task import Task

MAX_KILOBYTES = 256


def plan(spot: Spot, node: Node) -> list[Task]:
    """One task that is executed in the same decision."""
    value = spot.draft.resolve(node, None)
    return [spot.task(node, TaskStatus.IN_PROGRESS, value, spot.draft.next_task_id())]


def execute(turn: Turn, task: Task) -> None:
    """Merge key by key; more than 256 KB fails the task and changes nothing."""
    draft = turn.draft
    merged = {**draft.workflow.variables.value, **task.input.value}
    kilobytes = len(encode(merged)) // 1024
    if kilobytes > MAX_KILOBYTES:
        text = (
            f"The variables payload size: {kilobytes} of workflow: {task.workflow_id} is greater than the permissible limit: "
            f"{MAX_KILOBYTES} kilobytes"
        )
        draft.finish_task(task, TaskStatus.FAILED_WITH_TERMINAL_ERROR, None, text)
        return
    if not task.input.empty:
        draft.set_workflow(variables=Payload.of(merged))
    draft.change(task, status=TaskStatus.COMPLETED, output=EMPTY)


SET_VARIABLE = TaskType(plan=plan, execute=execute)
