"""Task updates: what a worker, a person or the server itself reports about a task (spec/engine.md §8)."""

from __future__ import annotations

from typing import Any

from podium.engine.advance import advance
from podium.engine.draft import Draft
from podium.errors import NotFound
from podium.model.command import AnnounceStart, FinishSystemTask, RequeueTask, Signal, UpdateTask, UpdateTaskByRef
from podium.model.json import JsonObject
from podium.model.payload import Payload
from podium.model.status import TaskStatus
from podium.model.task import Task, TaskLog

MAX_REASON = 500  # characters
MAX_LOGS = 10  # lines of one update


def update_task(draft: Draft, command: UpdateTask) -> Task | None:
    """A report by task id; None for an extended lease. A report about a task or run that is over changes nothing."""
    task = _known(draft, command.task_id)
    if command.extend_lease:
        if not task.status.terminal:
            draft.change(task)
        return None
    if task.status.terminal or draft.workflow.status.terminal:
        return task
    changes: dict[str, Any] = {
        "output": command.output,
        "reason": command.reason[:MAX_REASON] if command.reason is not None else None,
        "worker_id": command.worker_id,
        "callback_after_seconds": command.callback_after_seconds,
    }
    if command.output_path is not None:
        changes["output_path"] = command.output_path
    if task.task_type != "SUB_WORKFLOW":  # a child is never cut off from its parent by a report
        changes["sub_workflow_id"] = command.sub_workflow_id
    if command.execution_metadata is not None:
        changes["execution_metadata"] = command.execution_metadata
    _log(draft, task, command.logs)
    return _report(draft, task, command.status, changes)


def update_task_by_ref(draft: Draft, command: UpdateTaskByRef) -> Task | None:
    """A report by reference name; its output is merged (spec/engine.md §8.2)."""
    task = _pending(draft, command.ref)
    if task is None:
        if command.ref not in draft.index.last and command.ref not in draft.index.latest:
            raise NotFound(f"Found no task {command.ref} in workflow {command.workflow_id} to update")
        return None
    worker = command.worker_id or (task.worker_id if command.keep_worker else command.worker_id)
    return _merge(draft, task, command.status, command.output, worker)


def signal(draft: Draft, command: Signal) -> Task | None:
    """Finish the first open WAIT (spec/engine.md §8.3)."""
    task = next((task for task in draft.open_tasks() if task.task_type in ("WAIT", "YIELD")), None)
    if task is None:
        return None
    return _merge(draft, task, command.status, command.output, task.worker_id)


def finish_system_task(draft: Draft, command: FinishSystemTask) -> Task:
    """What the server's own loop reports about a task that it ran."""
    task = _known(draft, command.task_id)
    if task.status.terminal or draft.workflow.status.terminal:
        return task
    again = command.status is TaskStatus.IN_PROGRESS and command.callback_after_seconds > 0
    changes: dict[str, Any] = {
        "output": Payload.of(command.output),
        "reason": command.reason[:MAX_REASON] if command.reason is not None else None,
        "callback_after_seconds": command.callback_after_seconds,
    }
    if again:
        changes |= {"ready_at": draft.now + command.callback_after_seconds * 1000}
    elif command.status is TaskStatus.IN_PROGRESS:
        changes |= {"lease_ms": 0, "ready_at": 0}  # it now waits for somebody outside
    after = draft.change(task, status=command.status, **changes)
    advance(draft)
    return draft.task(after.task_id) or after


def announce_start(draft: Draft, command: AnnounceStart) -> None:
    """Have a start published, unless a later decision was faster."""
    task = draft.task(command.task_id)
    if task is not None and task.start_untold and task.start_time:
        draft.tell_start(task)


def requeue_task(draft: Draft, command: RequeueTask) -> bool:
    """Put an open worker task back into its queue, with what is left of its delay (spec/engine.md §6.8)."""
    task = draft.task(command.task_id)
    if task is None or task.status.terminal or task.system:
        return False
    left = max(0, task.callback_after_seconds * 1000 - (draft.now - task.update_time))
    draft.change(task, status=TaskStatus.SCHEDULED, ready_at=draft.now + left)
    return True


def _known(draft: Draft, task_id: str) -> Task:
    task = draft.task(task_id)
    if task is None:
        raise NotFound(f"No such task found by id: {task_id} in workflow {draft.workflow.workflow_id}")
    return task


def _pending(draft: Draft, ref: str) -> Task | None:
    """The first open task of a reference name, exact or without iteration (spec/engine.md §8.2)."""
    last = draft.last(ref)
    if last is not None and not last.status.terminal:
        return last
    opened = draft.open_tasks()
    exact = next((task for task in opened if task.ref == ref), None)
    return exact or next((task for task in opened if task.base_ref == ref), None)


def _merge(draft: Draft, task: Task, status: TaskStatus, output: JsonObject, worker_id: str | None) -> Task:
    merged = Payload.of({**task.output.value, **output}) if output else task.output
    return _report(draft, task, status, {"output": merged, "worker_id": worker_id})


def _report(draft: Draft, task: Task, status: TaskStatus, changes: dict[str, Any]) -> Task:
    """Store a report and decide what follows. A worker's IN_PROGRESS puts the task back into its queue (spec/engine.md §8.5)."""
    if status is TaskStatus.IN_PROGRESS and not task.system:
        status = TaskStatus.SCHEDULED
        seconds = changes.get("callback_after_seconds", task.callback_after_seconds)
        changes["ready_at"] = draft.now + seconds * 1000
    elif task.ready_at and status is TaskStatus.IN_PROGRESS:
        changes["ready_at"] = 0
    after = draft.change(task, status=status, **changes)
    advance(draft)
    return draft.task(after.task_id) or after


def _log(draft: Draft, task: Task, logs: tuple[TaskLog, ...]) -> None:
    for line in logs[:MAX_LOGS]:
        draft.logs.append(TaskLog(log=line.log, task_id=task.task_id, created_time=line.created_time or draft.now))
