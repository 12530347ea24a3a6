"""Deadlines: when a task must be looked at again (spec/engine.md §5)."""

from __future__ import annotations

from podium.model.definition import TaskDef, TimeoutPolicy, WorkflowDef, WorkflowTimeoutPolicy
from podium.model.status import TaskStatus
from podium.model.task import Task
from podium.model.workflow import Workflow

SYSTEM_LEASE_MS = 60_000  # how long the server may run a task of its own without a sign of life
MAX_MS = 2**53  # beyond any date that we handle


def task_deadline(task: Task, policy: TaskDef | None) -> int:
    """The earliest time at which something about an open task is due (epoch ms); 0: never."""
    found = []
    if task.task_type == "WAIT":
        found.append(wait_deadline(task))
    if task.system:
        found.append(lease_deadline(task))
    if policy is not None:
        if policy.total_timeout_seconds > 0:
            found.append(total_deadline(task, policy))
        if task.status is TaskStatus.SCHEDULED:
            found.append(poll_deadline(task, policy))
        else:
            found.append(response_deadline(task, policy))
        if policy.timeout_seconds > 0:
            found.append(run_deadline(task, policy))
    return min(filter(None, found), default=0)


def wait_deadline(task: Task) -> int:
    """When a WAIT is over, or, for a new attempt, when it begins to wait after the delay of the retry; 0: never."""
    if task.status is TaskStatus.SCHEDULED:
        return task.scheduled_time + task.callback_after_ms
    return task.wait_timeout


def total_deadline(task: Task, policy: TaskDef) -> int:
    """All attempts together (totalTimeoutSeconds); 0: never."""
    if policy.total_timeout_seconds <= 0 or not task.first_scheduled_time or policy.timeout_policy is TimeoutPolicy.ALERT_ONLY:
        return 0
    return task.first_scheduled_time + policy.total_timeout_seconds * 1000


def run_deadline(task: Task, policy: TaskDef) -> int:
    """One attempt, from its first poll (timeoutSeconds); 0: never."""
    if policy.timeout_seconds <= 0 or not task.start_time or policy.timeout_policy is TimeoutPolicy.ALERT_ONLY:
        return 0
    return task.start_time + (task.start_delay_seconds + policy.timeout_seconds) * 1000


def poll_deadline(task: Task, policy: TaskDef) -> int:
    """Until a worker takes it (pollTimeoutSeconds); 0: never."""
    if task.status is not TaskStatus.SCHEDULED or not policy.poll_timeout_seconds or policy.timeout_policy is TimeoutPolicy.ALERT_ONLY:
        return 0
    seconds = task.start_delay_seconds + policy.poll_timeout_seconds + task.callback_after_seconds
    return task.scheduled_time + seconds * 1000


def response_seconds(task: Task, policy: TaskDef | None) -> int:
    """How long a worker may stay silent; 0: for ever, as it is without a task definition."""
    if policy is None:
        return 0
    return policy.response_timeout_seconds or task.response_timeout_seconds


def response_deadline(task: Task, policy: TaskDef | None) -> int:
    """Until a worker gives a sign of life (responseTimeoutSeconds); 0: never. Server-run tasks have leases instead."""
    seconds = response_seconds(task, policy)
    if task.status is not TaskStatus.IN_PROGRESS or task.system or not seconds:
        return 0
    return task.update_time + (seconds + task.callback_after_seconds) * 1000


def lease_deadline(task: Task) -> int:
    """Until the server that runs a system task gives a sign of life; 0: no server runs it, it may be waiting to be run again."""
    if not task.system or not task.lease_ms or task.ready_at or task.status is not TaskStatus.IN_PROGRESS:
        return 0
    return task.update_time + task.lease_ms


def lease_ms(policy: TaskDef | None, response_timeout_seconds: int) -> int:
    """How long after a claim the run must be looked at again; 0: never."""
    if policy is None:
        return 0
    seconds = [policy.response_timeout_seconds or response_timeout_seconds]
    if policy.timeout_policy is not TimeoutPolicy.ALERT_ONLY:
        seconds.append(policy.timeout_seconds)
    return min((s for s in seconds if s > 0), default=0) * 1000


def workflow_deadline(workflow: Workflow, definition: WorkflowDef) -> int:
    """When the workflow itself times out (spec/engine.md §5.1); 0: never."""
    if definition.timeout_seconds <= 0 or definition.timeout_policy is WorkflowTimeoutPolicy.ALERT_ONLY or workflow.status.terminal:
        return 0
    return (workflow.last_retried_time or workflow.create_time) + definition.timeout_seconds * 1000
