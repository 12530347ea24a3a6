"""Retry: the failed tasks of an ended run are tried again (spec/engine.md §7.5)."""

from __future__ import annotations

from podium.engine.advance import advance
from podium.engine.commands.revive import reopen, reopen_workflow, tell_parent_revived
from podium.engine.draft import Draft
from podium.engine.index import awaited
from podium.engine.retry import next_attempt
from podium.engine.tasks import TASK_TYPES
from podium.engine.turn import Turn
from podium.errors import Conflict, NotFound
from podium.model.command import RetryWorkflow
from podium.model.message import RetryChild
from podium.model.status import TaskStatus, WorkflowStatus
from podium.model.task import Task

_FAILED = frozenset({TaskStatus.FAILED, TaskStatus.FAILED_WITH_TERMINAL_ERROR, TaskStatus.TIMED_OUT})
_IN_PLACE = frozenset({"DO_WHILE", "JOIN", "EXCLUSIVE_JOIN"})


def retry_workflow(draft: Draft, command: RetryWorkflow) -> None:
    """New attempts for what failed last under each reference; JOINs and loops in place."""
    workflow = draft.workflow
    if not workflow.status.terminal:
        raise NotFound(f"Workflow is still running.  status={workflow.status}")
    if not any(True for _ in draft.index.tasks):
        raise Conflict("Workflow has not started yet")
    if command.resume_subworkflow_tasks and _resume_children(draft):
        return
    reopened, again = _select(draft)
    if not again and workflow.status is not WorkflowStatus.TIMED_OUT:
        raise Conflict(
            f"There are no retryable tasks! Use restart if you want to attempt entire workflow execution again. {workflow.workflow_id}"
        )
    retry_tasks(draft, reopened, again)
    tell_parent_revived(draft, "retried")


def _resume_children(draft: Draft) -> bool:
    """With a failed child: it is retried in place, and its news reopens this run. True when that is all there is to do."""
    failed = next((t for t in _by_seq(draft) if t.status.failed and not t.retried), None)
    if failed is None:
        return True
    if failed.task_type == "DO_WHILE":
        failed = next((t for t in _by_seq(draft) if t.task_type == "SUB_WORKFLOW" and t.status.failed and not t.retried), failed)
    if failed.task_type != "SUB_WORKFLOW" or failed.sub_workflow_id is None:
        return False
    draft.send(RetryChild(workflow_id=draft.workflow.workflow_id, child_id=failed.sub_workflow_id))
    return True


def _by_seq(draft: Draft) -> list[Task]:
    return sorted(draft.index.tasks.values(), key=lambda task: task.seq)


def _select(draft: Draft) -> tuple[list[Task], list[Task]]:
    """(JOINs and loops to reopen as they are, tasks to try again), by the table of spec/engine.md §7.5."""
    reopened: list[Task] = []
    again: dict[str, Task] = {}
    for task in _by_seq(draft):
        if _tried_again(draft, task):
            again[task.ref] = task
        elif task.status.failed:
            reopened.append(task)
        else:
            again.pop(task.ref, None)
    return reopened, sorted(again.values(), key=lambda task: task.seq)


def _tried_again(draft: Draft, task: Task) -> bool:
    if task.status is TaskStatus.CANCELED:
        return task.task_type not in ("JOIN", "DO_WHILE")
    return task.status in _FAILED and not _holds_permissive_failure(draft, task)


def _holds_permissive_failure(draft: Draft, task: Task) -> bool:
    if task.task_type not in ("JOIN", "EXCLUSIVE_JOIN") or task.status is not TaskStatus.FAILED:
        return False
    joined = (draft.last(ref) for ref in awaited(task))
    for other in joined:
        node = draft.node(other) if other is not None else None
        if other is not None and other.status in _FAILED and node is not None and node.task.permissive and not node.task.optional:
            return True
    return False


def retry_tasks(draft: Draft, reopened: list[Task], again: list[Task]) -> None:
    """Reopen the run, what is reopened as it is, and make the new attempts."""
    failed_id, refs, names = draft.workflow.failed_task_id, draft.workflow.failed_refs, draft.workflow.failed_task_names
    reopen_workflow(draft)
    draft.set_workflow(failed_task_id=failed_id, failed_refs=refs, failed_task_names=names)
    turn = Turn(draft, TASK_TYPES)
    for task in again:
        if task.task_type in _IN_PLACE:
            reopen(draft, task, task.retry_count + 1)
        elif (node := draft.node(task)) is not None:
            turn.schedule([next_attempt(turn, task, node, by_hand=True)])
    for task in reopened:
        reopen(draft, task)
    for task_id in turn.to_execute:
        draft.look_at(task_id)
    for task_id in draft.index.open:
        if draft.index.tasks[task_id].task_type in _IN_PLACE:
            draft.look_at(task_id)
    draft.look_at_pending()
    advance(draft)
