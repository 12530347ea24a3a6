"""Scheduling in PostgreSQL: keeps schedules, and what became of their instants."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from podium.model.schedule import StoredExecution, StoredSchedule
from podium.store import rows
from podium.store.postgres_connection import Connection, changed, columns, plain, sql
from podium.store.scheduling import execution_row

_schedule = msgspec.json.Decoder(StoredSchedule).decode
_execution = msgspec.json.Decoder(StoredExecution).decode


async def schedules(connection: Connection, names: Sequence[str] | None) -> list[StoredSchedule]:
    """See `Store.schedules`."""
    if names is None:
        return [_schedule(body) for (body,) in await connection.fetch(sql("schedule")["list"])]
    return [_schedule(body) for (body,) in await connection.fetch(sql("schedule")["named"], [plain(name) for name in names])]


async def due_schedules(connection: Connection, now: int, limit: int) -> list[StoredSchedule]:
    """See `Store.due_schedules`."""
    return [_schedule(body) for (body,) in await connection.fetch(sql("schedule")["due"], now, limit)]


async def next_schedule_wake(connection: Connection) -> int:
    """See `Store.next_schedule_wake`."""
    when: int = await connection.fetchval(sql("schedule")["next_wake"])
    return when


async def save_schedule(connection: Connection, stored: StoredSchedule, executions: Sequence[StoredExecution], over: int) -> bool:
    """See `Store.save_schedule`."""
    row = (plain(stored.name), stored.revision, stored.wake_at, rows.write(stored))
    written = await (
        connection.execute(sql("schedule")["update"], *row, over) if over else connection.execute(sql("schedule")["insert"], *row)
    )
    if not changed(written):
        return False
    if executions:
        found = columns([tuple(execution_row(execution).values()) for execution in executions])
        await connection.execute(sql("schedule_execution")["insert"], *found)
    return True


async def delete_schedule(connection: Connection, name: str) -> bool:
    """See `Store.delete_schedule`."""
    return changed(await connection.execute(sql("schedule")["delete"], plain(name)))


async def claim_executions(connection: Connection, now: int, until: int, limit: int) -> list[StoredExecution]:
    """See `Store.claim_executions`."""
    found = await connection.fetch(sql("schedule_execution")["claim"], until, now, limit)
    return [msgspec.structs.replace(_execution(body), wake_at=until) for (body,) in found]


async def save_execution(connection: Connection, execution: StoredExecution) -> None:
    """See `Store.save_execution`."""
    row = execution_row(execution)
    found = columns([tuple(row[name] for name in ("execution_id", "state", "wake_at", "reason", "body"))])
    await connection.execute(sql("schedule_execution")["save"], *found)


async def executions(connection: Connection, execution_ids: Sequence[str]) -> list[StoredExecution]:
    """See `Store.executions`."""
    found = await connection.fetch(sql("schedule_execution")["by_id"], [plain(execution_id) for execution_id in execution_ids])
    by_id = {execution.execution.execution_id: execution for execution in (_execution(body) for (body,) in found)}
    return [by_id[execution_id] for execution_id in execution_ids if execution_id in by_id]


async def prune_executions(connection: Connection, keep: int, before: int) -> int:
    """See `Store.prune_executions`."""
    done: str = await connection.execute(sql("schedule_execution")["prune"], keep, before)
    return int(done.rpartition(" ")[2])
