"""Naming: keeps what users register by name."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

import msgspec

from podium.model.definition import TaskDef, WorkflowDef
from podium.store import rows
from podium.store.loading import one
from podium.store.statements import statements

_workflow_definitions = msgspec.json.Decoder(list[WorkflowDef]).decode
_task_definitions = msgspec.json.Decoder(list[TaskDef]).decode


def workflow_definitions(cursor: sqlite3.Cursor) -> list[WorkflowDef]:
    """See `Store.workflow_definitions`."""
    return _workflow_definitions(one(cursor, "definition", "workflow_definitions"))


def put_workflow_definitions(cursor: sqlite3.Cursor, definitions: Sequence[WorkflowDef]) -> None:
    """See `Store.put_workflow_definitions`."""
    for definition in definitions:
        _change(cursor, "definition", "put_workflow_definition", (definition.name, definition.version, rows.write(definition)))


def delete_workflow_definition(cursor: sqlite3.Cursor, name: str, version: int) -> bool:
    """See `Store.delete_workflow_definition`."""
    return _change(cursor, "definition", "delete_workflow_definition", (name, version))


def task_definitions(cursor: sqlite3.Cursor) -> list[TaskDef]:
    """See `Store.task_definitions`."""
    return _task_definitions(one(cursor, "definition", "task_definitions"))


def put_task_definitions(cursor: sqlite3.Cursor, definitions: Sequence[TaskDef]) -> None:
    """See `Store.put_task_definitions`."""
    for definition in definitions:
        _change(cursor, "definition", "put_task_definition", (definition.name, rows.write(definition)))


def delete_task_definition(cursor: sqlite3.Cursor, name: str) -> bool:
    """See `Store.delete_task_definition`."""
    return _change(cursor, "definition", "delete_task_definition", (name,))


def kept(cursor: sqlite3.Cursor, kind: str) -> dict[str, bytes]:
    """See `Store.kept`."""
    return dict(cursor.execute(statements("kept")["list"], (kind,)).fetchall())


def keep(cursor: sqlite3.Cursor, kind: str, name: str, body: bytes) -> None:
    """See `Store.keep`."""
    _change(cursor, "kept", "put", (kind, name, body))


def exchange(cursor: sqlite3.Cursor, kind: str, name: str, before: bytes, after: bytes) -> bool:
    """See `Store.exchange`."""
    return _change(cursor, "kept", "exchange", (after, kind, name, before))


def forget(cursor: sqlite3.Cursor, kind: str, name: str) -> bytes | None:
    """See `Store.forget`."""
    found = cursor.execute(statements("kept")["delete"], (kind, name)).fetchall()
    if not found:
        return None
    cursor.execute(statements("definition")["count_change"])
    body: bytes = found[0][0]
    return body


def definitions_version(cursor: sqlite3.Cursor) -> int:
    """See `Store.definitions_version`."""
    return int(one(cursor, "definition", "version"))


def _change(cursor: sqlite3.Cursor, file: str, name: str, parameters: Sequence[object]) -> bool:
    """Whether a row changed; if so, it is counted."""
    changed = cursor.execute(statements(file)[name], parameters).rowcount > 0
    if changed:
        cursor.execute(statements("definition")["count_change"])
    return changed
