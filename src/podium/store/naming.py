"""Naming: keeps what users register by name: definitions, event handlers, environment variables."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

import msgspec

from podium.model.definition import TaskDef, WorkflowDef
from podium.model.event import EventHandler
from podium.store import rows
from podium.store.loading import one
from podium.store.statements import statements

_workflow_definitions = msgspec.json.Decoder(list[WorkflowDef]).decode
_task_definitions = msgspec.json.Decoder(list[TaskDef]).decode
_event_handlers = msgspec.json.Decoder(list[EventHandler]).decode
_environment = msgspec.json.Decoder(dict[str, str]).decode


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


def event_handlers(cursor: sqlite3.Cursor) -> list[EventHandler]:
    """See `Store.event_handlers`."""
    return _event_handlers(one(cursor, "event_handler", "list"))


def put_event_handler(cursor: sqlite3.Cursor, handler: EventHandler) -> None:
    """See `Store.put_event_handler`."""
    _change(cursor, "event_handler", "put", (handler.name, rows.write(handler)))


def delete_event_handler(cursor: sqlite3.Cursor, name: str) -> bool:
    """See `Store.delete_event_handler`."""
    return _change(cursor, "event_handler", "delete", (name,))


def environment(cursor: sqlite3.Cursor) -> dict[str, str]:
    """See `Store.environment`."""
    return _environment(one(cursor, "environment", "list"))


def put_environment(cursor: sqlite3.Cursor, name: str, value: str) -> None:
    """See `Store.put_environment`."""
    _change(cursor, "environment", "put", (name, value))


def delete_environment(cursor: sqlite3.Cursor, name: str) -> str | None:
    """See `Store.delete_environment`."""
    found = cursor.execute(statements("environment")["delete"], (name,)).fetchall()
    if not found:
        return None
    cursor.execute(statements("definition")["count_change"])
    value: str = found[0][0]
    return value


def definitions_version(cursor: sqlite3.Cursor) -> int:
    """See `Store.definitions_version`."""
    return int(one(cursor, "definition", "version"))


def _change(cursor: sqlite3.Cursor, file: str, name: str, parameters: Sequence[object]) -> bool:
    """Whether a row changed; if so, it is counted."""
    changed = cursor.execute(statements(file)[name], parameters).rowcount > 0
    if changed:
        cursor.execute(statements("definition")["count_change"])
    return changed
