"""Claiming: gives waiting workers the next tasks of their queues, inside the writer's transaction."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from typing import Any

import msgspec

from podium.model.status import TaskStatus
from podium.model.task import Task
from podium.store import rows
from podium.store.statements import statements
from podium.store.store import Claimed, Want

Key = tuple[str, str | None]  # queue, domain

_ABOVE_ALL = 2**62  # a priority


class _Taken(msgspec.Struct):
    """A task that a worker gets."""

    want: int
    task: Task  # as it was


class _Standing(msgspec.Struct):
    """Where a run that gives tasks away stands."""

    revision: int
    wake_at: int


def claim(cursor: sqlite3.Cursor, wants: Sequence[Want], now: int) -> tuple[list[Claimed], dict[Key, int]]:
    """Take tasks for all wants; also, for each queue that had too few, when its next task becomes ready. See `Store.save`."""
    runs: dict[str, _Standing] = {}
    named = _take_named(cursor, wants, now, runs)
    claimed = _write(cursor, named, runs, wants, now)
    next_ready: dict[Key, int] = {}
    queued: list[_Taken] = []
    for key, places in _places(wants).items():
        found, following = _take(cursor, key, now, len(places))
        for place, (revision, wake_at, _, *row) in zip(places, found, strict=False):
            queued.append(_taken(runs, place, rows.read_task(row), revision, wake_at, now))
        if following and len(found) < len(places):
            next_ready[key] = following
    return claimed + _write(cursor, queued, runs, wants, now), next_ready


def _take_named(cursor: sqlite3.Cursor, wants: Sequence[Want], now: int, runs: dict[str, _Standing]) -> list[_Taken]:
    """The candidates that are as they were seen."""
    named = [(index, candidate) for index, want in enumerate(wants) for candidate in want.candidates or ()]
    asked = [(place, one.task.workflow_id, one.task.number, one.revision) for place, (_, one) in enumerate(named)]
    taken: list[_Taken] = []
    for text in statements("task").many("standing").read(cursor, asked):
        # The order of an aggregate's rows is not promised.
        for place, revision, wake_at in sorted(rows.decode_rows(text)):
            index, candidate = named[place]
            taken.append(_taken(runs, index, candidate.task, revision, wake_at, now))
    return taken


def _taken(runs: dict[str, _Standing], want: int, task: Task, revision: int, wake_at: int, now: int) -> _Taken:
    """A task that goes to a want; its run counts one revision for all that are taken from it."""
    run = runs.get(task.workflow_id)
    if run is None:
        run = runs[task.workflow_id] = _Standing(revision=revision + 1, wake_at=wake_at)
    if task.lease_ms:
        run.wake_at = _earlier(run.wake_at, now + task.lease_ms)
    return _Taken(want=want, task=task)


def _places(wants: Sequence[Want]) -> dict[Key, list[int]]:
    """Per queue, the index of the want that each next task goes to."""
    places: dict[Key, list[int]] = {}
    for index, want in enumerate(wants):
        if want.count > 0 and want.candidates is None:
            places.setdefault((want.queue, want.domain), []).extend([index] * want.count)
    return places


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
        following = _earlier(following, later or 0)
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


def _earlier(first: int, second: int) -> int:
    """Of two times, where 0 means never."""
    return min(first, second) if first and second else first or second


def _claimed(one: _Taken, run: _Standing, worker_id: str | None, now: int) -> Claimed:
    before = one.task
    task = msgspec.structs.replace(
        before,
        status=TaskStatus.IN_PROGRESS,
        ready_at=0,
        start_time=before.start_time or now,
        update_time=now,
        callback_after_seconds=0,
        worker_id=worker_id,
        poll_count=before.poll_count + 1,
    )
    return Claimed(want=one.want, task=task, revision=run.revision, wake_at=run.wake_at)


def _write(cursor: sqlite3.Cursor, taken: list[_Taken], runs: dict[str, _Standing], wants: Sequence[Want], now: int) -> list[Claimed]:
    """Make what was taken so."""
    claimed = [_claimed(one, runs[one.task.workflow_id], wants[one.want].worker_id, now) for one in taken]
    tasks = [
        (
            one.task.workflow_id,
            one.task.number,
            one.revision,
            one.task.start_time,
            one.task.update_time,
            one.task.poll_count,
            one.task.worker_id,
        )
        for one in claimed
    ]
    standings = {one.task.workflow_id: (one.task.workflow_id, one.revision, one.wake_at) for one in claimed}
    statements("task").many("claim").run(cursor, tasks)
    statements("workflow").many("claimed").run(cursor, list(standings.values()))
    return claimed
