"""Saving: writes many decisions as sets of rows, a few statements for all of them.

Everything here runs in the writer's thread, inside its transaction. In the normal course nothing is undone step by step: an error
undoes the whole transaction, and the writer hands the same batches in again one by one, `carefully`: then a decision that breaks a
constraint is found by halving, and left out alone.
"""

from __future__ import annotations

import sqlite3

import msgspec

from podium.model.decision import Decision
from podium.store import rows
from podium.store.claiming import claim
from podium.store.loading import held_slots
from podium.store.rowset import Numbered, groups, keys_wanted, without_slot
from podium.store.sqlite_rowset import Present, SqliteRowset
from podium.store.statements import statements
from podium.store.store import Batch, Saved

# What the data of one decision can cause, as opposed to the state of the database.
UNWRITABLE = (sqlite3.IntegrityError, sqlite3.DataError, OverflowError, UnicodeError, TypeError, msgspec.MsgspecError)


class Saver:
    """Turns batches into rows; remembers what only the writer can know."""

    def __init__(self) -> None:
        self._known_definitions: set[str] = set()
        self._created = 0  # the last task's place in the order of creation

    def forget(self) -> None:
        """A transaction was undone: what it taught us may not be so."""
        self._known_definitions.clear()

    def save(self, cursor: sqlite3.Cursor, batch: Batch, carefully: bool) -> Saved:
        """Write a batch; see `Store.save`."""
        numbered = list(enumerate(batch.decisions))
        failures: dict[int, str] = {}
        conflicts = self._halve(cursor, numbered, batch.now, failures) if carefully else self._write(cursor, numbered, batch.now)
        if batch.logs:
            statements("task_log").many("insert").run(cursor, [rows.log_row(log) for log in batch.logs])
        if batch.polls:
            polls = [(poll.queue_name, poll.domain or "", poll.worker_id, poll.last_poll_time) for poll in batch.polls]
            statements("poll_data").many("put").run(cursor, polls)
        claimed, next_ready = claim(cursor, batch.wants, batch.now) if batch.wants else ([], {})
        return Saved(conflicts=frozenset(conflicts), failures=failures, claimed=claimed, next_ready=next_ready)

    def _halve(self, cursor: sqlite3.Cursor, numbered: list[Numbered], now: int, failures: dict[int, str]) -> set[int]:
        """Write as many as can be written, in order; the indexes of those that lost their race."""
        if not numbered:
            return set()
        cursor.execute("SAVEPOINT part")
        try:
            conflicts = self._write(cursor, numbered, now)
        except UNWRITABLE as error:
            cursor.execute("ROLLBACK TO part")
            self.forget()
            if len(numbered) == 1:
                failures[numbered[0][0]] = str(error)
                return set()
            middle = len(numbered) // 2
            return self._halve(cursor, numbered[:middle], now, failures) | self._halve(cursor, numbered[middle:], now, failures)
        finally:
            cursor.execute("RELEASE part")
        return conflicts

    def _write(self, cursor: sqlite3.Cursor, numbered: list[Numbered], now: int) -> set[int]:
        conflicts: set[int] = set()
        for group in groups(numbered):
            present = _present(cursor, group)
            revisions = present.revisions
            winners = [decision for _, decision in group if revisions.get(decision.workflow_id, 0) == decision.base_revision]
            keys = keys_wanted(winners)
            if keys:
                late = without_slot(winners, held_slots(cursor, keys))
                winners = [decision for decision in winners if decision.workflow_id not in late]
            if len(winners) < len(group):
                written = {decision.workflow_id for decision in winners}
                conflicts.update(index for index, decision in group if decision.workflow_id not in written)
            self._write_winners(cursor, winners, present, now)
        return conflicts

    def _write_winners(self, cursor: sqlite3.Cursor, winners: list[Decision], present: Present, now: int) -> None:
        written = SqliteRowset(present, max(self._created, now * 1000))
        consumed: list[str] = []
        for decision in winners:
            consumed += decision.consumed
            if decision.definition is not None and decision.workflow.definition_hash not in self._known_definitions:
                self._put_definition(cursor, decision)
            if decision.removed:
                _remove(cursor, decision.workflow_id)
            else:
                written.add(decision)
            written.add_messages(decision)
        if consumed:
            cursor.execute(statements("outbox")["delete"], (rows.write(consumed),))
        written.run(cursor)
        self._created = written.created

    def _put_definition(self, cursor: sqlite3.Cursor, decision: Decision) -> None:
        if decision.definition is not None:
            key = decision.workflow.definition_hash
            cursor.execute(statements("definition")["put_snapshot"], (key, rows.snapshot_body(decision.definition)))
            self._known_definitions.add(key)


def _present(cursor: sqlite3.Cursor, group: list[Numbered]) -> Present:
    ids = rows.write([decision.workflow.workflow_id for _, decision in group])
    text, payload_id, history_id, number = cursor.execute(statements("workflow")["revisions"], (ids,)).fetchone()
    found = rows.decode_rows(text)
    return Present(
        revisions={workflow_id: revision for workflow_id, revision, _ in found},
        histories={workflow_id: last for workflow_id, _, last in found},
        payload_id=payload_id,
        history_id=history_id,
        number=number,
    )


def _remove(cursor: sqlite3.Cursor, workflow_id: str) -> None:
    for name in ("drop_start", "drop_end"):
        statements("workflow_text").many(name).run(cursor, [(workflow_id,)])
    cursor.execute(statements("payload")["delete_of_workflow"], {"workflow_id": workflow_id})
    for table, name in (
        ("slot", "delete"),
        ("task_log", "delete_of_workflow"),
        ("task", "delete_of_workflow"),
        ("task", "forget_removed"),
        ("history", "delete_of_workflow"),
        ("workflow_message", "delete_of_workflow"),
        ("workflow", "delete"),
    ):
        cursor.execute(statements(table)[name], (workflow_id,))
