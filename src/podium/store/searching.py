"""Searching: finds runs, tasks and executions of schedules by what they are, not by their id."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import NamedTuple

from podium.model.search import Search, SortKey
from podium.store import rows
from podium.store.condition import EXECUTION_FIELDS, TASK_FIELDS, WORKFLOW_FIELDS, Fields
from podium.store.ordering import direction, sort_keys
from podium.store.statements import statements
from podium.store.store import Page
from podium.store.ways import Way, execution_ways, task_ways, workflow_ways

COUNTED_BY_INDEX = 100_000  # how far a total is told where an index alone tells it
COUNTED_BY_ROW = 10_000  # and where every row must be looked at
MOST_STEPS = 3_000_000  # of SQLite's machine, for the latter: about a second
_EVERY = 10_000
_FARTHEST = 2**60  # where a page may start
_READS = tuple(f"{verb} {table}" for verb in ("SCAN", "SEARCH") for table in "wte")  # how SQLite calls reading one of the tables
_UNION = ") UNION ALL SELECT * FROM ("
_WAYS_AT_ONCE = 400  # SQLite takes at most 500


class _Subject(NamedTuple):
    """What is searched."""

    statement: str  # turns a page into ids; `ids` where the page has them
    fields: Fields
    keys: dict[str, str]  # column of a page -> where it is from: what tells rows apart


_WORKFLOWS = _Subject("ids", WORKFLOW_FIELDS, {"id": "w.workflow_id"})
_TASKS = _Subject("tasks", TASK_FIELDS, {"id": "t.workflow_id", "number": "t.number"})
_EXECUTIONS = _Subject("ids", EXECUTION_FIELDS, {"id": "e.execution_id"})
_OWNERS = _TASKS._replace(statement="ids")


def search_workflows(cursor: sqlite3.Cursor, search: Search) -> Page:
    """See `Store.search_workflows`."""
    keys = sort_keys(search, WORKFLOW_FIELDS)
    return _page(cursor, search, _WORKFLOWS, workflow_ways(cursor, search, keys[0].field), keys)


def search_executions(cursor: sqlite3.Cursor, search: Search) -> Page:
    """See `Store.search_executions`."""
    return _page(cursor, search, _EXECUTIONS, execution_ways(search), sort_keys(search, EXECUTION_FIELDS))


def search_tasks(cursor: sqlite3.Cursor, search: Search) -> Page:
    """See `Store.search_tasks`."""
    keys = sort_keys(search, TASK_FIELDS)
    return _page(cursor, search, _TASKS, task_ways(cursor, search, keys[0].field), keys)


def search_workflows_by_tasks(cursor: sqlite3.Cursor, search: Search) -> Page:
    """See `Store.search_workflows_by_tasks`. A workflow stands where the first of its tasks would."""
    keys = sort_keys(search, TASK_FIELDS)
    ways = task_ways(cursor, search, keys[0].field)
    start, size = _bounds(search)
    limit = 2 * (start + size) + 1
    while True:
        found = _read(cursor, _OWNERS, ways, keys, limit, 0)
        ids = list(dict.fromkeys(found))
        if len(found) < limit:
            return Page(total=len(ids), ids=ids[start : start + size])
        if len(ids) > start + size:
            break
        limit *= 4
    return Page(total=max(_count_owners(cursor, ways), len(ids)), ids=ids[start : start + size])


def _page(cursor: sqlite3.Cursor, search: Search, subject: _Subject, ways: Sequence[Way], keys: Sequence[SortKey]) -> Page:
    start, size = _bounds(search)
    found = _read(cursor, subject, ways, keys, start + size + 1, start)
    if len(found) <= size and (found or not start):
        # The last page tells the total: a search for something rare, that has to read everything, reads it once.
        return Page(total=start + len(found), ids=found)
    return Page(total=max(_count(cursor, ways), start + len(found) if found else 0), ids=found[:size])


def _read(cursor: sqlite3.Cursor, subject: _Subject, ways: Sequence[Way], keys: Sequence[SortKey], end: int, start: int) -> list[str]:
    """Ids from `start` up to `end` in the order asked for; rows that are equal in it stand in the order of their keys."""
    if not ways or end <= start:
        return []
    columns = {f"k{number}": subject.fields[key.field].column for number, key in enumerate(keys)} | subject.keys
    # All in the direction of the last key: so an index can be read straight, forward or backward.
    directions = [direction(key) for key in keys] + [direction(keys[-1])] * len(subject.keys)
    blocks = statements("search")
    words = {
        "columns": ", ".join(f"{column} AS {name}" for name, column in columns.items()),
        "order": ", ".join(f"{column} {direction}" for column, direction in zip(columns.values(), directions, strict=True)),
        "end": end,
    }
    pages = [blocks["way"].format(source=way.source, condition=way.condition.text, **words) for way in ways]
    words["order"] = ", ".join(f"{name} {direction}" for name, direction in zip(columns, directions, strict=True))
    while len(pages) > 1:
        groups = [pages[at : at + _WAYS_AT_ONCE] for at in range(0, len(pages), _WAYS_AT_ONCE)]
        pages = [blocks["merged"].format(ways=_UNION.join(group), **words) for group in groups]
    parameters = [value for way in ways for value in (*way.named, *way.condition.parameters)]
    return rows.decode_ids(cursor.execute(blocks[subject.statement].format(page=pages[0], start=start), parameters).fetchone()[0])


def _count(cursor: sqlite3.Cursor, ways: Sequence[Way]) -> int:
    """How many rows there are on all ways; a lower bound where they are more than can be counted in a moment."""
    total = 0
    block = statements("search")["count"]
    for way in ways:
        sql = block.format(source=way.source, condition=way.condition.text, end=COUNTED_BY_INDEX - total)
        parameters = [*way.named, *way.condition.parameters]
        if not _index_tells(cursor, sql, parameters):
            return total + _count_rows(cursor, ways[ways.index(way) :])
        total += cursor.execute(sql, parameters).fetchone()[0]
    return total


def _index_tells(cursor: sqlite3.Cursor, sql: str, parameters: Sequence[object]) -> bool:
    """The statement is answered out of indexes alone."""
    steps = [row[3] for row in cursor.execute(f"EXPLAIN QUERY PLAN {sql}", parameters)]
    return all("COVERING" in step for step in steps if step.startswith(_READS))


def _count_rows(cursor: sqlite3.Cursor, ways: Sequence[Way]) -> int:
    return sum(1 for _ in _each(cursor, ways, "1"))


def _count_owners(cursor: sqlite3.Cursor, ways: Sequence[Way]) -> int:
    owners: set[str] = set()
    for (workflow_id,) in _each(cursor, ways, "t.workflow_id"):
        owners.add(workflow_id)
    return len(owners)


def _each(cursor: sqlite3.Cursor, ways: Sequence[Way], columns: str) -> Iterator[tuple[str]]:
    """Rows, one by one, until they are many or took long to find."""
    left = COUNTED_BY_ROW
    with _bounded(cursor.connection):
        for way in ways:
            sql = statements("search")["each"].format(columns=columns, source=way.source, condition=way.condition.text, end=left)
            for row in cursor.execute(sql, [*way.named, *way.condition.parameters]):
                left -= 1
                yield row


@contextmanager
def _bounded(connection: sqlite3.Connection) -> Iterator[None]:
    """Ends the block early, and quietly, once its statements took too many steps."""
    left = MOST_STEPS // _EVERY

    def spent() -> bool:
        nonlocal left
        left -= 1
        return left < 0

    connection.set_progress_handler(spent, _EVERY)
    try:
        yield
    except sqlite3.OperationalError:
        if left >= 0:
            raise
    finally:
        connection.set_progress_handler(None, 0)


def _bounds(search: Search) -> tuple[int, int]:
    """Start and size of the page."""
    return min(max(search.start, 0), _FARTHEST), max(search.size, 0)
