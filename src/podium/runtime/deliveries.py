"""Deliveries: what each kind of message causes."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any

import msgspec

from podium.engine.ids import name_uuid
from podium.engine.run import Run
from podium.errors import CallerError, Invalid, NotFound
from podium.model.body import IdempotencyStrategy, StartWorkflowRequest
from podium.model.command import (
    AwaitWorkflow,
    ChildChanged,
    ChildNotStarted,
    ChildRevived,
    FailureWorkflowRefused,
    OtherStarted,
    RetryWorkflow,
    TerminateWorkflow,
)
from podium.model.json import JsonObject
from podium.model.message import (
    AdmitNext,
    OutboxRow,
    Publish,
    RetryChild,
    RevivedChild,
    StartChild,
    StartFailureWorkflow,
    StartOther,
    TellParent,
    TerminateChild,
)
from podium.model.status import TaskStatus, WorkflowStatus
from podium.model.workflow import Workflow
from podium.runtime.events import Events
from podium.runtime.executor import Executor
from podium.runtime.outgoing import Outgoing
from podium.runtime.slots import Slots
from podium.runtime.starts import Origin


class Deliveries:
    """Turns messages into commands. Raises what the receiver raises: CallerError means that nothing is left to do."""

    def __init__(
        self, executor: Executor, events: Events, slots: Slots, outgoing: Outgoing, execution_json: Callable[[Run], JsonObject]
    ) -> None:
        self._executor = executor
        self._slots = slots
        self._events = events
        self._outgoing = outgoing
        self._execution_json = execution_json

    async def deliver(self, row: OutboxRow) -> None:
        """Cause what the message is for."""
        deliver: Callable[[Any, str], Coroutine[Any, Any, None]] = _DELIVERIES[type(row.message)]
        await deliver.__get__(self)(row.message, row.outbox_id)

    async def start_child(self, message: StartChild, outbox_id: str) -> None:
        """Start a child, unless its task no longer waits for one (spec/engine.md §9.2)."""
        parent = await self._executor.read(message.workflow_id)
        task = parent.task(message.task_id)
        if task is None or task.status is not TaskStatus.SCHEDULED:
            return
        child_id = message.child_id
        existing = await self._workflow(child_id)
        if existing is not None and existing.status.terminal and existing.status is not WorkflowStatus.COMPLETED:
            # It failed in an earlier life of the task, before a rerun. The new id is derived from the message, so that twice is once.
            child_id = name_uuid(f"subworkflow:{outbox_id}")
        try:
            if message.name is None and message.definition is None:
                raise Invalid("SubWorkflow name is null and no workflowDefinition supplied")
            started = await self._executor.start_from(_child_request(message), _child_origin(message, child_id, outbox_id))
        except CallerError as refusal:
            await self._not_started(message.workflow_id, message.task_id, refusal, outbox_id)
            return
        if started != child_id:  # the one that the idempotency key names
            await self._executor.submit(
                AwaitWorkflow(
                    workflow_id=started, message_id=outbox_id, parent_workflow_id=message.workflow_id, parent_task_id=message.task_id
                )
            )
        elif outbox_id not in self._outgoing.consumed:  # it was there already, so it did not tell
            await self._attach(message, child_id, outbox_id)

    async def _attach(self, message: StartChild, child_id: str, outbox_id: str) -> None:
        child = await self._workflow(child_id)
        if child is None:
            return
        if child.parent_task_id != message.task_id or child.parent_workflow_id != message.workflow_id:
            refusal = Invalid(f"Workflow {child_id} belongs to another parent")
            await self._not_started(message.workflow_id, message.task_id, refusal, outbox_id)
            return
        await self._executor.submit(
            ChildChanged(
                workflow_id=message.workflow_id,
                message_id=outbox_id,
                task_id=message.task_id,
                child_id=child_id,
                child_name=child.name,
                child_version=child.version,
                status=child.status,
                output=child.output.value if child.status.terminal else {},
                reason=child.reason,
            )
        )

    async def _not_started(self, workflow_id: str, task_id: str, refusal: CallerError, outbox_id: str) -> None:
        await self._executor.submit(
            ChildNotStarted(workflow_id=workflow_id, message_id=outbox_id, task_id=task_id, reason=describe(refusal))
        )

    async def start_other(self, message: StartOther, outbox_id: str) -> None:
        """Start the workflow of a START_WORKFLOW task and tell the task (spec/tasks.md §3.9)."""
        parent = await self._executor.read(message.workflow_id)
        task = parent.task(message.task_id)
        if task is None or task.status.terminal:
            return
        try:
            request = other_request(message.request, parent.workflow)
            other_id = await self._executor.start_from(request, Origin(workflow_id=message.other_id))
        except CallerError as refusal:
            await self._not_started(message.workflow_id, message.task_id, refusal, outbox_id)
            return
        await self._executor.submit(
            OtherStarted(workflow_id=message.workflow_id, message_id=outbox_id, task_id=message.task_id, other_id=other_id)
        )

    async def start_failure_workflow(self, message: StartFailureWorkflow, outbox_id: str) -> None:
        """Start a failure workflow (spec/engine.md §7.8)."""
        failed = await self._executor.read(message.workflow_id)
        request = self._failure_request(message, failed)
        try:
            await self._executor.start_from(request, Origin(workflow_id=message.failure_id, message_id=outbox_id))
        except CallerError as refusal:
            await self._executor.submit(
                FailureWorkflowRefused(
                    workflow_id=message.workflow_id, message_id=outbox_id, failure_id=message.failure_id, reason=describe(refusal)
                )
            )

    def _failure_request(self, message: StartFailureWorkflow, failed: Run) -> StartWorkflowRequest:
        workflow = failed.workflow
        value: JsonObject = {
            **workflow.input.value,
            "workflowId": workflow.workflow_id,
            "reason": workflow.reason,
            "failureStatus": workflow.status.value,
            "failedWorkflow": self._execution_json(failed),
        }
        if workflow.failed_task_id:
            value["failureTaskId"] = workflow.failed_task_id
        return StartWorkflowRequest(
            name=message.name,
            version=message.version,
            input=value,
            correlation_id=workflow.correlation_id,
            task_to_domain=workflow.task_to_domain,
        )

    async def terminate_child(self, message: TerminateChild, outbox_id: str) -> None:
        """End a child; one that has ended already stays as it is, and so does one that the task only waited for."""
        if (await self._executor.read(message.child_id)).workflow.parent_workflow_id != message.workflow_id:
            return
        await self._executor.submit(TerminateWorkflow(workflow_id=message.child_id, message_id=outbox_id, reason=message.reason))

    async def tell_parent(self, message: TellParent, outbox_id: str) -> None:
        """Tell a parent where its child stands."""
        await self._executor.submit(
            ChildChanged(
                workflow_id=message.workflow_id,
                message_id=outbox_id,
                task_id=message.task_id,
                child_id=message.child_id,
                child_name=message.child_name,
                child_version=message.child_version,
                status=message.status,
                output=message.output,
                reason=message.reason,
            )
        )

    async def revived_child(self, message: RevivedChild, outbox_id: str) -> None:
        """Tell a parent that its child runs again."""
        await self._executor.submit(
            ChildRevived(
                workflow_id=message.workflow_id,
                message_id=outbox_id,
                task_id=message.task_id,
                child_id=message.child_id,
                child_name=message.child_name,
                child_version=message.child_version,
                verb=message.verb,
            )
        )

    async def retry_child(self, message: RetryChild, outbox_id: str) -> None:
        """Retry a child in place."""
        await self._executor.submit(RetryWorkflow(workflow_id=message.child_id, message_id=outbox_id, resume_subworkflow_tasks=True))

    async def publish(self, message: Publish, outbox_id: str) -> None:
        """Run the event handlers of an internal queue."""
        await self._events.deliver(message.queue, message.message_id, message.payload, outbox_id)

    async def admit_next(self, message: AdmitNext, _outbox_id: str) -> None:
        """Let in the runs that wait for a slot, as far as slots are free."""
        await self._slots.admit(message.key)

    async def _workflow(self, workflow_id: str) -> Workflow | None:
        try:
            return (await self._executor.read(workflow_id)).workflow
        except NotFound:
            return None


_DELIVERIES: dict[type, Any] = {
    StartChild: Deliveries.start_child,
    StartOther: Deliveries.start_other,
    StartFailureWorkflow: Deliveries.start_failure_workflow,
    TerminateChild: Deliveries.terminate_child,
    TellParent: Deliveries.tell_parent,
    RevivedChild: Deliveries.revived_child,
    RetryChild: Deliveries.retry_child,
    Publish: Deliveries.publish,
    AdmitNext: Deliveries.admit_next,
}


def describe(refusal: CallerError) -> str:
    """A refusal in one line."""
    if isinstance(refusal, Invalid) and refusal.problems:
        return f"{refusal.message} {'; '.join(f'{problem.path}: {problem.message}' for problem in refusal.problems)}"
    return refusal.message


def other_request(value: JsonObject, parent: Workflow) -> StartWorkflowRequest:
    """The request of a START_WORKFLOW task, with what it takes over from its workflow. Raises Invalid."""
    if not value:
        raise Invalid("Missing 'startWorkflow' in input data.")
    try:
        request = msgspec.convert(value, StartWorkflowRequest, strict=False)
    except msgspec.ValidationError as error:
        raise Invalid(f"Error reading StartWorkflowRequest. {error}") from error
    if request.workflow_def is None and not (request.name or "").strip():
        raise Invalid("startWorkflow validation failed. 'name' -> Workflow name cannot be null or empty. ")
    return msgspec.structs.replace(
        request,
        task_to_domain=request.task_to_domain or parent.task_to_domain,
        correlation_id=request.correlation_id if (request.correlation_id or "").strip() else parent.correlation_id,
    )


# An unknown strategy is dropped, as if none was given (spec/engine.md §2.4).
_STRATEGIES = {strategy.value: strategy for strategy in IdempotencyStrategy}


def _child_request(message: StartChild) -> StartWorkflowRequest:
    return StartWorkflowRequest(
        name=message.name,
        version=message.version or None,  # 0: the latest, for children
        workflow_def=message.definition,
        input=message.input,
        correlation_id=message.correlation_id,
        task_to_domain=message.task_to_domain,
        priority=message.priority,
        idempotency_key=message.idempotency_key,
        idempotency_strategy=_STRATEGIES.get(message.idempotency_strategy or ""),
    )


def _child_origin(message: StartChild, child_id: str, outbox_id: str) -> Origin:
    return Origin(workflow_id=child_id, message_id=outbox_id, parent_workflow_id=message.workflow_id, parent_task_id=message.task_id)
