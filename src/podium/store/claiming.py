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
    taken: list[_Taken] = []
    runs: dict[str, _Standing] = {}
    next_ready: dict[Key, int] = {}
    for key, places in _places(wants).items():
        found, following = _take(cursor, key, now, len(places))
        for place, (revision, wake_at, _, *row) in zip(places, found, strict=False):
            task = rows.read_task(row)
            taken.append(_Taken(want=place, task=task))
            run = runs.setdefault(task.workflow_id, _Standing(revision=revision + 1, wake_at=wake_at))
            run.wake_at = _earlier(run.wake_at, task.lease_ms and now + task.lease_ms)
        if following and len(found) < len(places):
            next_ready[key] = following
    claimed = [_claimed(one, runs[one.task.workflow_id], wants[one.want].worker_id, now) for one in taken]
    _write(cursor, claimed, runs)
    return claimed, next_ready


def _places(wants: Sequence[Want]) -> dict[Key, list[int]]:
    """Per queue, the index of the want that each next task goes to."""
    places: dict[Key, list[int]] = {}
    for index, want in enumerate(wants):
        if want.count > 0:
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


def _write(cursor: sqlite3.Cursor, claimed: list[Claimed], runs: dict[str, _Standing]) -> None:
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
    statements("task").many("claim").run(cursor, tasks)
    statements("workflow").many("claimed").run(cursor, [(workflow_id, run.revision, run.wake_at) for workflow_id, run in runs.items()])
