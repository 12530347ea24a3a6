"""Claiming in PostgreSQL: what somebody else holds is stepped over, so that nobody waits for anybody."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from podium.store import rows
from podium.store.postgres_connection import Connection, columns, sql
from podium.store.postgres_loading import read_task
from podium.store.store import Claimed, Want
from podium.store.taking import Key, Taking, places, run_rows, task_rows

_HELD_MS = 5  # after which to look again for tasks that were ready, but in somebody else's hands


class _Level(NamedTuple):
    """What waits in a queue with one priority."""

    priority: int
    first: int  # when the first of it is ready (epoch ms)


async def claim(connection: Connection, wants: Sequence[Want], now: int) -> tuple[list[Claimed], dict[Key, int]]:
    """Take tasks for all wants; also, for each queue that had too few, when its next task becomes ready. See `Store.save`."""
    taking = Taking(wants, now)
    await _take_named(connection, wants, taking)
    claimed = await _write(connection, taking)
    asking = places(wants)
    if not asking:
        return claimed, {}
    levels = await _levels(connection, list(asking))
    tried = {key for key, found in levels.items() if any(level.first <= now for level in found)}
    await _take(connection, asking, levels, taking, now)
    claimed += await _write(connection, taking)
    return claimed, await _next_ready(connection, [key for key, wanting in asking.items() if wanting], levels, tried, now)


async def _take_named(connection: Connection, wants: Sequence[Want], taking: Taking) -> None:
    """The candidates that are as they were seen. Their runs are locked already."""
    named = [(index, candidate) for index, want in enumerate(wants) for candidate in want.candidates or ()]
    if not named:
        return
    asked = [(place, one.task.workflow_id, one.task.number, one.revision) for place, (_, one) in enumerate(named)]
    for place, revision, wake_at in sorted(map(tuple, await connection.fetch(sql("task")["standing"], *columns(asked)))):
        index, candidate = named[place]
        taking.take(index, candidate.task, revision, wake_at)


async def _levels(connection: Connection, keys: Sequence[Key]) -> dict[Key, list[_Level]]:
    """Per queue, what waits there, the highest priority first."""
    found: dict[Key, list[_Level]] = {key: [] for key in keys}
    asked = [(place, queue, domain or "") for place, (queue, domain) in enumerate(keys)]
    for place, priority, first in await connection.fetch(sql("task")["levels"], *columns(asked)):
        found[keys[place]].append(_Level(priority, first))
    return found


async def _take(connection: Connection, asking: dict[Key, list[int]], levels: dict[Key, list[_Level]], taking: Taking, now: int) -> None:
    """Serve as many as can be, one priority after the other; who is left in `asking` got nothing."""
    keys = list(asking)
    ready = {key: [level.priority for level in found if level.first <= now] for key, found in levels.items()}
    while asked := [
        (place, key[0], key[1] or "", ready[key].pop(0), len(asking[key])) for place, key in enumerate(keys) if asking[key] and ready[key]
    ]:
        found = await connection.fetch(sql("task")["ready"], *columns(asked), now)
        for place, revision, wake_at, _, *row in sorted(found, key=_delivery):
            taking.take(asking[keys[place]].pop(0), read_task(row), revision, wake_at)


def _delivery(row: Sequence[int]) -> tuple[int, int, int]:
    return row[0], row[rows.READY_AT + 4], row[3]


async def _next_ready(
    connection: Connection, keys: Sequence[Key], levels: dict[Key, list[_Level]], tried: set[Key], now: int
) -> dict[Key, int]:
    """When the next task of each queue becomes ready."""
    again = [key for key in keys if key in tried]
    if again:
        levels = levels | await _levels(connection, again)
    firsts = {key: min((level.first for level in levels[key]), default=0) for key in keys}
    return {key: first if first > now else now + _HELD_MS for key, first in firsts.items() if first}


async def _write(connection: Connection, taking: Taking) -> list[Claimed]:
    """Make what was taken so."""
    claimed = taking.settle()
    if claimed:
        await connection.execute(sql("task")["claim"], *columns(task_rows(claimed)))
        await connection.execute(sql("workflow")["claimed"], *columns(run_rows(claimed)))
    return claimed
