"""TERMINATE_WORKFLOW: ends other workflows (spec/tasks.md §3.17)."""

from __future__ import annotations

from podium.engine.java_text import java_text
from podium.errors import CallerError
from podium.model.command import TerminateWorkflow
from podium.model.json import Json, JsonObject
from podium.model.status import TaskStatus
from podium.model.task import Task
from podium.runtime.executor import Executor
from podium.runtime.system.finished import Finished

MOST_WORKFLOWS = 1_000  # as many as the bulk operations take


class TerminateWorkflowTask:
    """Ends those that run; those that are over or unknown are left out of the answer."""

    def __init__(self, executor: Executor) -> None:
        self._executor = executor

    async def run(self, value: JsonObject, task: Task) -> Finished:
        """The ids of the workflows that were ended."""
        given = value.get("workflowId")
        ids = given if isinstance(given, list) else [given]
        if not ids or any(not isinstance(one, str) or not one.strip() for one in ids):
            return Finished(status=TaskStatus.FAILED, reason="Missing 'workflowId' in input data: the id of a workflow, or a list of them")
        if len(ids) > MOST_WORKFLOWS:
            return Finished(status=TaskStatus.FAILED, reason=f"'workflowId' lists {len(ids)} workflows, {MOST_WORKFLOWS} at most")
        reason = value.get("terminationReason")
        failure_workflow = java_text(value.get("triggerFailureWorkflow")) == "true"
        ended: list[Json] = []
        for workflow_id in dict.fromkeys(map(str, ids)):
            command = TerminateWorkflow(
                workflow_id=workflow_id,
                actor=f"task:{task.task_id}",
                reason=None if reason is None else java_text(reason),
                start_failure_workflow=failure_workflow,
            )
            if await self._ended(command):
                ended.append(workflow_id)
        return Finished(status=TaskStatus.COMPLETED, output={"terminatedWorkflows": ended})

    async def _ended(self, command: TerminateWorkflow) -> bool:
        try:
            if (await self._executor.read(command.workflow_id)).workflow.status.terminal:
                return False
            await self._executor.submit(command)
        except CallerError:
            return False
        return True

    async def close(self) -> None:
        """There is nothing to close."""
