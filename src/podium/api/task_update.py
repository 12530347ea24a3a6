"""Reports: workers and others tell here what came of a task, by its id, by its reference name, or by a signal."""

from __future__ import annotations

from typing import Final

import msgspec

from podium.api.answer import Answer, nothing, raw_json, text_answer
from podium.api.parameter import integer, optional_text
from podium.api.routing import Call, Route
from podium.api.task_poll import WORKER_ID, handed_out
from podium.api.view import TaskView, WorkflowView, encode_view, workflow_view
from podium.api.view_signal import SignalResponse
from podium.api.workflow_execute import RETURN_STRATEGY, Wait, return_strategy, wait
from podium.errors import Invalid, NotFound
from podium.model.body import Long, ReportedStatus, TaskResult
from podium.model.command import Signal, UpdateTask, UpdateTaskByRef
from podium.model.json import JsonObject
from podium.model.payload import Payload
from podium.model.shape import MAX_DEPTH
from podium.model.status import TaskStatus
from podium.model.task import Task, TaskLog
from podium.runtime.chain import report_and_take
from podium.runtime.descent import signal_first

SIGNAL_WAIT_MS: Final = 5000

TIMEOUT_MS: Final = integer("timeoutMillis", SIGNAL_WAIT_MS, "how long to wait at most")
NEW_WORKER_ID: Final = optional_text("workerid", "who reports; replaces what the task has, even with nothing")


class _Report(msgspec.Struct, frozen=True, kw_only=True, rename="camel", gc=False):
    """A TaskResult whose output stays text: the form that workers send nearly always."""

    workflow_instance_id: str
    task_id: str
    status: ReportedStatus
    output_data: msgspec.Raw = msgspec.Raw(b"{}")
    reason_for_incompletion: str | None = None
    callback_after_seconds: Long = 0
    worker_id: str | None = None
    logs: list[TaskLog] = []
    external_output_payload_storage_path: str | None = None
    sub_workflow_id: str | None = None
    extend_lease: bool = False
    execution_metadata: JsonObject | None = None


_decode_report: Final = msgspec.json.Decoder(_Report).decode
_decode_object: Final = msgspec.json.Decoder(JsonObject).decode


async def update(call: Call) -> Answer:
    """POST /tasks."""
    command = update_command(call)
    await call.platform.executor.handle(command)
    return text_answer(command.task_id)


async def update_and_poll(call: Call) -> Answer:
    """POST /tasks/update-v2: the next task of the same queue, or 204. Never 404, which clients read as a missing endpoint."""
    command, platform = update_command(call), call.platform
    try:
        task = await report_and_take(platform.executor, platform.queue, command)
    except NotFound as error:
        raise Invalid(error.message) from error
    views = await handed_out(platform, [task] if task is not None else [])
    return raw_json(encode_view(views[0])) if views else nothing(204)


async def update_by_reference(call: Call) -> Answer:
    """POST /tasks/{workflowId}/{taskRefName}/{status}: the task's id; empty for a late report about a task that is over."""
    task = await _by_reference(call, call.query(WORKER_ID), keep_worker=True)
    return text_answer(task.task_id) if task is not None else nothing()


async def update_by_reference_and_read(call: Call) -> Answer:
    """POST /tasks/{workflowId}/{taskRefName}/{status}/sync: the workflow as it is afterwards."""
    task = await _by_reference(call, call.query(NEW_WORKER_ID), keep_worker=False)
    if task is None:
        raise NotFound(f"The task {call.path['taskRefName']} of workflow {call.path['workflowId']} is over")
    run = await call.platform.executor.read(task.workflow_id)
    return raw_json(encode_view(workflow_view(run, include_tasks=True)))


async def signal(call: Call) -> Answer:
    """POST /tasks/{workflowId}/{status}/signal: 200 even when nothing waits."""
    await signal_first(call.platform.executor, _signal_command(call))
    return nothing()


async def signal_and_wait(call: Call) -> Answer:
    """POST /tasks/{workflowId}/{status}/signal/sync."""
    strategy, wait_ms = return_strategy(call.query(RETURN_STRATEGY)), call.query(TIMEOUT_MS)
    command = _signal_command(call)
    if await signal_first(call.platform.executor, command) is None:
        raise NotFound(f"No task of workflow {command.workflow_id} waits for a signal", workflow_id=command.workflow_id)
    return await wait(call, command.workflow_id, Wait(strategy, None, frozenset(), wait_ms))


def update_command(call: Call) -> UpdateTask:
    """The command for the TaskResult in the body. Raises Invalid."""
    if call.raw.count(b"[") + call.raw.count(b"{") > MAX_DEPTH:
        return _lenient_command(call)
    try:
        report = _decode_report(call.raw)
        output = bytes(report.output_data)
        _decode_object(output)  # msgspec does not look at encodings and numbers of what it only passes on
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return _lenient_command(call)
    return _command(call, report, Payload.read(output))


def _lenient_command(call: Call) -> UpdateTask:
    """The same for a body in an unusual form, or a wrong one: each problem with its place."""
    result = call.body(TaskResult)
    return _command(call, result, Payload.of(result.output_data))


def _command(call: Call, result: _Report | TaskResult, output: Payload) -> UpdateTask:
    workflow_id, task_id = result.workflow_instance_id, result.task_id
    if not workflow_id:
        raise Invalid("Workflow Id cannot be null or empty")
    if not task_id:
        raise Invalid("Task ID cannot be null or empty")
    if result.status is None:
        raise Invalid("The status of the task result cannot be null")
    return UpdateTask(
        workflow_id=workflow_id,
        actor=call.actor,
        task_id=task_id,
        status=TaskStatus(result.status),
        output=output,
        output_path=result.external_output_payload_storage_path,
        reason=result.reason_for_incompletion,
        worker_id=result.worker_id,
        callback_after_seconds=result.callback_after_seconds,
        sub_workflow_id=result.sub_workflow_id,
        logs=_logs(call, result.logs, task_id),
        extend_lease=result.extend_lease,
        execution_metadata=result.execution_metadata,
    )


def _logs(call: Call, lines: list[TaskLog], task_id: str) -> tuple[TaskLog, ...]:
    """The lines with what the server fills in: which task, and when unless told."""
    if not lines:
        return ()
    now = call.platform.clock.now()
    return tuple(TaskLog(log=line.log, task_id=task_id, created_time=line.created_time or now) for line in lines)


async def _by_reference(call: Call, worker_id: str | None, *, keep_worker: bool) -> Task | None:
    task = await call.platform.executor.handle(
        UpdateTaskByRef(
            workflow_id=call.path["workflowId"],
            actor=call.actor,
            ref=call.path["taskRefName"],
            status=status_in_path(call),
            output=call.body(JsonObject),
            worker_id=worker_id,
            keep_worker=keep_worker,
        )
    )
    return task if isinstance(task, Task) else None


def status_in_path(call: Call) -> TaskStatus:
    """The `{status}` of the path. Raises Invalid for one that cannot be reported."""
    word = call.path["status"]
    try:
        return TaskStatus(ReportedStatus(word))
    except ValueError as error:
        raise Invalid(f"status must be one of {', '.join(ReportedStatus)}, not '{word[:100]}'") from error


def _signal_command(call: Call) -> Signal:
    return Signal(workflow_id=call.path["workflowId"], actor=call.actor, status=status_in_path(call), output=call.body(JsonObject))


ROUTES: Final = (
    Route("POST", "/tasks", update, "Report what came of a task", body=TaskResult, response=str),
    Route("POST", "/tasks/update-v2", update_and_poll, "Report and take the next task", body=TaskResult, response=TaskView),
    Route(
        "POST",
        "/tasks/{workflowId}/{taskRefName}/{status}",
        update_by_reference,
        "Report on an open task by its reference name",
        query=(WORKER_ID,),
        body=JsonObject,
        response=str,
    ),
    Route(
        "POST",
        "/tasks/{workflowId}/{taskRefName}/{status}/sync",
        update_by_reference_and_read,
        "Report on an open task by its reference name, and read the workflow",
        query=(NEW_WORKER_ID,),
        body=JsonObject,
        response=WorkflowView,
    ),
    Route("POST", "/tasks/{workflowId}/{status}/signal", signal, "Finish the first task that waits", body=JsonObject),
    Route(
        "POST",
        "/tasks/{workflowId}/{status}/signal/sync",
        signal_and_wait,
        "Finish the first task that waits, and wait for the workflow",
        query=(RETURN_STRATEGY, TIMEOUT_MS),
        body=JsonObject,
        response=SignalResponse,
    ),
)
