"""Children: what a SUB_WORKFLOW or START_WORKFLOW task hears of the workflow it started (spec/engine.md §9.2-§9.4)."""

from __future__ import annotations

from podium.engine.advance import advance
from podium.engine.draft import Draft
from podium.engine.effects import tell_parent
from podium.engine.ending import refuse_failure_workflow
from podium.engine.tasks.start_workflow import started
from podium.model.command import AwaitWorkflow, ChildChanged, ChildNotStarted, FailureWorkflowRefused, OtherStarted
from podium.model.payload import Payload
from podium.model.status import TaskStatus, WorkflowStatus
from podium.model.task import Task

_AS_TASK = {
    WorkflowStatus.COMPLETED: TaskStatus.COMPLETED,
    WorkflowStatus.FAILED: TaskStatus.FAILED,
    WorkflowStatus.TIMED_OUT: TaskStatus.TIMED_OUT,
    WorkflowStatus.TERMINATED: TaskStatus.CANCELED,
}


def child_changed(draft: Draft, command: ChildChanged) -> None:
    """A child began or ended. News of a child that the task no longer points to changes nothing."""
    task = draft.task(command.task_id)
    if task is None or task.retried or (task.sub_workflow_id or command.child_id) != command.child_id:
        return
    status = _AS_TASK.get(command.status, TaskStatus.IN_PROGRESS)
    if task.status.terminal and not _made_good(task, status):
        return
    output = {**task.output.value, "subWorkflowId": command.child_id}
    if status.terminal:
        output = {**output, **command.output}
    named = f"{command.child_name}.{command.child_version}/{command.child_id}"
    reason = f"Sub workflow {named} failure reason: {command.reason}" if status.failed else None
    draft.change(
        task,
        status=status,
        sub_workflow_id=command.child_id,
        output=Payload.of(output),
        reason=reason,
        start_time=task.start_time or draft.now,
    )
    advance(draft)


def await_workflow(draft: Draft, command: AwaitWorkflow) -> None:
    """A task of another run waits for this one: it hears how it stands now, and when it has ended."""
    waiting = (command.parent_workflow_id, command.parent_task_id)
    if waiting not in draft.workflow.awaited_by:
        draft.set_workflow(awaited_by=(*draft.workflow.awaited_by, waiting))
    if draft.run.workflow.status.terminal or not draft.workflow.status.terminal:  # else it is told with the end
        draft.send(tell_parent(draft.workflow, *waiting))


def _made_good(task: Task, status: TaskStatus) -> bool:
    """An optional child that failed, was retried by hand and is well now: its parent went on long ago, and only sees the better status."""
    return task.status is TaskStatus.COMPLETED_WITH_ERRORS and status is TaskStatus.COMPLETED


def child_not_started(draft: Draft, command: ChildNotStarted) -> None:
    """The other workflow could not be started."""
    task = _waiting(draft, command.task_id)
    if task is not None:
        draft.change(task, status=TaskStatus.FAILED, reason=command.reason, start_time=task.start_time or draft.now)
        advance(draft)


def other_started(draft: Draft, command: OtherStarted) -> None:
    """START_WORKFLOW is done when the other workflow exists."""
    task = _waiting(draft, command.task_id)
    if task is not None:
        output = started(task, command.other_id)
        draft.change(task, status=TaskStatus.COMPLETED, output=output, reason=None, start_time=task.start_time or draft.now)
        advance(draft)


def failure_workflow_refused(draft: Draft, command: FailureWorkflowRefused) -> None:
    """Say in the output why there is no failure workflow."""
    refuse_failure_workflow(draft, draft.program.definition.failure_workflow or "", command.reason)


def _waiting(draft: Draft, task_id: str) -> Task | None:
    task = draft.task(task_id)
    return task if task is not None and not task.status.terminal and not draft.workflow.status.terminal else None
