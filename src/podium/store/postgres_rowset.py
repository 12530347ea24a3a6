"""Rowset of PostgreSQL: payloads stand beside their tasks, where large ones are put aside by the database itself."""

from __future__ import annotations

from podium.model.decision import HistoryEntry
from podium.model.workflow import Workflow
from podium.store import rows
from podium.store.postgres_connection import Connection, columns, sql
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

_NEW_DATA = ("workflow", "insert_data")
# In the order in which they are executed: what is replaced goes first.
_ORDER = (
    *(DROP_LOGS, DROP_TASK, REMOVED_TASK, _NEW_DATA, STEP, ADVANCE, CHANGE_WORKFLOW, POINT),
    *(NEW_TASK, CHANGE_TASK, MOVE_TASK, HISTORY, MESSAGE, LOG, TAKEN_MESSAGE, PUSHED_MESSAGE, EXPIRED_OUTPUTS, CACHED_OUTPUT),
    *(ENDED_SLOT, SLOT),
)
_KEEP = ""  # no JSON text


class PostgresRowset(Rowset):
    """The rows of a group of decisions, without those of new runs, which must go first: see `new_workflow`."""

    def __init__(self) -> None:
        super().__init__(_ORDER, _KEEP)

    async def run(self, connection: Connection) -> None:
        """Write them."""
        for (table, name), written in self.rows.items():
            if written:
                await connection.execute(sql(table)[name], *columns(written))

    def _add_history(self, workflow: Workflow, entry: HistoryEntry | None) -> tuple[object, ...]:
        if entry is not None:
            self.rows[HISTORY].append(rows.history_row(workflow.workflow_id, workflow.revision, entry))
        return ()

    def _add_new_workflow(self, workflow: Workflow, history: tuple[object, ...]) -> None:
        payloads = [self._new_payload(payload) for payload in (workflow.input, workflow.output, workflow.variables)]
        self.rows[_NEW_DATA].append((workflow.workflow_id, *payloads, *history))

    def _created(self) -> tuple[object, ...]:
        return ()  # the database counts

    def _stored(self, raw: bytes) -> str:
        return raw.decode()

    def _drop_payload(self, name: str, key: tuple[object, ...]) -> None:
        """Nothing is left behind."""


def new_workflow(workflow: Workflow) -> tuple[object, ...]:
    """The row of a new run."""
    hot, fixed = rows.workflow_hot(workflow), rows.workflow_columns(workflow)
    return (workflow.workflow_id, *hot, *fixed, rows.write_workflow_cold(workflow))
