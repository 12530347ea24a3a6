"""Claiming: gives waiting workers the next tasks of their queues, inside the writer's transaction."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from typing import Any

from podium.store import rows
from podium.store.statements import statements
from podium.store.store import Claimed, Want
from podium.store.taking import Key, Taking, earlier, places, run_rows, task_rows

_ABOVE_ALL = 2**62  # a priority


def claim(cursor: sqlite3.Cursor, wants: Sequence[Want], now: int) -> tuple[list[Claimed], dict[Key, int]]:
    """Take tasks for all wants; also, for each queue that had too few, when its next task becomes ready. See `Store.save`."""
    taking = Taking(wants, now)
    _take_named(cursor, wants, taking)
    claimed = _write(cursor, taking)
    next_ready: dict[Key, int] = {}
    for key, asking in places(wants).items():
        found, following = _take(cursor, key, now, len(asking))
        for want, (revision, wake_at, _, *row) in zip(asking, found, strict=False):
            taking.take(want, rows.read_task(row), revision, wake_at)
        if following and len(found) < len(asking):
            next_ready[key] = following
    return claimed + _write(cursor, taking), next_ready


def _take_named(cursor: sqlite3.Cursor, wants: Sequence[Want], taking: Taking) -> None:
    """The candidates that are as they were seen."""
    named = [(index, candidate) for index, want in enumerate(wants) for candidate in want.candidates or ()]
    asked = [(place, one.task.workflow_id, one.task.number, one.revision) for place, (_, one) in enumerate(named)]
    for text in statements("task").many("standing").read(cursor, asked):
        # The order of an aggregate's rows is not promised.
        for place, revision, wake_at in sorted(rows.decode_rows(text)):
            index, candidate = named[place]
            taking.take(index, candidate.task, revision, wake_at)


def _take(cursor: sqlite3.Cursor, key: Key, now: int, count: int) -> tuple[list[list[Any]], int]:
    """The next rows of a queue; and when its next one becomes ready, 0 if nothing waits.

    One priority after the other, so that tasks which are not ready yet are stepped over in one go, however many there are.
    """
    found: list[list[Any]] = []
    following = 0
    for priority in _priorities(cursor, key):
        parameters = (*key, priority, now, count - len(found))
        (text,) = cursor.execute(statements("task")["ready"], parameters).fetchone()
        # The order of an aggregate's rows is not promised.
        found += sorted(rows.decode_rows(text), key=_delivery)
        if len(found) == count:
            break
        (later,) = cursor.execute(statements("task")["next_ready"], (*key, priority, now)).fetchone()
        following = earlier(following, later or 0)
    return found, following


def _delivery(row: list[Any]) -> tuple[int, int]:
    return row[rows.READY_AT + 3], row[2]


def _priorities(cursor: sqlite3.Cursor, key: Key) -> Iterator[int]:
    """Those that anything waits with, the highest first."""
    priority: int | None = _ABOVE_ALL
    while True:
        (priority,) = cursor.execute(statements("task")["top_priority"], (*key, priority)).fetchone()
        if priority is None:
            return
        yield priority


def _write(cursor: sqlite3.Cursor, taking: Taking) -> list[Claimed]:
    """Make what was taken so."""
    claimed = taking.settle()
    statements("task").many("claim").run(cursor, task_rows(claimed))
    statements("workflow").many("claimed").run(cursor, run_rows(claimed))
    return claimed
