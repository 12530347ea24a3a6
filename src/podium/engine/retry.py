"""Retries: whether a failed task is tried again, when, and as what (spec/engine.md §4)."""

from __future__ import annotations

from hashlib import blake2b

from msgspec.structs import replace

from podium.engine.deadlines import lease_ms
from podium.engine.graph import Node
from podium.engine.turn import Terminated, Turn
from podium.model.definition import RetryLogic, TaskDef, WorkflowTask
from podium.model.payload import EMPTY, Payload
from podium.model.status import TaskStatus, WorkflowStatus
from podium.model.task import Task

MAX_SECONDS = 2**31 - 1
_FINAL = frozenset({TaskStatus.FAILED_WITH_TERMINAL_ERROR, TaskStatus.CANCELED})
_ENDS_AS = {TaskStatus.CANCELED: WorkflowStatus.TERMINATED, TaskStatus.TIMED_OUT: WorkflowStatus.TIMED_OUT}


def retry_seconds(policy: TaskDef, retry_count: int) -> int:
    """Whole seconds before the next attempt, without jitter; `retry_count` is that of the failed attempt (spec/engine.md §4.2)."""
    delay = policy.retry_delay_seconds
    if policy.retry_logic is RetryLogic.LINEAR_BACKOFF:
        delay = delay * policy.backoff_scale_factor * (retry_count + 1)
    elif policy.retry_logic is RetryLogic.EXPONENTIAL_BACKOFF:
        delay = delay * 2 ** min(retry_count, 62)
    if policy.max_retry_delay_seconds > 0:
        delay = min(delay, policy.max_retry_delay_seconds)
    return max(0, min(delay, MAX_SECONDS))


def jitter_ms(policy: TaskDef, task_id: str) -> int:
    """Milliseconds on top of the delay, 0 to `backoffJitterMs`: spread by the attempt's id, so that deciding twice gives the same."""
    if policy.backoff_jitter_ms <= 0:
        return 0
    spread = int.from_bytes(blake2b(task_id.encode(), digest_size=8).digest(), "big")
    return spread % (policy.backoff_jitter_ms + 1)


def retries_allowed(policy: TaskDef | None, definition: WorkflowTask) -> int:
    """How many retries a node has; one on the node itself overrides the task definition (spec/engine.md §4.1)."""
    if policy is None:
        return 0
    return definition.retry_count if definition.retry_count is not None else policy.retry_count


def end_status(status: TaskStatus) -> WorkflowStatus:
    """As what a workflow ends because of a task that ended so."""
    return _ENDS_AS.get(status, WorkflowStatus.FAILED)


def end_reason(task: Task) -> str:
    """Why a workflow ends because of this task (spec/engine.md §3.10)."""
    return f"Task {task.task_id} failed with status: {end_status(task.status)} and reason: '{text_of(task.reason)}'"


def text_of(reason: str | None) -> str:
    """A reason inside of another text."""
    return "null" if reason is None else reason


def retry(turn: Turn, task: Task) -> Task | None:
    """The next attempt of a failed task; None when it is final and the flow goes on. Raises Terminated (spec/engine.md §4.1)."""
    node = turn.draft.node(task)
    definition = node.task if node is not None else WorkflowTask()
    policy = node.policy if node is not None else None
    final = task.status in _FINAL or turn.type_of(task).control or task.retry_count >= retries_allowed(policy, definition)
    if node is None or policy is None or final:
        if definition.optional or definition.permissive:
            return None
        raise Terminated(end_reason(task), end_status(task.status), task)
    total = policy.total_timeout_seconds
    if total > 0 and task.first_scheduled_time and turn.draft.now - task.first_scheduled_time >= total * 1000:
        status = WorkflowStatus.TIMED_OUT if task.status is TaskStatus.TIMED_OUT else WorkflowStatus.FAILED
        raise Terminated(f"Task {task.def_name}/{task.task_id} exceeded total timeout of {total} seconds, no more retries", status, task)
    return next_attempt(turn, task, node)


def next_attempt(turn: Turn, task: Task, node: Node, *, by_hand: bool = False) -> Task:
    """A new attempt after a failed one (spec/engine.md §4.3); by hand: at once, and without its reason (§7.5)."""
    draft = turn.draft
    number, task_id = draft.next_task_id()
    policy = node.policy
    seconds = 0 if by_hand or policy is None else retry_seconds(policy, task.retry_count)
    wait_ms = seconds * 1000 + (0 if by_hand or policy is None else jitter_ms(policy, task_id))
    draft.change(task, retried=True, executed=by_hand)
    polled = turn.type_of(task).polled
    return replace(
        task,
        task_id=task_id,
        number=number,
        seq=0,
        status=TaskStatus.SCHEDULED,
        retry_count=task.retry_count + 1,
        retried=False,
        executed=False,
        retried_task_id=task.task_id,
        scheduled_time=0,
        start_time=0,
        end_time=0,
        update_time=0,
        start_delay_seconds=task.start_delay_seconds if by_hand else seconds,
        callback_after_seconds=seconds,
        callback_after_ms=wait_ms,
        ready_at=draft.now + wait_ms if polled else 0,
        lease_ms=task.lease_ms if task.system else lease_ms(policy, task.response_timeout_seconds),
        poll_count=0,
        worker_id=None,
        sub_workflow_id=None,
        subworkflow_changed=False,
        reason=None if by_hand else task.reason,
        input=_next_input(turn, task, node, task_id),
        output=EMPTY,
        output_path=None,
        execution_metadata=None,
    )


def _next_input(turn: Turn, task: Task, node: Node, task_id: str) -> Payload:
    """The old input under the parameters as they are now; a child's own input, `workflowInput`, stays as it was (spec/engine.md §4.3)."""
    old = {key: value for key, value in task.input.value.items() if key != "subWorkflowId"}
    fresh = turn.draft.resolve(node, task_id)
    return Payload.of({**old, **fresh})
