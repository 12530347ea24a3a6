"""Tick: time has passed; handle every deadline that is due (spec/engine.md §5)."""

from __future__ import annotations

from podium.engine import deadlines
from podium.engine.advance import advance, go_on
from podium.engine.draft import Draft
from podium.engine.ending import terminate
from podium.engine.tasks.wait import pass_time
from podium.engine.turn import Terminated
from podium.model.command import Evaluate, Tick
from podium.model.definition import TaskDef, TimeoutPolicy
from podium.model.status import TaskStatus, WorkflowStatus
from podium.model.task import Task


def tick(draft: Draft, command: Tick | Evaluate) -> None:
    """Time out the workflow, or the tasks whose time is up; end the WAITs that are over."""
    del command
    if draft.workflow.status.terminal:
        return
    draft.ticked = True
    if draft.workflow.unfinished and draft.running:
        go_on(draft)
    if not _workflow_timed_out(draft):
        _check(draft, draft.run.due_tasks(draft.now))


def check_all(draft: Draft) -> None:
    """Every open task: after a pause, in which deadlines passed unnoticed."""
    _check(draft, [task for task in draft.open_tasks() if 0 < draft.index.deadline(task) <= draft.now])


def _workflow_timed_out(draft: Draft) -> bool:
    definition, workflow = draft.program.definition, draft.workflow
    when = deadlines.workflow_deadline(workflow, definition)
    if not when or draft.now < when:
        return False
    elapsed = (draft.now - (workflow.last_retried_time or workflow.create_time)) // 1000
    reason = (
        f"Workflow timed out after {elapsed} seconds. Timeout configured as {definition.timeout_seconds} seconds. "
        f"Timeout policy configured to {definition.timeout_policy}"
    )
    terminate(draft, reason, WorkflowStatus.TIMED_OUT, None, failure_workflow=True)
    return True


def _check(draft: Draft, due: list[Task]) -> None:
    try:
        for task in due:
            current = draft.task(task.task_id)
            if current is not None and not current.status.terminal:
                _check_task(draft, current)
    except Terminated as ending:
        terminate(draft, ending.reason, ending.status, ending.task, failure_workflow=True)
        return
    advance(draft)


def _check_task(draft: Draft, task: Task) -> None:
    if task.task_type == "WAIT" and 0 < deadlines.wait_deadline(task) <= draft.now:
        pass_time(draft, task)
        return
    if 0 < deadlines.lease_deadline(task) <= draft.now:
        # The server that ran it has given no sign of life: another one runs it.
        draft.change(task, status=TaskStatus.SCHEDULED, ready_at=draft.now)
        return
    node = draft.node(task)
    policy = node.policy if node is not None else None
    if draft.workflow.status is WorkflowStatus.PAUSED:
        return
    if policy is not None and _check_policy(draft, task, policy):
        return
    if 0 < deadlines.response_deadline(task, policy) <= draft.now:
        seconds = deadlines.response_seconds(task, policy)
        reason = f"responseTimeout: {seconds} exceeded for the taskId: {task.task_id} with Task Definition: {task.def_name}"
        draft.finish_task(task, TaskStatus.TIMED_OUT, None, reason)


def _check_policy(draft: Draft, task: Task, policy: TaskDef) -> bool:
    """Total, task and poll timeouts, in this order; whether one struck (spec/engine.md §5.2)."""
    now = draft.now
    named = f"Timeout policy configured to {policy.timeout_policy}"
    if 0 < deadlines.total_deadline(task, policy) <= now:
        reason = f"Task {task.def_name}/{task.task_id} exceeded total timeout of {policy.total_timeout_seconds} seconds. {named}"
    elif 0 < deadlines.run_deadline(task, policy) <= now:
        elapsed = (now - task.start_time) // 1000 - task.start_delay_seconds
        reason = f"Task timed out after {elapsed} seconds. Timeout configured as {policy.timeout_seconds} seconds. {named}"
    elif 0 < deadlines.poll_deadline(task, policy) <= now:
        elapsed = (now - task.scheduled_time) // 1000 - task.start_delay_seconds
        reason = f"Task poll timed out after {elapsed} seconds. Poll timeout configured as {policy.poll_timeout_seconds} seconds. {named}"
    else:
        return False
    timed_out = draft.finish_task(task, TaskStatus.TIMED_OUT, None, reason)
    if policy.timeout_policy is TimeoutPolicy.TIME_OUT_WF:
        raise Terminated(reason, WorkflowStatus.TIMED_OUT, timed_out)
    return True
