"""START_WORKFLOW: starts another workflow and goes on (spec/tasks.md §3.9)."""

from __future__ import annotations

from podium.engine.graph import Node
from podium.engine.turn import Spot, TaskType, Turn
from podium.model.payload import Payload
from podium.model.status import TaskStatus
from podium.model.task import Task

_MISSING = "Missing 'startWorkflow' in input data."
_NO_NAME = "startWorkflow validation failed. 'name' -> Workflow name cannot be null or empty. "


def plan(spot: Spot, node: Node) -> list[Task]:
    """One task; the start is a message of the same commit."""
    value = spot.draft.resolve(node, None)
    identity = spot.draft.next_task_id()
    return [spot.task(node, TaskStatus.SCHEDULED, value, identity, callback_after_seconds=node.task.start_delay)]


def execute(turn: Turn, task: Task) -> None:
    """A request that cannot be meant fails the task at once."""
    request = task.input.value.get("startWorkflow")
    if request is None:
        turn.draft.finish_task(task, TaskStatus.FAILED, None, _MISSING)
    elif not isinstance(request, dict):
        turn.draft.finish_task(task, TaskStatus.FAILED, None, "Error reading StartWorkflowRequest. It must be an object.")
    elif not request.get("name") and not isinstance(request.get("workflowDef"), dict):
        turn.draft.finish_task(task, TaskStatus.FAILED, None, _NO_NAME)


def started(task: Task, workflow_id: str) -> Payload:
    """The output once the other workflow exists."""
    return Payload.of({**task.output.value, "workflowId": workflow_id})


START_WORKFLOW = TaskType(plan=plan, execute=execute)
