"""Searching in PostgreSQL: the conditions are those of SQLite, said in its words."""

from __future__ import annotations

import re
from collections.abc import Sequence

from podium.model.search import Search
from podium.store.condition import (
    EXECUTION_FIELDS,
    FREE_TEXT,
    TASK_FIELDS,
    WORKFLOW_FIELDS,
    Fields,
    compile_condition,
    conjunction,
    task_text,
    workflow_text,
)
from podium.store.ordering import Nulls, order_of_groups, order_of_rows
from podium.store.postgres_connection import Connection, plain, sql
from podium.store.store import Page

_WORKFLOW_PAYLOADS = (
    r"EXISTS (SELECT 1 FROM workflow_data AS d WHERE d.workflow_id = w.workflow_id AND"
    r" (d.input LIKE ? ESCAPE '\' OR d.output LIKE ? ESCAPE '\'))"
)
_WORKFLOW_FIELDS: Fields = WORKFLOW_FIELDS | {FREE_TEXT: workflow_text(_WORKFLOW_PAYLOADS)}
_TASK_FIELDS: Fields = TASK_FIELDS | {FREE_TEXT: task_text(r"t.input LIKE ? ESCAPE '\' OR t.output LIKE ? ESCAPE '\'")}
_NULLS = Nulls(" NULLS FIRST", " NULLS LAST")
_WORD = re.compile(r"\?| LIKE ")


async def search_workflows(connection: Connection, search: Search) -> Page:
    """See `Store.search_workflows`."""
    return await _page(
        connection, search, "workflows", _WORKFLOW_FIELDS, order_of_rows(search, _WORKFLOW_FIELDS, ("w.workflow_id",), _NULLS)
    )


async def search_tasks(connection: Connection, search: Search) -> Page:
    """See `Store.search_tasks`."""
    return await _page(
        connection, search, "tasks", _TASK_FIELDS, order_of_rows(search, _TASK_FIELDS, ("t.workflow_id", "t.number"), _NULLS)
    )


async def search_workflows_by_tasks(connection: Connection, search: Search) -> Page:
    """See `Store.search_workflows_by_tasks`."""
    return await _page(
        connection, search, "workflows_by_tasks", _TASK_FIELDS, order_of_groups(search, _TASK_FIELDS, "t.workflow_id", _NULLS)
    )


async def search_executions(connection: Connection, search: Search) -> Page:
    """See `Store.search_executions`."""
    return await _page(
        connection, search, "executions", EXECUTION_FIELDS, order_of_rows(search, EXECUTION_FIELDS, ("e.execution_id",), _NULLS)
    )


async def _page(connection: Connection, search: Search, name: str, fields: Fields, order: str) -> Page:
    condition = compile_condition(conjunction(search), fields)
    size, start = max(search.size, 0), max(search.start, 0)
    text, parameters = _translated(condition.text, condition.parameters), [_value(value) for value in condition.parameters]
    last = len(parameters)
    select = sql("search")[name].format(condition=text, order=order, limit=f"${last + 1}::bigint", offset=f"${last + 2}::bigint")
    ids = [row[0] for row in await connection.fetch(select, *parameters, size, start)]
    if len(ids) < size and (ids or not start):
        # The last page tells the total: a search for something rare, that has to read everything, reads it once.
        return Page(total=start + len(ids), ids=ids)
    return Page(total=await connection.fetchval(sql("search")[f"count_{name}"].format(condition=text), *parameters), ids=ids)


def _translated(text: str, parameters: Sequence[str | int]) -> str:
    """Parameters get numbers and types, and patterns the operator that does not regard the case."""
    kinds = iter([f"${number}::{'text' if isinstance(value, str) else 'bigint'}" for number, value in enumerate(parameters, 1)])
    return _WORD.sub(lambda found: " ILIKE " if found[0] != "?" else next(kinds), text)


def _value(value: str | int) -> str | int:
    return plain(value) if isinstance(value, str) else value
