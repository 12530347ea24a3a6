"""Rowset of SQLite: payloads are rows of their own, the history of a run is a chain that ends at the run, and its texts are indexed."""

from __future__ import annotations

import sqlite3
from typing import NamedTuple

from podium.model.decision import HistoryEntry
from podium.model.payload import EMPTY, Payload
from podium.model.workflow import Workflow
from podium.store import rows
from podium.store.rowset import (
    ADVANCE,
    CACHED_OUTPUT,
    CHANGE_TASK,
    CHANGE_WORKFLOW,
    DROP_LOGS,
    DROP_TASK,
    ENDED_SLOT,
    EXPIRED_OUTPUTS,
    HISTORY,
    LOG,
    MESSAGE,
    MOVE_TASK,
    NEW_TASK,
    POINT,
    PUSHED_MESSAGE,
    REMOVED_TASK,
    SLOT,
    STEP,
    TAKEN_MESSAGE,
    Rowset,
)
from podium.store.statements import statements

_NEW_PAYLOAD = ("payload", "insert")
_NEW_WORKFLOW = ("workflow", "insert")
_DROP_START = ("workflow_text", "drop_start")
_DROP_END = ("workflow_text", "drop_end")
_START_TEXT = ("workflow_text", "put_start")
_END_TEXT = ("workflow_text", "put_end")
_PAYLOADS = ("inputs", "outputs", "workflow_input", "workflow_output", "workflow_variables")
_DROP_PAYLOAD = {name: ("payload", f"delete_{name}") for name in _PAYLOADS}
# In the order in which they are executed: what is replaced goes first.
_ORDER = (
    *(_DROP_START, _DROP_END),
    *(*_DROP_PAYLOAD.values(), DROP_LOGS, DROP_TASK, REMOVED_TASK, _NEW_PAYLOAD, _NEW_WORKFLOW, STEP, ADVANCE, CHANGE_WORKFLOW, POINT),
    *(NEW_TASK, CHANGE_TASK, MOVE_TASK, HISTORY, MESSAGE, LOG, TAKEN_MESSAGE, PUSHED_MESSAGE, EXPIRED_OUTPUTS, CACHED_OUTPUT),
    *(ENDED_SLOT, SLOT),
    *(_START_TEXT, _END_TEXT),  # what they are made of is there by now
)
_KEEP = -1  # a payload's number: the one that is there stays


class Present(NamedTuple):
    """What the database holds before the rows are written."""

    revisions: dict[str, int]  # workflow id -> revision
    histories: dict[str, int | None]  # workflow id -> the last row of its history
    payload_id: int  # the last number given
    history_id: int  # the same
    number: int  # the same, of runs


class SqliteRowset(Rowset):
    """The rows of a group of decisions; numbers go on from those that are present."""

    def __init__(self, present: Present, created: int) -> None:
        super().__init__(_ORDER, _KEEP)
        self.created = created  # the last task's place in the order of creation
        self._payload_id = present.payload_id
        self._history_id = present.history_id
        self._number = present.number
        self._histories = present.histories

    def run(self, cursor: sqlite3.Cursor) -> None:
        """Write them."""
        for (table, name), written in self.rows.items():
            if written:
                statements(table).many(name).run(cursor, written)

    def _add_history(self, workflow: Workflow, entry: HistoryEntry | None) -> tuple[object, ...]:
        """The number of the entry's row; None if there is no entry."""
        if entry is None:
            return (None,)
        self._history_id += 1
        previous = self._histories.get(workflow.workflow_id)
        self.rows[HISTORY].append((self._history_id, previous, *rows.history_row(workflow.workflow_id, workflow.revision, entry)))
        return (self._history_id,)

    def _add_new_workflow(self, workflow: Workflow, history: tuple[object, ...]) -> None:
        payloads = [self._new_payload(payload) for payload in (workflow.input, workflow.output, workflow.variables)]
        hot, columns = rows.workflow_hot(workflow), rows.workflow_columns(workflow)
        self._number += 1
        cold = rows.write_workflow_cold(workflow)
        self.rows[_NEW_WORKFLOW].append((workflow.workflow_id, *hot, *columns, cold, *payloads, *history, self._number))
        self.rows[_START_TEXT].append((workflow.workflow_id,))
        if _has_end_text(workflow):
            self.rows[_END_TEXT].append((workflow.workflow_id,))

    def _add_workflow(self, before: Workflow, after: Workflow, history: tuple[object, ...]) -> None:
        super()._add_workflow(before, after, history)
        key = (after.workflow_id,)
        if (before.name, before.correlation_id) != (after.name, after.correlation_id) or _differ(before.input, after.input):
            self.rows[_DROP_START].append(key)
            self.rows[_START_TEXT].append(key)
        if before.reason != after.reason or _differ(before.output, after.output):
            if _has_end_text(before):
                self.rows[_DROP_END].append(key)
            if _has_end_text(after):
                self.rows[_END_TEXT].append(key)

    def _created(self) -> tuple[object, ...]:
        self.created += 1
        return (self.created,)

    def _stored(self, raw: bytes) -> int:
        self._payload_id += 1
        self.rows[_NEW_PAYLOAD].append((self._payload_id, raw.decode()))
        return self._payload_id

    def _drop_payload(self, name: str, key: tuple[object, ...]) -> None:
        self.rows[_DROP_PAYLOAD[name]].append(key)


def _has_end_text(workflow: Workflow) -> bool:
    return workflow.reason is not None or workflow.output is not EMPTY


def _differ(before: Payload, after: Payload) -> bool:
    return rows.changed_payload(before, after) is not None
