"""Loading from PostgreSQL: reads runs and their surroundings."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from msgspec.structs import replace

from podium.model.cached_output import CachedOutput
from podium.model.decision import HistoryEntry
from podium.model.message import OutboxRow
from podium.model.slot import SlotStanding
from podium.model.status import TaskStatus
from podium.model.task import PollData, Task, TaskLog
from podium.model.workflow import StoredRun, Workflow
from podium.store import rows
from podium.store.postgres_connection import Connection, columns, original, plain, sql

_JSON = 3  # columns at the end of a workflow and of a task that are JSON: there the character NUL is an escape


def read_workflow(row: Sequence[Any]) -> Workflow:
    """From the columns of `workflow.sql`, see `rows.read_workflow`."""
    return rows.read_workflow([*map(original, row[: -_JSON - 1]), *row[-_JSON - 1 :]])


def read_task(row: Sequence[Any]) -> Task:
    """From the columns of `task.sql`, see `rows.read_task`."""
    return rows.read_task([*map(original, row[:-_JSON]), *row[-_JSON:]])


async def load(connection: Connection, workflow_id: str, known_revision: int, known_hash: str | None) -> StoredRun | None:
    """See `Store.load`."""
    found = await connection.fetchrow(sql("workflow")["load"], plain(workflow_id), known_revision, known_hash)
    if found is None:
        return None
    *row, tasks, removed, messages, definition = found
    waiting = tuple(rows.read_workflow_message([*map(original, message[:-1]), message[-1]]) for message in messages)
    return StoredRun(
        workflow=replace(read_workflow(row), messages=waiting),
        tasks=[read_task(task) for task in tasks or ()],
        removed=[original(task_id) for task_id in removed or ()],
        definition=None if definition is None else rows.read_snapshot(definition),
    )


async def workflows(connection: Connection, workflow_ids: Sequence[str]) -> list[Workflow]:
    """See `Store.workflows`."""
    found = map(read_workflow, await connection.fetch(sql("workflow")["list"], [plain(one) for one in workflow_ids]))
    by_id = {workflow.workflow_id: workflow for workflow in found}
    return [by_id[workflow_id] for workflow_id in workflow_ids if workflow_id in by_id]


async def tasks(connection: Connection, task_ids: Sequence[str]) -> list[Task]:
    """See `Store.tasks`."""
    found = map(read_task, await connection.fetch(sql("task")["by_id"], [plain(one) for one in task_ids]))
    by_id = {task.task_id: task for task in found}
    return [by_id[task_id] for task_id in task_ids if task_id in by_id]


async def due(connection: Connection, now: int, limit: int) -> list[str]:
    """See `Store.due`."""
    return _firsts(await connection.fetch(sql("workflow")["due"], now, limit))


async def next_wake(connection: Connection) -> int:
    """See `Store.next_wake`."""
    when: int = await connection.fetchval(sql("workflow")["next_wake"])
    return when


async def outbox(connection: Connection, now: int, limit: int) -> list[OutboxRow]:
    """See `Store.outbox`."""
    found = await connection.fetch(sql("outbox")["due"], now, limit)
    return [
        OutboxRow(outbox_id=original(key), due=when, attempts=attempts, message=rows.read_message(text))
        for key, when, attempts, text in found
    ]


async def history(connection: Connection, workflow_id: str, after_revision: int, limit: int) -> list[tuple[int, HistoryEntry]]:
    """See `Store.history`."""
    found = await connection.fetch(sql("history")["list"], plain(workflow_id), after_revision, limit)
    return [rows.read_history((revision, at, original(actor), body)) for revision, at, actor, body in found]


async def running_ids(connection: Connection, name: str, version: int | None, start: int | None, end: int | None) -> list[str]:
    """See `Store.running_ids`."""
    if start is None or end is None:
        return _firsts(await connection.fetch(sql("workflow")["running"], plain(name)))
    return _firsts(await connection.fetch(sql("workflow")["created"], plain(name), start, end, version))


async def correlated(connection: Connection, name: str, correlation_ids: Sequence[str], include_closed: bool) -> dict[str, list[str]]:
    """See `Store.correlated`."""
    answer: dict[str, list[str]] = {correlation_id: [] for correlation_id in correlation_ids}
    asked = [plain(correlation_id) for correlation_id in answer]
    for correlation_id, workflow_id in await connection.fetch(sql("workflow")["correlated"], asked, plain(name), include_closed):
        answer[original(correlation_id)].append(original(workflow_id))
    return answer


async def cached_outputs(connection: Connection, keys: Sequence[tuple[str, str]]) -> list[CachedOutput]:
    """See `Store.cached_outputs`."""
    found = await connection.fetch(sql("cached_output")["find"], *columns(keys)) if keys else []
    return [rows.read_cached_output([original(def_name), original(key), expires_at, output]) for def_name, key, expires_at, output in found]


async def slot_standing(connection: Connection, key: str, besides: str) -> SlotStanding:
    """See `Store.slot_standing`."""
    held, waiting = await connection.fetchrow(sql("slot")["standing"], plain(key), plain(besides))
    return SlotStanding(held=held, waiting=original(waiting))


async def queue_sizes(connection: Connection) -> dict[tuple[str, str | None], int]:
    """See `Store.queue_sizes`."""
    found = await connection.fetch(sql("task")["queue_sizes"])
    return {(original(queue), original(domain)): size for queue, domain, size in found}


async def pending_tasks(connection: Connection, task_type: str, start: int, count: int, statuses: Sequence[TaskStatus]) -> list[Task]:
    """See `Store.pending_tasks`."""
    wanted = [status.value for status in statuses or (TaskStatus.SCHEDULED, TaskStatus.IN_PROGRESS)]
    found = await connection.fetch(sql("task")["pending"], plain(task_type), wanted, max(count, 0), max(start, 0))
    return [read_task(row) for row in found]


async def poll_data(connection: Connection, queue: str | None) -> list[PollData]:
    """See `Store.poll_data`."""
    found = await connection.fetch(sql("poll_data")["list"], None if queue is None else plain(queue))
    return [
        PollData(queue_name=original(name), domain=original(domain) or None, worker_id=original(worker), last_poll_time=when)
        for name, domain, worker, when in found
    ]


async def task_logs(connection: Connection, task_id: str) -> list[TaskLog]:
    """See `Store.task_logs`."""
    found = await connection.fetch(sql("task_log")["list"], plain(task_id))
    return [TaskLog(task_id=original(key), created_time=created, log=original(log)) for key, created, log in found]


def _firsts(found: Sequence[Sequence[Any]]) -> list[str]:
    return [original(row[0]) for row in found]
