"""UPDATE_TASK: ends a task of this or of another workflow (spec/tasks.md §4.12)."""

from __future__ import annotations

from typing import Any

from podium.engine.java_text import java_text
from podium.errors import CallerError, Invalid, NotFound
from podium.model.command import AnyCommand, UpdateTask, UpdateTaskByRef
from podium.model.event import TaskDetails
from podium.model.json import Json, JsonObject
from podium.model.payload import Payload
from podium.model.status import TaskStatus
from podium.model.task import Task
from podium.runtime.events import find_task
from podium.runtime.executor import Executor
from podium.runtime.system.finished import Finished
from podium.store.store import Store

STATUSES = (TaskStatus.COMPLETED, TaskStatus.FAILED, TaskStatus.FAILED_WITH_TERMINAL_ERROR)


class UpdateTaskTask:
    """Reports about a task, as its worker would. One that is over already cannot be updated, and fails this one."""

    def __init__(self, executor: Executor, store: Store) -> None:
        self._executor = executor
        self._store = store

    async def run(self, value: JsonObject, task: Task) -> Finished:
        """The id of the task that was updated, and its output."""
        output = task.input.value.get("taskOutput") or {}  # as it is stored: a secret in it stays a reference
        try:
            status = _status(value.get("taskStatus"))
            if not isinstance(output, dict):
                raise Invalid("'taskOutput' must be a map")
            target = await self._target(value)
            await self._update(target, status, output, f"task:{task.task_id}", merged=java_text(value.get("mergeOutput")) == "true")
        except CallerError as refusal:
            return Finished(status=TaskStatus.FAILED, reason=refusal.message)
        return Finished(status=TaskStatus.COMPLETED, output={"updatedTaskId": target.task_id, "taskOutput": output})

    async def _target(self, value: JsonObject) -> Task:
        """The task that is meant. Raises NotFound, Invalid when none is named."""
        task_id, workflow_id, ref = (_text(value.get(key)) for key in ("taskId", "workflowId", "taskRefName"))
        if task_id and not workflow_id:
            known = await self._store.tasks([task_id])
            workflow_id = known[0].workflow_id if known else None
        elif not task_id and not (workflow_id and ref):
            raise Invalid("Missing 'taskId', or 'workflowId' and 'taskRefName', in input data")
        run = await self._executor.read(workflow_id) if workflow_id else None
        found = find_task(run, TaskDetails(task_id=task_id, task_ref_name=ref)) if run is not None else None
        if found is None:
            raise NotFound(f"No such task found by {f'id: {task_id}' if task_id else f'reference name: {ref} in workflow {workflow_id}'}")
        return found

    async def _update(self, target: Task, status: TaskStatus, output: JsonObject, updater: str, *, merged: bool) -> None:
        """End a task, and leave this one's name on it: so a second run after a crash knows that it was the first. Raises Invalid."""
        if target.status.terminal and target.worker_id == updater:
            return
        common: dict[str, Any] = {"workflow_id": target.workflow_id, "actor": updater, "worker_id": updater}
        command: AnyCommand
        if merged:
            command = UpdateTaskByRef(ref=target.ref, status=status, output=output, **common)
        else:
            command = UpdateTask(task_id=target.task_id, status=status, output=Payload.of(output), **common)
        after = await self._executor.submit(command)
        if not isinstance(after, Task) or after.worker_id != updater:
            raise Invalid(f"Task {target.task_id} is over already, or its workflow is")

    async def close(self) -> None:
        """There is nothing to close."""


def _status(given: Json) -> TaskStatus:
    status = next((status for status in STATUSES if status == given), None)
    if status is None:
        raise Invalid(f"'taskStatus' must be one of {', '.join(STATUSES)}, not {java_text(given)[:100]}")
    return status


def _text(given: Json) -> str | None:
    return java_text(given).strip() or None if given is not None else None
