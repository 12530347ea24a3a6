"""Effects: what the world must do, read off what a decision has changed."""

from __future__ import annotations

from collections.abc import Iterator

from podium.engine.draft import Draft
from podium.engine.ids import child_id, name_uuid
from podium.engine.state_change import publications
from podium.model.decision import Decision, TaskChange
from podium.model.definition import WorkflowDef
from podium.model.json import Json, JsonObject
from podium.model.message import Message, Publish, RevivedChild, StartChild, StartOther, TellParent, TerminateChild
from podium.model.shape import shape
from podium.model.status import TaskStatus, WorkflowStatus
from podium.model.task import Task
from podium.model.workflow import Workflow

SENDERS = frozenset({"EVENT", "SUB_WORKFLOW", "START_WORKFLOW"})  # the types of task that reach another run or the outside


def ready_tasks(decision: Decision) -> list[Task]:
    """The tasks that a decision made ready for a worker, in the order of delivery: priority, then time, then creation."""
    ready = [
        change.after
        for change in decision.tasks
        if change.after is not None and change.after.ready_at and (change.before is None or change.before.ready_at != change.after.ready_at)
    ]
    return sorted(ready, key=lambda task: (-task.priority, task.ready_at, task.number))


def messages(draft: Draft, changes: tuple[TaskChange, ...], before: Workflow | None) -> list[tuple[Message, int]]:
    """What must reach other workflows or the outside, with the time before which it is not due (0: now)."""
    found: list[tuple[Message, int]] = []
    for change in changes:
        if change.after is not None and change.after.task_type in SENDERS:
            found += _of_task(draft, change.before, change.after)
    if draft.program.tells:
        told = (publications(draft, change.before, change.after) for change in changes if change.after is not None)
        found += [(publish, 0) for published in told for publish in published]
    found += _to_parent(draft, before)
    return found


def _of_task(draft: Draft, before: Task | None, after: Task) -> Iterator[tuple[Message, int]]:
    if after.task_type == "EVENT":
        if "event_produced" in after.output.value and not after.status.failed and (before is None or before.start_time != after.start_time):
            yield _publish(after), 0
        return
    due = after.scheduled_time + after.callback_after_seconds * 1000 if after.callback_after_seconds else 0
    if after.status is TaskStatus.SCHEDULED and (before is None or before.status is not TaskStatus.SCHEDULED):
        yield (_start_child(draft, after) if after.task_type == "SUB_WORKFLOW" else _start_other(draft, before, after)), due
    elif after.task_type == "SUB_WORKFLOW" and after.status is TaskStatus.CANCELED and before is not None and not before.status.terminal:
        yield _terminate_child(draft, after), 0


def _publish(task: Task) -> Publish:
    output = task.output.value
    return Publish(
        workflow_id=task.workflow_id, task_id=task.task_id, queue=str(output["event_produced"]), message_id=task.task_id, payload=output
    )


def _start_child(draft: Draft, task: Task) -> StartChild:
    """The child's start (spec/engine.md §9.2)."""
    value, workflow = task.input.value, draft.workflow
    definition = value.get("subWorkflowDefinition")
    domains = value.get("subWorkflowTaskToDomain")
    priority = value.get("priority")
    strategy = _text(value.get("idempotencyStrategy"))
    return StartChild(
        workflow_id=task.workflow_id,
        task_id=task.task_id,
        child_id=task.sub_workflow_id or child_id(task.workflow_id, task.task_id, task.retry_count),
        name=_text(value.get("subWorkflowName")),
        version=whole_number(value.get("subWorkflowVersion")),
        definition=shape(definition, WorkflowDef) if isinstance(definition, dict) else None,
        input=child_input(value),
        correlation_id=workflow.correlation_id,
        task_to_domain={str(k): str(v) for k, v in domains.items()} if isinstance(domains, dict) else dict(workflow.task_to_domain),
        priority=int(priority) if isinstance(priority, int | float) and not isinstance(priority, bool) else 0,
        idempotency_key=_text(value.get("idempotencyKey")) or (workflow.idempotency_key if strategy is not None else None),
        idempotency_strategy=strategy,
    )


def child_input(value: JsonObject) -> JsonObject:
    """A child's input: `workflowInput`, or the whole task input when that is empty (spec/engine.md §9.2)."""
    given = value.get("workflowInput")
    task_input: JsonObject = dict(given) if isinstance(given, dict) and given else dict(value)
    if value.get("subWorkflowDefinition") is not None:
        marked = task_input.get("_systemMetadata")
        task_input["_systemMetadata"] = {**(marked if isinstance(marked, dict) else {}), "dynamic": True}
    return task_input


def _start_other(draft: Draft, before: Task | None, task: Task) -> StartOther:
    again = "" if before is None else f":{draft.run.workflow.revision + 1}"  # a rerun starts another one
    request = task.input.value.get("startWorkflow")
    return StartOther(
        workflow_id=task.workflow_id,
        task_id=task.task_id,
        other_id=name_uuid(f"startworkflow:{task.workflow_id}:{task.task_id}{again}"),
        request=request if isinstance(request, dict) else {},
    )


def _terminate_child(draft: Draft, task: Task) -> TerminateChild:
    """The end of the child of a cancelled task (spec/engine.md §7.3)."""
    workflow = draft.workflow
    why = f"reason: {workflow.reason}" if workflow.reason else f"status {workflow.status}"
    child = task.sub_workflow_id or child_id(task.workflow_id, task.task_id, task.retry_count)
    return TerminateChild(workflow_id=task.workflow_id, child_id=child, reason=f"Parent workflow has been terminated with {why}")


def _to_parent(draft: Draft, before: Workflow | None) -> Iterator[tuple[Message, int]]:
    """A child that began or ended tells its parent (spec/engine.md §9.4), and one that has ended all others that wait for it."""
    workflow = draft.workflow
    revived = any(isinstance(message, RevivedChild) for message, _ in draft.messages)  # and perhaps it has ended again already
    ended = workflow.status.terminal and (before is None or revived or before.status is not workflow.status)
    if workflow.parent_workflow_id is not None and workflow.parent_task_id is not None and (before is None or ended):
        yield tell_parent(workflow, workflow.parent_workflow_id, workflow.parent_task_id), 0
    if ended:
        for parent_id, task_id in workflow.awaited_by:
            yield tell_parent(workflow, parent_id, task_id), 0


def tell_parent(workflow: Workflow, parent_id: str, task_id: str) -> TellParent:
    """What a child says about itself to a task that waits for it."""
    return TellParent(
        workflow_id=parent_id,
        task_id=task_id,
        child_id=workflow.workflow_id,
        child_name=workflow.name,
        child_version=workflow.version,
        status=workflow.status if workflow.status.terminal else WorkflowStatus.RUNNING,
        output=workflow.output.value if workflow.status.terminal else {},
        reason=workflow.reason,
    )


def whole_number(value: Json) -> int | None:
    """A number, or the text of one; None for anything else."""
    if isinstance(value, bool) or value is None:
        return None
    if isinstance(value, int | float):
        return int(value)
    text = str(value).strip()
    return int(text) if text.lstrip("-").isdecimal() and len(text) < 10 else None


def _text(value: Json) -> str | None:
    return None if value is None else str(value)
