"""State changes: the events that a node has published when its task is scheduled, starts or ends (spec/engine.md §10.1)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from podium.engine.sink import queue_of
from podium.engine.template import Template, compile_template
from podium.model.definition import WorkflowTask
from podium.model.json import Json, JsonObject
from podium.model.message import Publish
from podium.model.status import TaskStatus
from podium.model.task import Task

if TYPE_CHECKING:
    from podium.engine.draft import Draft

SCHEDULED, STARTED, SUCCEEDED, FAILED, CANCELLED = "onScheduled", "onStart", "onSuccess", "onFailed", "onCancelled"
TO_SINK = "event"  # the type of an event that names its queue in its payload

StateEvents = dict[str, tuple[tuple[str, Template], ...]]


def state_events(task: WorkflowTask) -> StateEvents:
    """What a node has published, by state: the types of the events and the templates of their payloads."""
    found: dict[str, list[tuple[str, Template]]] = {}
    for states, events in task.on_state_change.items():
        compiled = [(event.type, compile_template(event.payload or {})) for event in events if event.type]
        for state in states.split(","):
            found.setdefault(state.strip(), []).extend(compiled)
    return {state: tuple(events) for state, events in found.items() if events}


def publications(draft: Draft, before: Task | None, after: Task) -> Iterator[Publish]:
    """The events of a task that a decision has changed."""
    node = draft.index.node(after)
    if node is None or not node.events or after.status is TaskStatus.SKIPPED:
        return
    revision = draft.run.workflow.revision + 1
    for state in _entered(before, after):
        for number, (kind, template) in enumerate(node.events.get(state, ())):
            payload = template(draft.scope(after.task_id))
            assert isinstance(payload, dict)
            yield Publish(
                workflow_id=after.workflow_id,
                task_id=after.task_id,
                queue=_queue(kind, payload, draft.workflow.name, after.ref),
                message_id=f"{after.task_id}:{revision}:{state}:{number}",
                payload={**_facts(draft, after), **payload},
            )


def _entered(before: Task | None, after: Task) -> Iterator[str]:
    """The states in which the task was found for the first time, in their order."""
    again = before is not None and before.status.terminal and not after.status.terminal
    if before is None or again:
        yield SCHEDULED
    if after.start_time and (before is None or before.start_untold) and not after.start_untold:
        yield STARTED
    if after.status.terminal and (before is None or before.status is not after.status):
        if after.status.successful:
            yield SUCCEEDED
        else:
            yield CANCELLED if after.status is TaskStatus.CANCELED else FAILED


def _queue(kind: str, payload: JsonObject, workflow_name: str, ref: str) -> str:
    sink = payload.get("sink")
    named = queue_of(sink, workflow_name, ref) if kind == TO_SINK and isinstance(sink, str) else None
    return named or kind


def _facts(draft: Draft, task: Task) -> dict[str, Json]:
    """What every event tells beside its own payload."""
    workflow = draft.workflow
    return {
        "workflowInstanceId": workflow.workflow_id,
        "workflowType": workflow.name,
        "workflowVersion": workflow.version,
        "correlationId": workflow.correlation_id,
        "taskId": task.task_id,
        "taskReferenceName": task.ref,
        "taskStatus": task.status.value,
    }
