"""What expressions read: the workflow and its tasks, as they are in the middle of a decision (spec/engine.md §3.12.3)."""

from __future__ import annotations

from collections.abc import Callable

from podium.engine.index import Index
from podium.engine.outputs import LoopOutput, output_so_far
from podium.engine.run import Catalog
from podium.model.json import Json, JsonObject
from podium.model.task import Task
from podium.model.workflow import Workflow

CAPTURED = frozenset({"CPEWF_TASK_ID", "NETFLIX_ENV", "NETFLIX_STACK"})

WORKFLOW_FIELDS: dict[str, Callable[[Workflow], Json]] = {
    "input": lambda workflow: workflow.input.value,
    "output": lambda workflow: workflow.output.value,
    "status": lambda workflow: workflow.status.value,
    "workflowId": lambda workflow: workflow.workflow_id,
    "parentWorkflowId": lambda workflow: workflow.parent_workflow_id,
    "parentWorkflowTaskId": lambda workflow: workflow.parent_task_id,
    "workflowType": lambda workflow: workflow.name,
    "version": lambda workflow: workflow.version,
    "correlationId": lambda workflow: workflow.correlation_id,
    "reasonForIncompletion": lambda workflow: workflow.reason,
    "schemaVersion": lambda _: 2,
    "variables": lambda workflow: workflow.variables.value,
    "createTime": lambda workflow: workflow.create_time,
    "idempotencyKey": lambda workflow: workflow.idempotency_key,
    "taskToDomain": lambda workflow: dict(workflow.task_to_domain),
}

TASK_FIELDS: dict[str, Callable[[Task], Json]] = {
    "input": lambda task: task.input.value,
    "output": lambda task: task.output.value,
    "taskType": lambda task: task.task_type,
    "status": lambda task: task.status.value,
    "referenceTaskName": lambda task: task.ref,
    "retryCount": lambda task: task.retry_count,
    "correlationId": lambda task: task.correlation_id,
    "pollCount": lambda task: task.poll_count,
    "taskDefName": lambda task: task.def_name,
    "scheduledTime": lambda task: task.scheduled_time,
    "startTime": lambda task: task.start_time,
    "endTime": lambda task: task.end_time,
    "workflowInstanceId": lambda task: task.workflow_id,
    "taskId": lambda task: task.task_id,
    "reasonForIncompletion": lambda task: task.reason,
    "callbackAfterSeconds": lambda task: task.callback_after_seconds,
    "workerId": lambda task: task.worker_id,
    "iteration": lambda task: task.iteration,
}


class RunScope:
    """A scope over a workflow and the index of its tasks; `task_id` is that of the task being planned, if it has one yet."""

    __slots__ = ("catalog", "index", "task_id", "workflow")

    def __init__(self, workflow: Workflow, index: Index, catalog: Catalog, task_id: str | None) -> None:
        self.workflow = workflow
        self.index = index
        self.catalog = catalog
        self.task_id = task_id

    def field(self, root: str, name: str) -> Json:
        """One field of the workflow or of the last attempt of a task."""
        if root == "workflow":
            read = WORKFLOW_FIELDS.get(name)
            return read(self.workflow) if read is not None else None
        task_id = self.index.latest.get(root)
        if task_id is None:
            return None
        return self._task_field(self.index.tasks[task_id], name)

    def _task_field(self, task: Task, name: str) -> Json:
        if name == "output" and not task.status.terminal:
            if task.task_type == "DO_WHILE":
                return LoopOutput(self.index, task, task.iteration - 1)
            task = output_so_far(self.index, task)
        read = TASK_FIELDS.get(name)
        return read(task) if read is not None else None

    def source(self, root: str) -> Json:
        """All fields under one root."""
        if root == "workflow":
            return {name: read(self.workflow) for name, read in WORKFLOW_FIELDS.items()}
        task_id = self.index.latest.get(root)
        if task_id is None:
            return None
        task = output_so_far(self.index, self.index.tasks[task_id])
        return {name: read(task) for name, read in TASK_FIELDS.items()}

    def document(self) -> JsonObject:
        """The workflow and every task: only for paths that may read anything."""
        return {"workflow": self.source("workflow"), **{ref: self.source(ref) for ref in self.index.latest}}

    def variable(self, name: str) -> str | None:
        """The task's own id, or an exposed process variable."""
        return self.task_id if name == "CPEWF_TASK_ID" else self.catalog.variable(name)

    def is_variable(self, name: str) -> bool:
        """Whether the name is captured before paths are looked at (spec/engine.md §3.12.2 rule 4)."""
        return name in CAPTURED or self.catalog.variable(name) is not None

    def env(self, name: str) -> str | None:
        """An environment variable of the installation."""
        return self.catalog.environment(name)
