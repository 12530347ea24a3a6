"""Scheduling: keeps schedules, and what became of their instants."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

import msgspec

from podium.model.schedule import StoredExecution, StoredSchedule
from podium.store import rows
from podium.store.loading import one
from podium.store.statements import statements

_schedule = msgspec.json.Decoder(StoredSchedule).decode
_execution = msgspec.json.Decoder(StoredExecution).decode


def schedules(cursor: sqlite3.Cursor, names: Sequence[str] | None) -> list[StoredSchedule]:
    """See `Store.schedules`."""
    asked = rows.write(list(names or ()))
    found = one(cursor, "schedule", "list") if names is None else one(cursor, "schedule", "named", (asked,))
    return [_schedule(body) for body in rows.decode_ids(found)]


def due_schedules(cursor: sqlite3.Cursor, now: int, limit: int) -> list[StoredSchedule]:
    """See `Store.due_schedules`."""
    return [_schedule(body) for body in rows.decode_ids(one(cursor, "schedule", "due", (now, limit)))]


def next_schedule_wake(cursor: sqlite3.Cursor) -> int:
    """See `Store.next_schedule_wake`."""
    return int(one(cursor, "schedule", "next_wake"))


def save_schedule(cursor: sqlite3.Cursor, stored: StoredSchedule, executions: Sequence[StoredExecution], over: int) -> bool:
    """See `Store.save_schedule`."""
    row = {"name": stored.name, "revision": stored.revision, "wake_at": stored.wake_at, "body": rows.write(stored), "over": over}
    statement = statements("schedule")["update" if over else "insert"]
    if not cursor.execute(statement, row).rowcount:
        return False
    for execution in executions:
        cursor.execute(statements("schedule_execution")["insert"], execution_row(execution))
    return True


def delete_schedule(cursor: sqlite3.Cursor, name: str) -> bool:
    """See `Store.delete_schedule`."""
    return cursor.execute(statements("schedule")["delete"], (name,)).rowcount > 0


def claim_executions(cursor: sqlite3.Cursor, now: int, until: int, limit: int) -> list[StoredExecution]:
    """See `Store.claim_executions`."""
    found = cursor.execute(statements("schedule_execution")["claim"], (until, now, limit)).fetchall()
    return [msgspec.structs.replace(_execution(body), wake_at=until) for (body,) in found]


def save_execution(cursor: sqlite3.Cursor, execution: StoredExecution) -> None:
    """See `Store.save_execution`."""
    cursor.execute(statements("schedule_execution")["save"], execution_row(execution))


def executions(cursor: sqlite3.Cursor, execution_ids: Sequence[str]) -> list[StoredExecution]:
    """See `Store.executions`."""
    found = rows.decode_ids(one(cursor, "schedule_execution", "by_id", (rows.write(list(execution_ids)),)))
    by_id = {execution.execution.execution_id: execution for execution in map(_execution, found)}
    return [by_id[execution_id] for execution_id in execution_ids if execution_id in by_id]


def prune_executions(cursor: sqlite3.Cursor, keep: int, before: int) -> int:
    """See `Store.prune_executions`."""
    return cursor.execute(statements("schedule_execution")["prune"], (keep, before)).rowcount


def execution_row(stored: StoredExecution) -> dict[str, str | int | None]:
    """The columns by name."""
    execution = stored.execution
    return {
        "execution_id": execution.execution_id,
        "schedule_name": execution.schedule_name,
        "workflow_name": execution.workflow_name,
        "workflow_id": stored.workflow_id,
        "state": execution.state.value,
        "scheduled_time": execution.scheduled_time,
        "execution_time": execution.execution_time,
        "wake_at": stored.wake_at,
        "reason": execution.reason,
        "body": rows.write(stored),
    }
