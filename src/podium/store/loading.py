"""Loading: reads runs and their surroundings. Each answer is one row of JSON, for the reason told in `statements`."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

from msgspec.structs import replace

from podium.model.cached_output import CachedOutput
from podium.model.decision import HistoryEntry
from podium.model.definition import WorkflowDef
from podium.model.message import OutboxRow
from podium.model.slot import SlotStanding
from podium.model.status import TaskStatus
from podium.model.task import PollData, Task, TaskLog
from podium.model.workflow import StoredRun, Workflow
from podium.store import rows
from podium.store.statements import Parameters, statements


def one(cursor: sqlite3.Cursor, file: str, name: str, parameters: Parameters = ()) -> str:
    """The only value of the only row of a statement."""
    text: str = cursor.execute(statements(file)[name], parameters).fetchone()[0]
    return text


def load(cursor: sqlite3.Cursor, workflow_id: str, known_revision: int, known_hash: str | None) -> StoredRun | None:
    """See `Store.load`."""
    found = workflows(cursor, [workflow_id])
    if not found:
        return None
    workflow = _with_messages(cursor, found[0])
    tasks: list[Task] = []
    removed: list[str] = []
    if workflow.revision != known_revision:
        tasks = [rows.read_task(row) for row in rows.decode_rows(one(cursor, "task", "load", (workflow_id, known_revision)))]
        removed = rows.decode_ids(one(cursor, "task", "removed", (workflow_id, known_revision))) if known_revision else []
    definition = None if workflow.definition_hash == known_hash else _definition(cursor, workflow.definition_hash)
    return StoredRun(workflow=workflow, tasks=tasks, removed=removed, definition=definition)


def _with_messages(cursor: sqlite3.Cursor, workflow: Workflow) -> Workflow:
    """The workflow with the messages that wait for it; one that was never sent any costs no query."""
    if not workflow.message_count:
        return workflow
    found = rows.decode_rows(one(cursor, "workflow_message", "list", (workflow.workflow_id,)))
    # The order of an aggregate's rows is not promised.
    waiting = sorted(map(rows.read_workflow_message, found), key=lambda message: message.number)
    return replace(workflow, messages=tuple(waiting))


def _definition(cursor: sqlite3.Cursor, definition_hash: str) -> WorkflowDef:
    (body,) = cursor.execute(statements("definition")["snapshot"], (definition_hash,)).fetchone()
    return rows.read_snapshot(body)


def workflows(cursor: sqlite3.Cursor, workflow_ids: Sequence[str]) -> list[Workflow]:
    """See `Store.workflows`."""
    found = rows.decode_rows(one(cursor, "workflow", "load", (rows.write(list(workflow_ids)),)))
    by_id = {row[0]: row for row in found}
    return [rows.read_workflow(by_id[workflow_id]) for workflow_id in workflow_ids if workflow_id in by_id]


def tasks(cursor: sqlite3.Cursor, task_ids: Sequence[str]) -> list[Task]:
    """See `Store.tasks`."""
    found = rows.decode_rows(one(cursor, "task", "by_id", (rows.write(list(task_ids)),)))
    by_id = {task.task_id: task for task in map(rows.read_task, found)}
    return [by_id[task_id] for task_id in task_ids if task_id in by_id]


def due(cursor: sqlite3.Cursor, now: int, limit: int) -> list[str]:
    """See `Store.due`."""
    return rows.decode_ids(one(cursor, "workflow", "due", (now, limit)))


def next_wake(cursor: sqlite3.Cursor) -> int:
    """See `Store.next_wake`."""
    return int(one(cursor, "workflow", "next_wake"))


def outbox(cursor: sqlite3.Cursor, now: int, limit: int) -> list[OutboxRow]:
    """See `Store.outbox`."""
    found = rows.decode_rows(one(cursor, "outbox", "due", (now, limit)))
    return [OutboxRow(outbox_id=key, due=when, attempts=attempts, message=rows.read_message(text)) for key, when, attempts, text in found]


def history(cursor: sqlite3.Cursor, workflow_id: str, after_revision: int, limit: int) -> list[tuple[int, HistoryEntry]]:
    """See `Store.history`."""
    asked = {"workflow_id": workflow_id, "after_revision": after_revision, "limit": limit}
    return [rows.read_history(row) for row in rows.decode_rows(one(cursor, "history", "list", asked))]


def running_ids(cursor: sqlite3.Cursor, name: str, version: int | None, start: int | None, end: int | None) -> list[str]:
    """See `Store.running_ids`."""
    if start is None or end is None:
        return rows.decode_ids(one(cursor, "workflow", "running", (name,)))
    return rows.decode_ids(one(cursor, "workflow", "created", (name, start, end, version)))


def correlated(cursor: sqlite3.Cursor, name: str, correlation_ids: Sequence[str], include_closed: bool) -> dict[str, list[str]]:
    """See `Store.correlated`."""
    answer: dict[str, list[str]] = {correlation_id: [] for correlation_id in correlation_ids}
    asked = rows.write(list(answer))
    parameters = {"correlation_ids": asked, "name": name, "include_closed": include_closed}
    for correlation_id, workflow_id in rows.decode_rows(one(cursor, "workflow", "correlated", parameters)):
        answer[correlation_id].append(workflow_id)
    return answer


def cached_outputs(cursor: sqlite3.Cursor, keys: Sequence[tuple[str, str]]) -> list[CachedOutput]:
    """See `Store.cached_outputs`."""
    found = rows.decode_rows(one(cursor, "cached_output", "find", (rows.write(keys),)))
    return [rows.read_cached_output(row) for row in found]


def slot_standing(cursor: sqlite3.Cursor, key: str, besides: str) -> SlotStanding:
    """See `Store.slot_standing`."""
    held, waiting = rows.decode_slots(one(cursor, "slot", "standing", {"key": key, "besides": besides}))
    return SlotStanding(held=held, waiting=waiting)


def held_slots(cursor: sqlite3.Cursor, keys: Sequence[str]) -> dict[str, int]:
    """How many slots of these rate limit keys are held, without those of which none is."""
    return rows.decode_held(one(cursor, "slot", "held", (rows.write(keys),)))


def queue_sizes(cursor: sqlite3.Cursor) -> dict[tuple[str, str | None], int]:
    """See `Store.queue_sizes`."""
    return {(queue, domain): size for queue, domain, size in rows.decode_rows(one(cursor, "task", "queue_sizes"))}


def pending_tasks(cursor: sqlite3.Cursor, task_type: str, start: int, count: int, statuses: Sequence[TaskStatus]) -> list[Task]:
    """See `Store.pending_tasks`."""
    wanted = rows.write([status.value for status in statuses or (TaskStatus.SCHEDULED, TaskStatus.IN_PROGRESS)])
    return tasks(cursor, rows.decode_ids(one(cursor, "task", "pending", (task_type, wanted, max(count, 0), start))))


def poll_data(cursor: sqlite3.Cursor, queue: str | None) -> list[PollData]:
    """See `Store.poll_data`."""
    found = rows.decode_rows(one(cursor, "poll_data", "list", (queue,)))
    return [PollData(queue_name=name, domain=domain or None, worker_id=worker, last_poll_time=when) for name, domain, worker, when in found]


def task_logs(cursor: sqlite3.Cursor, task_id: str) -> list[TaskLog]:
    """See `Store.task_logs`."""
    found = rows.decode_rows(one(cursor, "task_log", "list", (task_id,)))
    return [TaskLog(task_id=key, created_time=created, log=log) for key, created, log in found]
