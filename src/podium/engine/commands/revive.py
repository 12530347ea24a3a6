"""Reviving parents: a child that runs again makes its parents run again (spec/engine.md §7.9)."""

from __future__ import annotations

from collections.abc import Iterator

from podium.engine.advance import advance
from podium.engine.conformity import check_input
from podium.engine.draft import Draft
from podium.engine.ids import name_uuid
from podium.engine.tasks import TASK_TYPES
from podium.model.command import ChildRevived
from podium.model.message import RetryChild, RevivedChild
from podium.model.payload import Payload
from podium.model.status import TaskStatus, WorkflowStatus
from podium.model.task import Task, TaskLog

_REOPENED = frozenset({"JOIN", "EXCLUSIVE_JOIN", "DO_WHILE"})


def tell_parent_revived(draft: Draft, verb: str) -> None:
    """Have the parent, if there is one, told that this run goes on."""
    workflow = draft.workflow
    if workflow.parent_workflow_id is None or workflow.parent_task_id is None:
        return
    draft.send(
        RevivedChild(
            workflow_id=workflow.parent_workflow_id,
            task_id=workflow.parent_task_id,
            child_id=workflow.workflow_id,
            child_name=workflow.name,
            child_version=workflow.version,
            verb=verb,
        )
    )


def child_revived(draft: Draft, command: ChildRevived) -> None:
    """The parent's task is open again, and with it the parent; cancelled siblings go on where they stopped."""
    task = draft.task(command.task_id)
    node = draft.node(task) if task is not None else None
    if task is None or node is None or node.task.optional or task.retried or not task.status.terminal:
        return
    draft.change(
        task,
        status=TaskStatus.IN_PROGRESS,
        sub_workflow_id=command.child_id,
        executed=False,
        reason=None,
        end_time=0,
        subworkflow_changed=False,
    )
    line = f"Sub workflow {command.child_name}.{command.child_version}/{command.child_id} {command.verb}."
    draft.logs.append(TaskLog(log=line, task_id=task.task_id, created_time=draft.now))
    if draft.workflow.status.terminal:
        _reopen_run(draft, task)
        tell_parent_revived(draft, command.verb)
    _reopen_containers(draft, task)
    draft.look_at_pending()
    advance(draft)


def _reopen_run(draft: Draft, revived: Task) -> None:
    reopen_workflow(draft)
    for task in list(draft.index.tasks.values()):
        if task.task_id == revived.task_id or task.retried:
            continue
        if task.task_type == "SUB_WORKFLOW" and task.status.failed and task.sub_workflow_id is not None:
            draft.change(task, status=TaskStatus.IN_PROGRESS, executed=False, reason=None, end_time=0)
            draft.send(RetryChild(workflow_id=draft.workflow.workflow_id, child_id=task.sub_workflow_id))
        elif task.status is TaskStatus.CANCELED and task.task_type not in _REOPENED:
            open_again(draft, task, task.retry_count + 1)


def reopen_workflow(draft: Draft) -> None:
    """The workflow runs again; it forgets why it ended."""
    draft.set_workflow(
        status=WorkflowStatus.RUNNING,
        reason=None,
        failed_task_id=None,
        failed_refs=(),
        failed_task_names=(),
        last_retried_time=draft.now,
    )


def _reopen_containers(draft: Draft, revived: Task) -> None:
    """Unsuccessful JOINs, cancelled loops and the loops around the revived task are open again."""
    around = set(_loops_around(draft, revived))
    for task in list(draft.index.tasks.values()):
        if task.task_type not in _REOPENED or not task.status.failed or task.retried:
            continue
        if task.task_type != "DO_WHILE" or task.status is TaskStatus.CANCELED or task.task_id in around:
            reopen(draft, task)
            draft.look_at(task.task_id)


def _loops_around(draft: Draft, task: Task) -> Iterator[str]:
    loop_id = draft.index.loop_of(task)
    while loop_id is not None:
        yield loop_id
        loop_id = draft.index.loop_of(draft.index.tasks[loop_id])


def reopen(draft: Draft, task: Task, retry_count: int | None = None) -> Task:
    """One JOIN or loop is open again, the same task. A loop gathers its iterations anew."""
    count = task.retry_count if retry_count is None else retry_count
    output = task.output
    if task.task_type == "DO_WHILE":
        output = Payload.of({key: value for key, value in output.value.items() if not key.isdecimal()})
    return draft.change(
        task, status=TaskStatus.IN_PROGRESS, output=output, executed=False, retried=False, end_time=0, reason=None, retry_count=count
    )


def open_again(draft: Draft, task: Task, retry_count: int | None = None) -> None:
    """Another task is open again, under the same id: it waits for a worker, begins to wait, or is executed."""
    count = task.retry_count if retry_count is None else retry_count
    known = TASK_TYPES.get(task.task_type)
    polled = known is None or known.polled
    opened = draft.change(
        task,
        status=TaskStatus.SCHEDULED,
        executed=False,
        retried=False,
        end_time=0,
        start_time=0,
        reason=None,
        retry_count=count,
        scheduled_time=draft.now,
        callback_after_seconds=0,
        callback_after_ms=0,
        ready_at=draft.now if polled else 0,
        sub_workflow_id=_new_child(draft, task) if task.task_type == "SUB_WORKFLOW" else None,
    )
    if not check_input(draft, opened).status.terminal and known is not None and known.execute is not None:
        draft.look_at(task.task_id)


def _new_child(draft: Draft, task: Task) -> str:
    """The id of a child that the task has not had yet: news of an earlier one are not for it (spec/engine.md §7.6)."""
    return name_uuid(f"subworkflow:{task.workflow_id}:{task.task_id}:{task.retry_count}:{draft.run.workflow.revision + 1}")
