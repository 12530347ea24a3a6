"""PULL_WORKFLOW_MESSAGES: takes what was sent to the workflow, or waits for it (spec/tasks.md §4.9)."""

from __future__ import annotations

from datetime import UTC, datetime

from podium.engine.effects import whole_number
from podium.engine.tasks.human import plan
from podium.engine.turn import TaskType, Turn
from podium.model.json import Json
from podium.model.payload import Payload
from podium.model.status import TaskStatus
from podium.model.task import Task
from podium.model.workflow_message import WorkflowMessage

NAME = "PULL_WORKFLOW_MESSAGES"
MOST_AT_ONCE = 100


def execute(turn: Turn, task: Task) -> None:
    """Take up to `batchSize` messages in the order in which they came; without any, wait, unless `blocking` is false."""
    draft = turn.draft
    value, waiting = task.input.value, draft.workflow.messages
    if not waiting and value.get("blocking") is not False:
        if task.status is TaskStatus.SCHEDULED:
            draft.change(task, status=TaskStatus.IN_PROGRESS, start_time=task.start_time or draft.now)
        return
    size = _batch_size(value.get("batchSize"))
    taken = waiting[:size]
    draft.set_workflow(messages=waiting[size:])
    shown: list[Json] = [_shown(message, task.workflow_id) for message in taken]
    output = Payload.of({"messages": shown, "count": len(shown)})
    draft.change(task, status=TaskStatus.COMPLETED, output=output, start_time=task.start_time or draft.now)


def _batch_size(given: Json) -> int:
    number = whole_number(given)
    return 1 if number is None else max(1, min(number, MOST_AT_ONCE))


def _shown(message: WorkflowMessage, workflow_id: str) -> dict[str, Json]:
    received = datetime.fromtimestamp(message.received_at / 1000, UTC).isoformat(timespec="milliseconds")
    return {
        "id": message.message_id,
        "workflowId": workflow_id,
        "payload": message.payload.value,
        "receivedAt": received.replace("+00:00", "Z"),
    }


PULL_WORKFLOW_MESSAGES = TaskType(plan=plan, execute=execute)
