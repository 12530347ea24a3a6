"""Rowset: the rows that a group of decisions on different workflows writes, sorted by the statement that writes them.

Only what changed is written: the narrow row of the workflow always, everything else where `before` and `after` differ.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from itertools import takewhile
from typing import NamedTuple

from podium.model.decision import Decision, HistoryEntry, TaskChange
from podium.model.payload import EMPTY, Payload
from podium.model.task import Task
from podium.model.workflow import Workflow
from podium.store import rows
from podium.store.statements import statements

# (file, statement), in the order in which they are executed: what is replaced goes first.
_DROP_INPUT = ("payload", "delete_inputs")
_DROP_OUTPUT = ("payload", "delete_outputs")
_DROP_WORKFLOW_INPUT = ("payload", "delete_workflow_input")
_DROP_WORKFLOW_OUTPUT = ("payload", "delete_workflow_output")
_DROP_WORKFLOW_VARIABLES = ("payload", "delete_workflow_variables")
_DROP_LOGS = ("task_log", "delete")
_DROP_TASK = ("task", "delete")
_REMOVED_TASK = ("task", "remember_removed")
_NEW_PAYLOAD = ("payload", "insert")
_NEW_WORKFLOW = ("workflow", "insert")
_STEP = ("workflow", "step")
_ADVANCE = ("workflow", "advance")
_CHANGE_WORKFLOW = ("workflow", "change")
_POINT = ("workflow", "point")
_NEW_TASK = ("task", "insert")
_CHANGE_TASK = ("task", "change")
_MOVE_TASK = ("task", "move")
_HISTORY = ("history", "insert")
_MESSAGE = ("outbox", "insert")
_LOG = ("task_log", "insert")
_TAKEN_MESSAGE = ("workflow_message", "delete")
_PUSHED_MESSAGE = ("workflow_message", "insert")
_EXPIRED_OUTPUTS = ("cached_output", "expire")
_CACHED_OUTPUT = ("cached_output", "put")
_ORDER = (
    *(_DROP_INPUT, _DROP_OUTPUT, _DROP_WORKFLOW_INPUT, _DROP_WORKFLOW_OUTPUT, _DROP_WORKFLOW_VARIABLES, _DROP_LOGS, _DROP_TASK),
    *(_REMOVED_TASK, _NEW_PAYLOAD, _NEW_WORKFLOW, _STEP, _ADVANCE, _CHANGE_WORKFLOW, _POINT, _NEW_TASK, _CHANGE_TASK, _MOVE_TASK),
    *(_HISTORY, _MESSAGE, _LOG, _TAKEN_MESSAGE, _PUSHED_MESSAGE, _EXPIRED_OUTPUTS, _CACHED_OUTPUT),
)

_KEEP = -1  # a payload's number: the one that is there stays


class Present(NamedTuple):
    """What the database holds before the rows are written."""

    revisions: dict[str, int]  # workflow id -> revision
    histories: dict[str, int | None]  # workflow id -> the last row of its history
    payload_id: int  # the last number given
    history_id: int  # the same


class Rowset:
    """The rows of a group of decisions, sorted by the statement that writes them."""

    def __init__(self, present: Present, created: int) -> None:
        self.created = created  # the last task's place in the order of creation
        self._payload_id = present.payload_id
        self._history_id = present.history_id
        self._histories = present.histories
        self._cached: dict[tuple[str, str], Sequence[object]] = {}
        self._rows: dict[tuple[str, str], list[Sequence[object]]] = {statement: [] for statement in _ORDER}

    def run(self, cursor: sqlite3.Cursor) -> None:
        """Write them."""
        for (table, name), written in self._rows.items():
            if written:
                statements(table).many(name).run(cursor, written)

    def add(self, decision: Decision) -> None:
        """Take in one decision."""
        workflow, before = decision.workflow, decision.before
        history_id = self._add_history(workflow, decision.history)
        if before is None:
            self._add_new_workflow(workflow, history_id)
        else:
            self._add_workflow(before, workflow, history_id)
        revision = workflow.revision
        for change in decision.tasks:
            self._add_task_change(change, revision)
        self._rows[_LOG] += [rows.log_row(log) for log in decision.logs]
        if decision.cached:
            # Of several outputs with one key the last counts, and a statement writes a row once.
            self._cached |= {(cached.def_name, cached.key): rows.cached_output_row(cached) for cached in decision.cached}
            self._rows[_CACHED_OUTPUT] = list(self._cached.values())
            self._rows[_EXPIRED_OUTPUTS] = [(workflow.update_time,)]

    def add_messages(self, decision: Decision) -> None:
        """Take in what a decision sends."""
        self._rows[_MESSAGE] += [(row.outbox_id, row.due, row.attempts, rows.write(row.message)) for row in decision.messages]

    def _add_history(self, workflow: Workflow, entry: HistoryEntry | None) -> int | None:
        """The number of the entry's row; None if there is no entry."""
        if entry is None:
            return None
        self._history_id += 1
        previous = self._histories.get(workflow.workflow_id)
        self._rows[_HISTORY].append((self._history_id, previous, *rows.history_row(workflow.workflow_id, workflow.revision, entry)))
        return self._history_id

    def _add_new_workflow(self, workflow: Workflow, history_id: int | None) -> None:
        payloads = [self._new_payload(payload) for payload in (workflow.input, workflow.output, workflow.variables)]
        hot, columns = rows.workflow_hot(workflow), rows.workflow_columns(workflow)
        self._rows[_NEW_WORKFLOW].append((workflow.workflow_id, *hot, *columns, rows.write_workflow_cold(workflow), *payloads, history_id))
        self._add_messages(workflow, 0)

    def _add_workflow(self, before: Workflow, after: Workflow, history_id: int | None) -> None:
        if after.status is before.status and after.wake_at == before.wake_at and after.end_time == before.end_time:
            step = (after.workflow_id, after.revision, after.update_time, after.task_count, after.last_seq, history_id)
            self._rows[_STEP].append(step)
        else:
            self._rows[_ADVANCE].append((after.workflow_id, *rows.workflow_hot(after), history_id))
        self._add_workflow_change(before, after)

    def _add_workflow_change(self, before: Workflow, after: Workflow) -> None:
        columns = rows.workflow_columns(after)
        if columns != rows.workflow_columns(before) or rows.workflow_cold(after) != rows.workflow_cold(before):
            self._rows[_CHANGE_WORKFLOW].append((after.workflow_id, *columns, rows.write_workflow_cold(after)))
        given = self._payload(before.input, after.input, _DROP_WORKFLOW_INPUT, (after.workflow_id,))
        output = self._payload(before.output, after.output, _DROP_WORKFLOW_OUTPUT, (after.workflow_id,))
        variables = self._payload(before.variables, after.variables, _DROP_WORKFLOW_VARIABLES, (after.workflow_id,))
        if not given == output == variables == _KEEP:
            self._rows[_POINT].append((after.workflow_id, given, output, variables))
        if after.messages is not before.messages:
            first = after.messages[0].number if after.messages else after.message_count + 1
            taken = takewhile(lambda message: message.number < first, before.messages)
            self._rows[_TAKEN_MESSAGE] += [(after.workflow_id, message.number) for message in taken]
            self._add_messages(after, before.message_count)

    def _add_messages(self, workflow: Workflow, known: int) -> None:
        """Messages come in at the end of a run's queue; one that was taken in the same decision is never written."""
        fresh = takewhile(lambda message: message.number > known, reversed(workflow.messages))
        self._rows[_PUSHED_MESSAGE] += [rows.message_row(workflow.workflow_id, message) for message in fresh]

    def _add_task_change(self, change: TaskChange, revision: int) -> None:
        before, after = change.before, change.after
        if after is not None and before is not None:
            self._add_changed_task(before, after, revision)
        elif after is not None:
            self._add_new_task(after, revision)
        elif before is not None:
            self._add_removed_task(before, revision)

    def _add_new_task(self, task: Task, revision: int) -> None:
        self.created += 1
        self._rows[_NEW_TASK].append(
            (
                *(task.workflow_id, task.number, revision, self.created),
                *rows.task_fixed(task),
                *rows.task_changed(task),
                *rows.task_moved(task),
                *(rows.write_task_cold(task), self._new_payload(task.input), self._new_payload(task.output)),
            )
        )

    def _add_changed_task(self, before: Task, after: Task, revision: int) -> None:
        key = (after.workflow_id, after.number)
        given = self._payload(before.input, after.input, _DROP_INPUT, key)
        output = self._payload(before.output, after.output, _DROP_OUTPUT, key)
        changed = (*key, revision, *rows.task_changed(after), rows.write_task_cold(after), given, output)
        self._rows[_CHANGE_TASK].append(changed)
        moved = rows.task_moved(after)
        if moved != rows.task_moved(before):
            self._rows[_MOVE_TASK].append((*key, *moved))

    def _add_removed_task(self, task: Task, revision: int) -> None:
        key = (task.workflow_id, task.number)
        self._rows[_DROP_INPUT].append(key)
        self._rows[_DROP_OUTPUT].append(key)
        self._rows[_DROP_TASK].append((task.task_id,))
        self._rows[_DROP_LOGS].append((task.task_id,))
        self._rows[_REMOVED_TASK].append((task.workflow_id, revision, task.task_id))

    def _payload(self, before: Payload, after: Payload, drop: tuple[str, str], key: tuple[object, ...]) -> int | None:
        """The number of what replaces a payload."""
        raw = rows.changed_payload(before, after)
        if raw is None:
            return _KEEP
        if before is not EMPTY:
            self._rows[drop].append(key)
        return self._append_payload(raw)

    def _new_payload(self, payload: Payload) -> int | None:
        return None if payload is EMPTY else self._append_payload(payload.raw)

    def _append_payload(self, raw: bytes) -> int | None:
        if len(raw) <= len(b"{}"):
            return None
        self._payload_id += 1
        self._rows[_NEW_PAYLOAD].append((self._payload_id, raw.decode()))
        return self._payload_id
