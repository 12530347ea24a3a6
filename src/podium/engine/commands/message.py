"""Messages: what is sent to a running workflow, and which of its tasks takes it (spec/tasks.md §4.9)."""

from __future__ import annotations

from podium.engine.advance import advance
from podium.engine.draft import Draft
from podium.engine.tasks.pull_workflow_messages import NAME
from podium.errors import Conflict, Limited
from podium.model.command import PushMessage
from podium.model.workflow_message import WorkflowMessage


def push_message(draft: Draft, command: PushMessage) -> str:
    """The message's id. A task that waits for messages takes it in the same decision."""
    workflow = draft.workflow
    if not draft.running:
        raise Conflict(f"Workflow {workflow.workflow_id} is {workflow.status}, only a RUNNING one takes messages")
    _check_room(draft, command)
    number = workflow.message_count + 1
    message = WorkflowMessage(number=number, message_id=command.pushed_id, received_at=draft.now, payload=command.payload)
    draft.set_workflow(message_count=number, messages=(*workflow.messages, message))
    for task in draft.open_tasks():
        if task.task_type == NAME:
            draft.look_at(task.task_id)
    advance(draft)
    return command.pushed_id


def _check_room(draft: Draft, command: PushMessage) -> None:
    waiting = draft.workflow.messages
    if len(waiting) >= command.most:
        raise Limited(f"The message queue of workflow {command.workflow_id} is full: {len(waiting)} messages wait in it")
    size = len(command.payload.raw) + sum(len(message.payload.raw) for message in waiting)
    if size > command.most_bytes:
        raise Limited(f"The message queue of workflow {command.workflow_id} is full: it would hold {size} of {command.most_bytes} bytes")
