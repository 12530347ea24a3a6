"""Rowset of SQLite: payloads are rows of their own, and the history of a run is a chain that ends at the run."""

from __future__ import annotations

import sqlite3
from typing import NamedTuple

from podium.model.decision import HistoryEntry
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
_PAYLOADS = ("inputs", "outputs", "workflow_input", "workflow_output", "workflow_variables")
_DROP_PAYLOAD = {name: ("payload", f"delete_{name}") for name in _PAYLOADS}
# In the order in which they are executed: what is replaced goes first.
_ORDER = (
    *(*_DROP_PAYLOAD.values(), DROP_LOGS, DROP_TASK, REMOVED_TASK, _NEW_PAYLOAD, _NEW_WORKFLOW, STEP, ADVANCE, CHANGE_WORKFLOW, POINT),
    *(NEW_TASK, CHANGE_TASK, MOVE_TASK, HISTORY, MESSAGE, LOG, TAKEN_MESSAGE, PUSHED_MESSAGE, EXPIRED_OUTPUTS, CACHED_OUTPUT),
    *(ENDED_SLOT, SLOT),
)
_KEEP = -1  # a payload's number: the one that is there stays


class Present(NamedTuple):
    """What the database holds before the rows are written."""

    revisions: dict[str, int]  # workflow id -> revision
    histories: dict[str, int | None]  # workflow id -> the last row of its history
    payload_id: int  # the last number given
    history_id: int  # the same


class SqliteRowset(Rowset):
    """The rows of a group of decisions; numbers go on from those that are present."""

    def __init__(self, present: Present, created: int) -> None:
        super().__init__(_ORDER, _KEEP)
        self.created = created  # the last task's place in the order of creation
        self._payload_id = present.payload_id
        self._history_id = present.history_id
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
        self.rows[_NEW_WORKFLOW].append((workflow.workflow_id, *hot, *columns, rows.write_workflow_cold(workflow), *payloads, *history))

    def _created(self) -> tuple[object, ...]:
        self.created += 1
        return (self.created,)

    def _stored(self, raw: bytes) -> int:
        self._payload_id += 1
        self.rows[_NEW_PAYLOAD].append((self._payload_id, raw.decode()))
        return self._payload_id

    def _drop_payload(self, name: str, key: tuple[object, ...]) -> None:
        self.rows[_DROP_PAYLOAD[name]].append(key)
