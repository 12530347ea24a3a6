"""Executions as clients see them: a task, a workflow, the whole of a run.

Inputs and outputs go into an answer as the bytes they are stored as. What repeats in every poll, the snapshot of the node
and its task definition, is encoded once per node.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final, Generic, TypeVar

import msgspec

from podium.api.masking import masked as masked_json
from podium.engine.run import Run
from podium.model.definition import WorkflowDef, WorkflowTask
from podium.model.json import JsonObject
from podium.model.payload import Payload
from podium.model.status import TaskStatus, WorkflowStatus
from podium.model.task import Task
from podium.model.wire import encode

Held = TypeVar("Held")

_SUB_WORKFLOW_ID: Final = "subWorkflowId"
_NULL: Final = msgspec.Raw(b"null")
_NO_EXECUTION_METADATA: Final[JsonObject] = {"additionalContext": {}}

encode_view: Final = msgspec.json.Encoder().encode
_decode_object: Final = msgspec.json.Decoder(JsonObject).decode


class TaskView(msgspec.Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True, gc=False):
    """A task on the wire (spec/api.md §3.5). What has no default is always there, even when it is null."""

    task_type: str
    status: TaskStatus
    input_data: msgspec.Raw
    reference_task_name: str
    retry_count: int
    seq: int
    correlation_id: str | None = None
    poll_count: int
    task_def_name: str
    scheduled_time: int
    start_time: int
    end_time: int
    update_time: int
    start_delay_in_seconds: int
    retried_task_id: str | None = None
    retried: bool
    executed: bool
    callback_from_worker: bool
    response_timeout_seconds: int
    workflow_instance_id: str
    workflow_type: str
    task_id: str
    reason_for_incompletion: str | None = None
    callback_after_seconds: int
    worker_id: str | None = None
    output_data: msgspec.Raw
    workflow_task: msgspec.Raw
    domain: str | None = None
    rate_limit_per_frequency: int
    rate_limit_frequency_in_seconds: int
    external_input_payload_storage_path: str | None = None
    external_output_payload_storage_path: str | None = None
    workflow_priority: int
    execution_name_space: str | None = None
    isolation_group_id: str | None = None
    iteration: int
    sub_workflow_id: str | None = None
    subworkflow_changed: bool
    first_start_time: int  # of the first attempt, as far as it is kept: when it was scheduled
    execution_metadata: JsonObject
    loop_over_task: bool
    task_definition: msgspec.Raw
    queue_wait_time: int
    runtime_metadata: dict[str, str] | None = None


class WorkflowView(msgspec.Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True, gc=False):
    """A workflow on the wire (spec/api.md §3.4). What has no default is always there."""

    owner_app: str | None = None
    create_time: int
    update_time: int
    created_by: str | None = None
    updated_by: str | None = None
    status: WorkflowStatus
    end_time: int
    workflow_id: str
    parent_workflow_id: str | None = None
    parent_workflow_task_id: str | None = None
    tasks: list[TaskView]
    input: msgspec.Raw
    output: msgspec.Raw
    correlation_id: str | None = None
    re_run_from_workflow_id: str | None = None
    reason_for_incompletion: str | None = None
    event: str | None = None
    task_to_domain: dict[str, str]
    failed_reference_task_names: tuple[str, ...]
    workflow_definition: msgspec.Raw
    external_input_payload_storage_path: str | None = None
    external_output_payload_storage_path: str | None = None
    priority: int
    variables: msgspec.Raw
    last_retried_time: int
    failed_task_names: tuple[str, ...]
    history: tuple[str, ...]
    idempotency_key: str | None = None
    rate_limit_key: str | None = None
    rate_limited: bool
    start_time: int
    workflow_name: str
    workflow_version: int


def task_view(run: Run, task: Task, *, masked: bool = True) -> TaskView:
    """A task of `run` as readers see it (spec/api.md §3.5), or with nothing masked, as workers do."""
    node, definition = _snapshot(_Identity(run.node_of(task)))
    shown = shown_payload if masked else _whole
    # A table: what stands on the wire, and where it comes from.
    # fmt: off
    return TaskView(
        task_type=task.task_type, status=task.status,
        input_data=shown(run, task.input), reference_task_name=task.ref,
        retry_count=task.retry_count, seq=task.seq,
        correlation_id=task.correlation_id, poll_count=task.poll_count,
        task_def_name=task.def_name, scheduled_time=task.scheduled_time,
        start_time=task.start_time, end_time=task.end_time,
        update_time=task.update_time, start_delay_in_seconds=task.start_delay_seconds,
        retried_task_id=task.retried_task_id, retried=task.retried,
        executed=task.executed, callback_from_worker=True,
        response_timeout_seconds=task.response_timeout_seconds, workflow_instance_id=task.workflow_id,
        workflow_type=run.workflow.name, task_id=task.task_id,
        reason_for_incompletion=task.reason, callback_after_seconds=task.callback_after_seconds,
        worker_id=task.worker_id, output_data=shown(run, task.output),
        workflow_task=node, domain=task.domain,
        rate_limit_per_frequency=task.rate_limit_per_frequency, rate_limit_frequency_in_seconds=task.rate_limit_frequency_in_seconds,
        external_input_payload_storage_path=task.input_path, external_output_payload_storage_path=task.output_path,
        workflow_priority=task.priority, execution_name_space=task.execution_name_space,
        isolation_group_id=task.isolation_group_id, iteration=task.iteration,
        sub_workflow_id=sub_workflow_id(task), subworkflow_changed=task.subworkflow_changed,
        first_start_time=task.first_scheduled_time, execution_metadata=task.execution_metadata or _NO_EXECUTION_METADATA,
        loop_over_task=task.iteration > 0, task_definition=definition,
        queue_wait_time=queue_wait_time(task),
    )
    # fmt: on


def workflow_view(run: Run, *, include_tasks: bool, masked: bool = True) -> WorkflowView:
    """The workflow of `run`, with its tasks in order of `seq` or with an empty list (spec/api.md §3.4)."""
    workflow = run.workflow
    shown = shown_payload if masked else _whole
    return WorkflowView(
        owner_app=workflow.owner_app,
        create_time=workflow.create_time,
        update_time=workflow.update_time,
        created_by=workflow.created_by,
        updated_by=workflow.updated_by,
        status=workflow.status,
        end_time=workflow.end_time,
        workflow_id=workflow.workflow_id,
        parent_workflow_id=workflow.parent_workflow_id,
        parent_workflow_task_id=workflow.parent_task_id,
        tasks=tasks_view(run, masked=masked) if include_tasks else [],
        input=shown(run, workflow.input),
        output=shown(run, workflow.output),
        correlation_id=workflow.correlation_id,
        re_run_from_workflow_id=workflow.rerun_from_workflow_id,
        reason_for_incompletion=workflow.reason,
        event=workflow.event,
        task_to_domain=workflow.task_to_domain,
        failed_reference_task_names=workflow.failed_refs,
        workflow_definition=_definition(_Identity(run.program.definition)),
        external_input_payload_storage_path=workflow.input_path,
        external_output_payload_storage_path=workflow.output_path,
        priority=workflow.priority,
        variables=shown(run, workflow.variables),
        last_retried_time=workflow.last_retried_time,
        failed_task_names=workflow.failed_task_names,
        history=(),
        idempotency_key=workflow.idempotency_key,
        rate_limit_key=workflow.rate_limit_key,
        rate_limited=workflow.rate_limited,
        start_time=workflow.create_time,
        workflow_name=workflow.name,
        workflow_version=workflow.version,
    )


def tasks_view(run: Run, *, masked: bool = True) -> list[TaskView]:
    """All tasks of `run`, in the wire's order."""
    return [task_view(run, run.shown(task), masked=masked) for task in run.listed()]


def shown_payload(run: Run, payload: Payload) -> msgspec.Raw:
    """A payload of `run` as readers see it."""
    return msgspec.Raw(masked_json(payload, run.program.definition.masked_fields))


def _whole(_run: Run, payload: Payload) -> msgspec.Raw:
    return msgspec.Raw(payload.raw)


def execution_json(run: Run) -> JsonObject:
    """The whole execution, tasks included, as plain JSON: what a failure workflow gets as `failedWorkflow` (spec/engine.md §7.8)."""
    return _decode_object(encode_view(workflow_view(run, include_tasks=True, masked=False)))


def shown_json(run: Run, include_tasks: bool) -> JsonObject:
    """The execution as readers see it, as plain JSON: what GET_WORKFLOW gives."""
    return _decode_object(encode_view(workflow_view(run, include_tasks=include_tasks)))


def status_json(run: Run, *, include_output: bool, include_variables: bool) -> bytes:
    """A WorkflowStatus (spec/api.md §3.10): output and variables only when asked for."""
    workflow = run.workflow
    answer: dict[str, object] = {"workflowId": workflow.workflow_id}
    if workflow.correlation_id:
        answer["correlationId"] = workflow.correlation_id
    if include_output:
        answer["output"] = shown_payload(run, workflow.output)
    if include_variables:
        answer["variables"] = shown_payload(run, workflow.variables)
    answer["status"] = workflow.status
    return encode_view(answer)


def sub_workflow_id(task: Task) -> str | None:
    """The child's id: the task's own, else the one in its output, else the one in its input (spec/api.md §3.5)."""
    return task.sub_workflow_id or _text_in(task.output) or _text_in(task.input)


def queue_wait_time(task: Task) -> int:
    """Milliseconds between scheduling and start, without the delay that the worker asked for (spec/api.md §3.5)."""
    if not task.start_time or not task.scheduled_time:
        return 0
    return max(0, task.start_time - task.scheduled_time - task.callback_after_seconds * 1000)


def _text_in(payload: Payload) -> str | None:
    # The bytes tell at once that the key is absent, which it nearly always is; so nothing is decoded for it.
    if b'"subWorkflowId"' not in payload.raw:
        return None
    value = payload.value.get(_SUB_WORKFLOW_ID)
    return value if isinstance(value, str) else None


class _Identity(Generic[Held]):
    """A key that equals itself alone, so that a definition is found by which one it is and not by comparing all it holds."""

    __slots__ = ("held",)

    def __init__(self, held: Held) -> None:
        self.held = held

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Identity) and self.held is other.held

    def __hash__(self) -> int:
        return id(self.held)


@lru_cache(maxsize=4096)
def _snapshot(key: _Identity[WorkflowTask]) -> tuple[msgspec.Raw, msgspec.Raw]:
    """(workflowTask, taskDefinition) of a node, encoded."""
    node = key.held
    return msgspec.Raw(encode(node)), _NULL if node.task_definition is None else msgspec.Raw(encode(node.task_definition))


@lru_cache(maxsize=512)
def _definition(key: _Identity[WorkflowDef]) -> msgspec.Raw:
    """The workflowDefinition of a run, encoded."""
    return msgspec.Raw(encode(key.held))
