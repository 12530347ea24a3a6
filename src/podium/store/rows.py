"""Rows: how workflows, tasks and all else become rows of SQLite and come back.

Times, states and what queries ask for are columns. The rest is one JSON text per row, `cold`, in which a default is absent:
a field that a newer program adds needs no migration. Payloads are rows of their own, and NULL when they are empty.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Sequence
from operator import attrgetter
from typing import Any

import msgspec

from podium.model.cached_output import CachedOutput
from podium.model.decision import HistoryEntry
from podium.model.definition import WorkflowDef, WorkflowTask
from podium.model.json import JsonObject
from podium.model.message import Message
from podium.model.payload import EMPTY, Payload
from podium.model.status import TaskStatus, WorkflowStatus
from podium.model.task import Task, TaskLog
from podium.model.workflow import Workflow
from podium.model.workflow_message import WorkflowMessage

# What nearly every decision changes of a workflow; the columns of the statement `advance`, after the key.
WORKFLOW_HOT = ("revision", "status", "wake_at", "end_time", "update_time", "task_count", "last_seq")
WORKFLOW_COLUMNS = (
    "name",
    "version",
    "definition_hash",
    "create_time",
    "priority",
    "correlation_id",
    "parent_workflow_id",
    "event",
    "created_by",
    "reason",
    "idempotency_key",
    "classifier",
)
# What changes of a task, and (TASK_MOVED) what seldom does, because it stands in an index.
TASK_CHANGED = ("status", "ready_at", "end_time", "update_time", "callback_after_seconds", "lease_ms", "poll_count", "worker_id", "reason")
TASK_MOVED = ("queue", "domain", "priority", "scheduled_time", "start_time", "correlation_id")
TASK_FIXED = ("task_id", "task_type", "def_name", "ref")


class WorkflowCold(msgspec.Struct, frozen=True, omit_defaults=True):
    """What no query asks of a workflow."""

    previous_status: WorkflowStatus | None = None
    last_retried_time: int = 0
    parent_task_id: str | None = None
    awaited_by: tuple[tuple[str, str], ...] = ()
    owner_app: str | None = None
    updated_by: str | None = None
    rerun_from_workflow_id: str | None = None
    failed_task_id: str | None = None
    failed_refs: tuple[str, ...] = ()
    failed_task_names: tuple[str, ...] = ()
    task_to_domain: dict[str, str] = {}
    rate_limit_key: str | None = None
    unfinished: bool = False
    message_count: int = 0
    rate_limited: bool = False
    input_path: str | None = None
    output_path: str | None = None


class TaskCold(msgspec.Struct, frozen=True, omit_defaults=True):
    """What no query asks of a task."""

    base_ref: str
    seq: int = 0
    iteration: int = 0
    retry_count: int = 0
    retried: bool = False
    retried_task_id: str | None = None
    executed: bool = False
    first_scheduled_time: int = 0
    start_delay_seconds: int = 0
    callback_after_ms: int = 0
    wait_timeout: int = 0
    system: bool = False
    response_timeout_seconds: int = 0
    rate_limit_per_frequency: int = 0
    rate_limit_frequency_in_seconds: int = 0
    isolation_group_id: str | None = None
    execution_name_space: str | None = None
    sub_workflow_id: str | None = None
    subworkflow_changed: bool = False
    input_path: str | None = None
    output_path: str | None = None
    execution_metadata: JsonObject | None = None
    start_untold: bool = False
    node: WorkflowTask | None = None
    fork_ref: str | None = None


# `status` is read through `.value`: a plain str binds several times faster than a member of an enum.
workflow_hot: Callable[[Workflow], tuple[Any, ...]] = attrgetter(*(name if name != "status" else "status.value" for name in WORKFLOW_HOT))
workflow_columns: Callable[[Workflow], tuple[Any, ...]] = attrgetter(*WORKFLOW_COLUMNS)
workflow_cold: Callable[[Workflow], tuple[Any, ...]] = attrgetter(*WorkflowCold.__struct_fields__)
task_changed: Callable[[Task], tuple[Any, ...]] = attrgetter(*(name if name != "status" else "status.value" for name in TASK_CHANGED))
task_moved: Callable[[Task], tuple[Any, ...]] = attrgetter(*TASK_MOVED)
task_fixed: Callable[[Task], tuple[Any, ...]] = attrgetter(*TASK_FIXED)
_task_cold: Callable[[Task], tuple[Any, ...]] = attrgetter(*TaskCold.__struct_fields__)

_encode = msgspec.json.Encoder().encode
decode_rows: Callable[[str | bytes], list[list[Any]]] = msgspec.json.Decoder(list[list[Any]]).decode
decode_ids: Callable[[str | bytes], list[str]] = msgspec.json.Decoder(list[str]).decode
decode_held: Callable[[str | bytes], dict[str, int]] = msgspec.json.Decoder(dict[str, int]).decode
decode_slots: Callable[[str | bytes], tuple[int, str | None]] = msgspec.json.Decoder(tuple[int, str | None]).decode
_decode_workflow_cold = msgspec.json.Decoder(WorkflowCold).decode
_decode_task_cold = msgspec.json.Decoder(TaskCold).decode
_decode_history = msgspec.json.Decoder(tuple[tuple[str, ...], tuple[tuple[str, str, str], ...]]).decode
_decode_message = msgspec.json.Decoder(Message).decode
_decode_definition = msgspec.json.Decoder(WorkflowDef).decode

_WORKFLOW_ROW = ("workflow_id", *WORKFLOW_HOT, *WORKFLOW_COLUMNS)
_TASK_ROW = ("workflow_id", "number", *TASK_FIXED, *TASK_CHANGED, *TASK_MOVED)
READY_AT = _TASK_ROW.index("ready_at")  # its place in a row


def write(value: object) -> str:
    """A value as JSON text."""
    return _encode(value).decode()


def write_workflow_cold(workflow: Workflow) -> str:
    """The column `cold`."""
    return _encode(WorkflowCold(*workflow_cold(workflow))).decode()


def write_task_cold(task: Task) -> str:
    """The column `cold`."""
    return _encode(TaskCold(*_task_cold(task))).decode()


def changed_payload(before: Payload, after: Payload) -> bytes | None:
    """The JSON text to write, b"" when there is none any more; None when nothing changed."""
    if before is after:
        return None
    raw = b"" if after is EMPTY else after.raw
    if raw == (b"" if before is EMPTY else before.raw):
        return None
    return raw if len(raw) > len(b"{}") else b""


def read_workflow(row: Sequence[Any]) -> Workflow:
    """From the columns of `workflow.sql`: `_WORKFLOW_ROW`, then cold, input, output, variables."""
    *columns, cold, given, output, variables = row
    values = dict(zip(_WORKFLOW_ROW, columns, strict=True))
    values["status"] = WorkflowStatus(values["status"])
    values |= msgspec.structs.asdict(_decode_workflow_cold(cold))
    return Workflow(**values, input=_payload(given), output=_payload(output), variables=_payload(variables))


def read_task(row: Sequence[Any]) -> Task:
    """From the columns of `task.sql`: `_TASK_ROW`, then cold, input, output."""
    *columns, cold, given, output = row
    values = dict(zip(_TASK_ROW, columns, strict=True))
    del values["queue"]
    values["status"] = TaskStatus(values["status"])
    values |= msgspec.structs.asdict(_decode_task_cold(cold))
    return Task(**values, input=_payload(given), output=_payload(output))


def _payload(text: str | None) -> Payload:
    return EMPTY if text is None else Payload.read(text.encode())


def message_row(workflow_id: str, message: WorkflowMessage) -> tuple[object, ...]:
    """The row of `workflow_message`."""
    return workflow_id, message.number, message.message_id, message.received_at, message.payload.raw.decode()


def read_workflow_message(row: Sequence[Any]) -> WorkflowMessage:
    """From number, message id, received at, body."""
    number, message_id, received_at, body = row
    return WorkflowMessage(number=number, message_id=message_id, received_at=received_at, payload=_payload(body))


def cached_output_row(cached: CachedOutput) -> tuple[object, ...]:
    """The row of `cached_output`."""
    return cached.def_name, cached.key, cached.expires_at, cached.output.raw.decode()


def read_cached_output(row: Sequence[Any]) -> CachedOutput:
    """From def_name, key, expires_at, output."""
    def_name, key, expires_at, output = row
    return CachedOutput(def_name=def_name, key=key, expires_at=expires_at, output=_payload(output))


def log_row(log: TaskLog) -> tuple[object, ...]:
    """The row of `task_log`."""
    return log.task_id, log.created_time, log.log


def history_row(workflow_id: str, revision: int, entry: HistoryEntry) -> tuple[object, ...]:
    """The row of `history`, after its numbers."""
    return workflow_id, revision, entry.at, entry.actor, write((entry.commands, entry.changes))


def read_history(row: Sequence[Any]) -> tuple[int, HistoryEntry]:
    """From revision, at, actor, body."""
    revision, at, actor, body = row
    commands, changes = _decode_history(body)
    return revision, HistoryEntry(at=at, actor=actor, commands=commands, changes=changes)


def read_message(text: str | bytes) -> Message:
    """From the column `message`."""
    message: Message = _decode_message(text)
    return message


def snapshot_body(definition: WorkflowDef) -> bytes:
    """The column `body` of `definition_snapshot`."""
    return zlib.compress(_encode(definition))


def read_snapshot(body: bytes) -> WorkflowDef:
    """From the column `body` of `definition_snapshot`."""
    return _decode_definition(zlib.decompress(body))
