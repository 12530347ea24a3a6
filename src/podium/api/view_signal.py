"""Answers of the calls that wait: the workflow, or the task that holds it up, with what the caller asked to be told about."""

from __future__ import annotations

from enum import StrEnum

import msgspec

from podium.api.view import TaskView, shown_payload, tasks_view
from podium.engine.run import Run
from podium.model.status import WorkflowStatus
from podium.model.task import Task


class ReturnStrategy(StrEnum):
    """What a call that waits describes in its answer (spec/api.md §2.1)."""

    TARGET_WORKFLOW = "TARGET_WORKFLOW"
    BLOCKING_WORKFLOW = "BLOCKING_WORKFLOW"
    BLOCKING_TASK = "BLOCKING_TASK"
    BLOCKING_TASK_INPUT = "BLOCKING_TASK_INPUT"

    @property
    def of_task(self) -> bool:
        """It describes a task."""
        return self in {ReturnStrategy.BLOCKING_TASK, ReturnStrategy.BLOCKING_TASK_INPUT}


class Waited(msgspec.Struct, frozen=True, kw_only=True):
    """What the caller asked, and how the wait for it ended."""

    strategy: ReturnStrategy
    request_id: str
    timed_out: bool
    target_id: str
    target_status: WorkflowStatus


class SignalResponse(msgspec.Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True, gc=False):
    """Both forms in one flat object (spec/api.md §3.11). What has no default is always there."""

    response_type: ReturnStrategy
    target_workflow_id: str
    target_workflow_status: WorkflowStatus
    request_id: str
    workflow_id: str
    correlation_id: str | None = None
    input: msgspec.Raw
    output: msgspec.Raw
    signal_timeout: bool
    priority: int
    variables: msgspec.Raw | None = None
    tasks: list[TaskView] | None = None
    task_type: str | None = None
    task_id: str | None = None
    reference_task_name: str | None = None
    retry_count: int | None = None
    task_def_name: str | None = None
    retried_task_id: str | None = None
    workflow_type: str | None = None
    reason_for_incompletion: str | None = None
    status: str  # of the workflow or of the task
    created_by: str | None = None
    create_time: int
    update_time: int


def workflow_form(waited: Waited, run: Run) -> SignalResponse:
    """The WorkflowRun form for `run`: the target itself or the workflow that holds it up (spec/api.md §3.11)."""
    workflow = run.workflow
    return SignalResponse(
        response_type=waited.strategy,
        target_workflow_id=waited.target_id,
        target_workflow_status=waited.target_status,
        request_id=waited.request_id,
        workflow_id=workflow.workflow_id,
        correlation_id=workflow.correlation_id,
        input=shown_payload(run, workflow.input),
        output=shown_payload(run, workflow.output),
        signal_timeout=waited.timed_out,
        priority=workflow.priority,
        variables=shown_payload(run, workflow.variables),
        tasks=tasks_view(run),
        status=workflow.status,
        created_by=workflow.created_by,
        create_time=workflow.create_time,
        update_time=workflow.update_time or workflow.create_time,
    )


def task_form(waited: Waited, run: Run, task: Task) -> SignalResponse:
    """The TaskRun form for `task` of `run`, which holds the target up (spec/api.md §3.11)."""
    return SignalResponse(
        response_type=waited.strategy,
        target_workflow_id=waited.target_id,
        target_workflow_status=waited.target_status,
        request_id=waited.request_id,
        workflow_id=task.workflow_id,
        correlation_id=task.correlation_id,
        input=shown_payload(run, task.input),
        output=shown_payload(run, task.output),
        signal_timeout=waited.timed_out,
        priority=task.priority,
        task_type=task.task_type,
        task_id=task.task_id,
        reference_task_name=task.ref,
        retry_count=task.retry_count,
        task_def_name=task.def_name,
        retried_task_id=task.retried_task_id,
        workflow_type=run.workflow.name,
        reason_for_incompletion=task.reason,
        status=task.status,
        created_by=task.worker_id,
        create_time=task.start_time or task.scheduled_time,
        update_time=task.update_time or task.scheduled_time,
    )
