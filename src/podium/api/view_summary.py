"""Rows of search results: workflows and tasks in short, times as text, inputs and outputs as the text of their JSON."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final

import msgspec

from podium.api.masking import masked
from podium.api.view import queue_wait_time
from podium.model.status import TaskStatus, WorkflowStatus
from podium.model.task import Task
from podium.model.workflow import Workflow

EPOCH: Final = "1970-01-01T00:00:00.000Z"


class WorkflowSummary(msgspec.Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True, gc=False):
    """A workflow in a search result (spec/api.md §3.8). What has no default is always there."""

    workflow_type: str
    version: int
    workflow_id: str
    correlation_id: str | None = None
    start_time: str
    update_time: str
    end_time: str | None = None
    status: WorkflowStatus
    input: str
    output: str
    reason_for_incompletion: str | None = None
    execution_time: int  # ms
    event: str | None = None
    failed_reference_task_names: str
    external_input_payload_storage_path: str | None = None
    external_output_payload_storage_path: str | None = None
    priority: int
    failed_task_names: tuple[str, ...]
    created_by: str | None = None
    task_to_domain: dict[str, str]
    idempotency_key: str | None = None
    parent_workflow_id: str
    classifier: str
    input_size: int
    output_size: int


class TaskSummary(msgspec.Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True, gc=False):
    """A task in a search result (spec/api.md §3.8). What has no default is always there."""

    workflow_id: str
    workflow_type: str
    task_reference_name: str
    correlation_id: str | None = None
    scheduled_time: str
    start_time: str
    update_time: str
    end_time: str
    status: TaskStatus
    reason_for_incompletion: str | None = None
    execution_time: int  # ms
    queue_wait_time: int  # ms
    task_def_name: str
    task_type: str
    input: str
    output: str
    task_id: str
    external_input_payload_storage_path: str | None = None
    external_output_payload_storage_path: str | None = None
    workflow_priority: int
    domain: str | None = None


def iso_time(when: int) -> str:
    """`yyyy-MM-ddTHH:mm:ss.SSSZ` of `when` (epoch ms), in UTC; the epoch itself when unset."""
    if not when:
        return EPOCH
    return datetime.fromtimestamp(when / 1000, UTC).strftime(f"%Y-%m-%dT%H:%M:%S.{when % 1000:03d}Z")


def workflow_summary(workflow: Workflow, masked_fields: Sequence[str] = ()) -> WorkflowSummary:
    """A workflow in short (spec/api.md §3.8); `masked_fields`: those of its definition."""
    input_text, output_text = masked(workflow.input, masked_fields).decode(), masked(workflow.output, masked_fields).decode()
    return WorkflowSummary(
        workflow_type=workflow.name,
        version=workflow.version,
        workflow_id=workflow.workflow_id,
        correlation_id=workflow.correlation_id,
        start_time=iso_time(workflow.create_time),
        update_time=iso_time(workflow.update_time),
        end_time=iso_time(workflow.end_time) if workflow.status.terminal and workflow.end_time else None,
        status=workflow.status,
        input=input_text,
        output=output_text,
        reason_for_incompletion=workflow.reason,
        execution_time=_duration(workflow.create_time, workflow.end_time),
        event=workflow.event,
        failed_reference_task_names=",".join(workflow.failed_refs),
        external_input_payload_storage_path=workflow.input_path,
        external_output_payload_storage_path=workflow.output_path,
        priority=workflow.priority,
        failed_task_names=workflow.failed_task_names,
        created_by=workflow.created_by,
        task_to_domain=workflow.task_to_domain,
        idempotency_key=workflow.idempotency_key,
        parent_workflow_id=workflow.parent_workflow_id or "",
        classifier=workflow.classifier,
        input_size=len(input_text),
        output_size=len(output_text),
    )


def task_summary(workflow: Workflow, task: Task, masked_fields: Sequence[str] = ()) -> TaskSummary:
    """A task of `workflow` in short (spec/api.md §3.8); `masked_fields`: those of its definition."""
    return TaskSummary(
        workflow_id=task.workflow_id,
        workflow_type=workflow.name,
        task_reference_name=task.ref,
        correlation_id=task.correlation_id,
        scheduled_time=iso_time(task.scheduled_time),
        start_time=iso_time(task.start_time),
        update_time=iso_time(task.update_time),
        end_time=iso_time(task.end_time),
        status=task.status,
        reason_for_incompletion=task.reason,
        execution_time=_duration(task.start_time, task.end_time),
        queue_wait_time=queue_wait_time(task),
        task_def_name=task.def_name,
        task_type=task.task_type,
        input=masked(task.input, masked_fields).decode(),
        output=masked(task.output, masked_fields).decode(),
        task_id=task.task_id,
        external_input_payload_storage_path=task.input_path,
        external_output_payload_storage_path=task.output_path,
        workflow_priority=task.priority,
        domain=task.domain,
    )


def _duration(start: int, end: int) -> int:
    # A task that was finished without a poll has no start; its duration is 0 rather than the age of the epoch.
    return max(0, end - start) if start and end else 0
