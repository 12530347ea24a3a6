"""GET_WORKFLOW: the execution of another workflow as an output (spec/tasks.md §3.16)."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from podium.engine.java_text import java_text
from podium.engine.run import Run
from podium.errors import CallerError
from podium.model.json import JsonObject
from podium.model.status import TaskStatus
from podium.model.task import Task
from podium.runtime.executor import Executor
from podium.runtime.system.finished import Finished


class GetWorkflowTask:
    """Reads a workflow by its id. What is larger than an output may be fails the task."""

    def __init__(self, executor: Executor, execution_json: Callable[[Run, bool], JsonObject], most_bytes: int) -> None:
        self._executor = executor
        self._execution_json = execution_json
        self._most_bytes = most_bytes

    async def run(self, value: JsonObject, task: Task) -> Finished:  # noqa: ARG002 - every type takes the task
        """The workflow as the API shows it; without its tasks, unless they are asked for."""
        workflow_id = value.get("id")
        if not isinstance(workflow_id, str) or not workflow_id.strip():
            return Finished(status=TaskStatus.FAILED, reason="Missing 'id' in input data: the id of a workflow")
        include_tasks = java_text(value.get("includeTasks")) == "true"
        try:
            found = self._execution_json(await self._executor.read(workflow_id), include_tasks)
        except CallerError as refusal:
            return Finished(status=TaskStatus.FAILED, reason=refusal.message)
        size = len(msgspec.json.encode(found))
        if size > self._most_bytes:
            return Finished(
                status=TaskStatus.FAILED, reason=f"Workflow {workflow_id} has {size} bytes, an output at most {self._most_bytes}"
            )
        return Finished(status=TaskStatus.COMPLETED, output=found)

    async def close(self) -> None:
        """There is nothing to close."""
