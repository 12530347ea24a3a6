"""Searching: finds runs, tasks and executions of schedules by what they are, not by their id."""

from __future__ import annotations

import sqlite3

from podium.model.search import Search
from podium.store import rows
from podium.store.condition import EXECUTION_FIELDS, TASK_FIELDS, WORKFLOW_FIELDS, Fields, compile_condition
from podium.store.ordering import Nulls, order_of_groups, order_of_rows
from podium.store.statements import statements
from podium.store.store import Page

_NULLS = Nulls("", "")  # they stand before all others anyway


def search_workflows(cursor: sqlite3.Cursor, search: Search) -> Page:
    """See `Store.search_workflows`."""
    return _page(cursor, search, "workflows", WORKFLOW_FIELDS, order_of_rows(search, WORKFLOW_FIELDS, ("w.workflow_id",), _NULLS))


def search_tasks(cursor: sqlite3.Cursor, search: Search) -> Page:
    """See `Store.search_tasks`."""
    return _page(cursor, search, "tasks", TASK_FIELDS, order_of_rows(search, TASK_FIELDS, ("t.workflow_id", "t.number"), _NULLS))


def search_workflows_by_tasks(cursor: sqlite3.Cursor, search: Search) -> Page:
    """See `Store.search_workflows_by_tasks`."""
    return _page(cursor, search, "workflows_by_tasks", TASK_FIELDS, order_of_groups(search, TASK_FIELDS, "t.workflow_id", _NULLS))


def search_executions(cursor: sqlite3.Cursor, search: Search) -> Page:
    """See `Store.search_executions`."""
    return _page(cursor, search, "executions", EXECUTION_FIELDS, order_of_rows(search, EXECUTION_FIELDS, ("e.execution_id",), _NULLS))


def _page(cursor: sqlite3.Cursor, search: Search, name: str, fields: Fields, order: str) -> Page:
    condition = compile_condition(search.condition, search.free_text, fields)
    size, start = max(search.size, 0), max(search.start, 0)
    select = statements("search")[name].format(condition=condition.text, order=order)
    ids = rows.decode_ids(cursor.execute(select, [*condition.parameters, size, start]).fetchone()[0])
    if len(ids) < size and (ids or not start):
        # The last page tells the total: a search for something rare, that has to read everything, reads it once.
        return Page(total=start + len(ids), ids=ids)
    count = statements("search")[f"count_{name}"].format(condition=condition.text)
    return Page(total=cursor.execute(count, condition.parameters).fetchone()[0], ids=ids)
