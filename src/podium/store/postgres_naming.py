"""Naming in PostgreSQL: keeps what users register by name."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from podium.model.definition import TaskDef, WorkflowDef
from podium.store import rows
from podium.store.postgres_connection import Connection, changed, original, plain, sql

_workflow_definition = msgspec.json.Decoder(WorkflowDef).decode
_task_definition = msgspec.json.Decoder(TaskDef).decode


async def workflow_definitions(connection: Connection) -> list[WorkflowDef]:
    """See `Store.workflow_definitions`."""
    return [_workflow_definition(body) for (body,) in await connection.fetch(sql("definition")["workflow_definitions"])]


async def put_workflow_definitions(connection: Connection, definitions: Sequence[WorkflowDef]) -> None:
    """See `Store.put_workflow_definitions`."""
    for one in definitions:
        await _change(connection, "definition", "put_workflow_definition", (plain(one.name), one.version, rows.write(one)))


async def delete_workflow_definition(connection: Connection, name: str, version: int) -> bool:
    """See `Store.delete_workflow_definition`."""
    return await _change(connection, "definition", "delete_workflow_definition", (plain(name), version))


async def task_definitions(connection: Connection) -> list[TaskDef]:
    """See `Store.task_definitions`."""
    return [_task_definition(body) for (body,) in await connection.fetch(sql("definition")["task_definitions"])]


async def put_task_definitions(connection: Connection, definitions: Sequence[TaskDef]) -> None:
    """See `Store.put_task_definitions`."""
    for one in definitions:
        await _change(connection, "definition", "put_task_definition", (plain(one.name), rows.write(one)))


async def delete_task_definition(connection: Connection, name: str) -> bool:
    """See `Store.delete_task_definition`."""
    return await _change(connection, "definition", "delete_task_definition", (plain(name),))


async def kept(connection: Connection, kind: str) -> dict[str, bytes]:
    """See `Store.kept`."""
    return {original(name): body for name, body in await connection.fetch(sql("kept")["list"], plain(kind))}


async def keep(connection: Connection, kind: str, name: str, body: bytes) -> None:
    """See `Store.keep`."""
    await _change(connection, "kept", "put", (plain(kind), plain(name), body))


async def exchange(connection: Connection, kind: str, name: str, before: bytes, after: bytes) -> bool:
    """See `Store.exchange`."""
    return await _change(connection, "kept", "exchange", (after, plain(kind), plain(name), before))


async def forget(connection: Connection, kind: str, name: str) -> bytes | None:
    """See `Store.forget`."""
    body: bytes | None = await connection.fetchval(sql("kept")["delete"], plain(kind), plain(name))
    if body is not None:
        await connection.execute(sql("definition")["count_change"])
    return body


async def definitions_version(connection: Connection) -> int:
    """See `Store.definitions_version`."""
    number: int = await connection.fetchval(sql("definition")["version"])
    return number


async def _change(connection: Connection, file: str, name: str, parameters: Sequence[object]) -> bool:
    """Whether a row changed; if so, it is counted."""
    done: str = await connection.execute(sql(file)[name], *parameters)
    if not changed(done):
        return False
    await connection.execute(sql("definition")["count_change"])
    return True
