"""Messages: what must still reach another workflow or the outside world.

A message is written in the commit of the decision that sends it and deleted in the commit of what it causes, so it is
delivered at least once, and a second delivery finds the first.
"""

from __future__ import annotations

import msgspec

from podium.model.definition import WorkflowDef
from podium.model.json import JsonObject
from podium.model.status import WorkflowStatus


class StartChild(msgspec.Struct, frozen=True, kw_only=True, tag="start_child"):
    """Start the workflow of a SUB_WORKFLOW task; its id is derived, so twice is once (spec/engine.md §2.3, §9.2)."""

    workflow_id: str  # the parent
    task_id: str
    child_id: str
    name: str | None
    version: int | None  # None and 0: the latest
    definition: WorkflowDef | None
    input: JsonObject
    correlation_id: str | None
    task_to_domain: dict[str, str]
    priority: int
    idempotency_key: str | None = None
    idempotency_strategy: str | None = None


class StartOther(msgspec.Struct, frozen=True, kw_only=True, tag="start_other"):
    """Start the workflow of a START_WORKFLOW task, and tell the task its id (spec/tasks.md §3.9)."""

    workflow_id: str
    task_id: str
    other_id: str
    request: JsonObject  # a StartWorkflowRequest


class StartFailureWorkflow(msgspec.Struct, frozen=True, kw_only=True, tag="start_failure_workflow"):
    """Start the failure workflow of a workflow that ended badly (spec/engine.md §7.8)."""

    workflow_id: str  # the one that failed
    failure_id: str
    name: str
    version: int | None


class TerminateChild(msgspec.Struct, frozen=True, kw_only=True, tag="terminate_child"):
    """End a child whose parent task was cancelled."""

    workflow_id: str  # the parent
    child_id: str
    reason: str


class TellParent(msgspec.Struct, frozen=True, kw_only=True, tag="tell_parent"):
    """Tell the parent's SUB_WORKFLOW task where its child stands (spec/engine.md §9.3-9.4)."""

    workflow_id: str  # the parent
    task_id: str
    child_id: str
    child_name: str
    child_version: int
    status: WorkflowStatus
    output: JsonObject
    reason: str | None


class RevivedChild(msgspec.Struct, frozen=True, kw_only=True, tag="revived_child"):
    """Tell the parent that its child was retried, rerun or restarted (spec/engine.md §7.9)."""

    workflow_id: str  # the parent
    task_id: str
    child_id: str
    child_name: str
    child_version: int
    verb: str


class RetryChild(msgspec.Struct, frozen=True, kw_only=True, tag="retry_child"):
    """Retry a child in place, because its parent was retried with resumeSubworkflowTasks."""

    workflow_id: str  # the parent
    child_id: str


class Publish(msgspec.Struct, frozen=True, kw_only=True, tag="publish"):
    """Put an event on a queue (spec/tasks.md §4.1)."""

    workflow_id: str
    task_id: str
    queue: str  # `<provider>:<queue>`
    message_id: str
    payload: JsonObject


class AdmitNext(msgspec.Struct, frozen=True, kw_only=True, tag="admit_next"):
    """Let in the runs that wait for a slot of a rate limit key, as far as slots are free (spec/engine.md §6.7)."""

    key: str


Message = StartChild | StartOther | StartFailureWorkflow | TerminateChild | TellParent | RevivedChild | RetryChild | Publish | AdmitNext


class OutboxRow(msgspec.Struct, frozen=True, kw_only=True):
    """A message and its place in the outbox."""

    outbox_id: str  # `<workflow id>:<revision>:<n>`: derived, so that a decision made twice sends the same message
    message: Message
    due: int  # epoch ms: not before
    attempts: int = 0
