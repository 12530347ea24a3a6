"""Searching: finds runs, tasks and executions of schedules by what they are, not by their id."""

from __future__ import annotations

import sqlite3

from podium.model.search import Search, SortKey
from podium.store import rows
from podium.store.condition import EXECUTION_FIELDS, TASK_FIELDS, WORKFLOW_FIELDS, Fields, Kind, compile_condition
from podium.store.statements import statements
from podium.store.store import Page

_NEWEST_FIRST = (SortKey("startTime", descending=True),)


def search_workflows(cursor: sqlite3.Cursor, search: Search) -> Page:
    """See `Store.search_workflows`."""
    return _page(cursor, search, "workflows", WORKFLOW_FIELDS, _order(search, WORKFLOW_FIELDS, ("w.workflow_id",)))


def search_tasks(cursor: sqlite3.Cursor, search: Search) -> Page:
    """See `Store.search_tasks`."""
    return _page(cursor, search, "tasks", TASK_FIELDS, _order(search, TASK_FIELDS, ("t.workflow_id", "t.number")))


def search_workflows_by_tasks(cursor: sqlite3.Cursor, search: Search) -> Page:
    """See `Store.search_workflows_by_tasks`. A workflow stands where the first of its tasks would."""
    order = [
        f"{'max' if key.descending else 'min'}({TASK_FIELDS[key.field].column}) {_direction(key)}" for key in _keys(search, TASK_FIELDS)
    ]
    return _page(cursor, search, "workflows_by_tasks", TASK_FIELDS, ", ".join([*order, "t.workflow_id"]))


def search_executions(cursor: sqlite3.Cursor, search: Search) -> Page:
    """See `Store.search_executions`."""
    return _page(cursor, search, "executions", EXECUTION_FIELDS, _order(search, EXECUTION_FIELDS, ("e.execution_id",)))


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


def _order(search: Search, fields: Fields, key_columns: tuple[str, ...]) -> str:
    """The order asked for; rows that are equal in it stand in the order of their keys, so that pages do not overlap."""
    keys = _keys(search, fields)
    # In the direction of the last key: so an index can be read straight, forward or backward.
    last = _direction(keys[-1])
    return ", ".join([*(f"{fields[key.field].column} {_direction(key)}" for key in keys), *(f"{column} {last}" for column in key_columns)])


def _keys(search: Search, fields: Fields) -> tuple[SortKey, ...]:
    known = tuple(key for key in search.sort if key.field in fields and fields[key.field].kind is not Kind.FREE_TEXT)
    return known or _NEWEST_FIRST


def _direction(key: SortKey) -> str:
    return "DESC" if key.descending else "ASC"
