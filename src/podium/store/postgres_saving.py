"""Saving in PostgreSQL: writes many decisions as sets of rows, one statement for each kind of row.

All runs that a batch may change are locked first, in the order of their ids. In the normal course nothing is undone step by step: an error
undoes the whole transaction, and the batch is written again `carefully`: then a decision that breaks a constraint is found by halving, and
left out alone.
"""

from __future__ import annotations

from collections.abc import Sequence

from podium.model.decision import Decision
from podium.model.task import PollData
from podium.store import rows
from podium.store.postgres_claiming import claim
from podium.store.postgres_connection import UNWRITABLE, Connection, columns, original, plain, sql
from podium.store.postgres_rowset import PostgresRowset, new_workflow
from podium.store.rowset import Numbered, groups, keys_wanted, without_slot
from podium.store.store import Batch, Saved


class Saving:
    """One attempt to write a batch, inside of a transaction."""

    def __init__(self, connection: Connection, batch: Batch, known: frozenset[str]) -> None:
        """`known`: hashes of definitions that are certainly stored."""
        self._connection = connection
        self._batch = batch
        self._known = known
        self._revisions: dict[str, int] = {}  # of the runs that are there, as this transaction sees them
        self._failures: dict[int, str] = {}
        self.learnt: frozenset[str] = frozenset()  # hashes of definitions that are stored once this is committed

    async def run(self, *, carefully: bool) -> Saved:
        """Write it; see `Store.save`."""
        batch = self._batch
        await self._lock()
        numbered = list(enumerate(batch.decisions))
        conflicts = await self._halve(numbered) if carefully else await self._write(numbered)
        if batch.logs:
            await self._connection.execute(sql("task_log")["insert"], *columns([rows.log_row(log) for log in batch.logs]))
        claimed, next_ready = await claim(self._connection, batch.wants, batch.now) if batch.wants else ([], {})
        if batch.polls:
            await self._connection.execute(sql("poll_data")["put"], *columns(_latest(batch.polls)))
        return Saved(conflicts=frozenset(conflicts), failures=self._failures, claimed=claimed, next_ready=next_ready)

    async def _lock(self) -> None:
        """Hold all runs that may change by name, until the end of the transaction; before them the keys of which slots may be taken."""
        keys = [plain(key) for key in keys_wanted(self._batch.decisions)]
        if keys:
            await self._connection.execute(sql("slot")["lock"], keys)
        ids = {decision.workflow.workflow_id for decision in self._batch.decisions if decision.base_revision}
        ids.update(candidate.task.workflow_id for want in self._batch.wants for candidate in want.candidates or ())
        if ids:
            found = await self._connection.fetch(sql("workflow")["lock"], [plain(workflow_id) for workflow_id in ids])
            self._revisions = {original(workflow_id): revision for workflow_id, revision in found}

    async def _halve(self, numbered: Sequence[Numbered]) -> set[int]:
        """Write as many as can be written, in order; the indexes of those that lost their race."""
        if not numbered:
            return set()
        before = dict(self._revisions), self.learnt
        await self._connection.execute("SAVEPOINT part")
        try:
            conflicts = await self._write(numbered)
        except UNWRITABLE as error:
            await self._connection.execute("ROLLBACK TO part; RELEASE part")
            self._revisions, self.learnt = before
            if len(numbered) == 1:
                self._failures[numbered[0][0]] = str(error).partition("\n")[0]  # without the data of the row
                return set()
            middle = len(numbered) // 2
            return await self._halve(numbered[:middle]) | await self._halve(numbered[middle:])
        await self._connection.execute("RELEASE part")
        return conflicts

    async def _write(self, numbered: Sequence[Numbered]) -> set[int]:
        """Write decisions; the indexes of those that lost their race."""
        conflicts: set[int] = set()
        for group in groups(numbered):
            late = await self._without_slot([decision for _, decision in group])
            await self._put_definitions([decision for _, decision in group])
            born = await self._bear([one for _, one in group if not one.base_revision and one.workflow_id not in late])
            winners: list[Decision] = []
            for index, decision in group:
                if decision.workflow_id in late:
                    conflicts.add(index)
                elif decision.workflow_id in born if not decision.base_revision else self._stands(decision):
                    winners.append(decision)
                else:
                    conflicts.add(index)
            await self._write_winners(winners)
        return conflicts

    async def _without_slot(self, decisions: Sequence[Decision]) -> set[str]:
        """The runs that would take a slot although none is free."""
        standing = [one for one in decisions if not one.base_revision or self._stands(one)]
        keys = [plain(key) for key in keys_wanted(standing)]
        if not keys:
            return set()
        found = await self._connection.fetch(sql("slot")["held"], keys)
        return without_slot(standing, {original(key): held for key, held in found})

    def _stands(self, decision: Decision) -> bool:
        return self._revisions.get(decision.workflow_id, 0) == decision.base_revision

    async def _put_definitions(self, decisions: Sequence[Decision]) -> None:
        stored = self._known | self.learnt
        bodies = {
            decision.workflow.definition_hash: rows.snapshot_body(decision.definition)
            for decision in decisions
            if decision.definition is not None and decision.workflow.definition_hash not in stored
        }
        if bodies:
            await self._connection.execute(sql("definition")["put_snapshots"], list(bodies), list(bodies.values()))
            self.learnt |= bodies.keys()

    async def _bear(self, decisions: Sequence[Decision]) -> set[str]:
        """Insert new runs; the ids of those that nobody else has inserted. In the order of their ids, as for locks."""
        new = sorted((decision.workflow for decision in decisions), key=lambda workflow: workflow.workflow_id)
        if not new:
            return set()
        found = await self._connection.fetch(sql("workflow")["insert"], *columns([new_workflow(workflow) for workflow in new]))
        return {original(row[0]) for row in found}

    async def _write_winners(self, winners: Sequence[Decision]) -> None:
        written = PostgresRowset()
        consumed: list[str] = []
        removed: list[str] = []
        for decision in winners:
            consumed += map(plain, decision.consumed)
            if decision.removed:
                removed.append(plain(decision.workflow_id))
                self._revisions.pop(decision.workflow_id, None)
            else:
                written.add(decision)
                self._revisions[decision.workflow_id] = decision.workflow.revision
            written.add_messages(decision)
        if consumed:
            await self._connection.execute(sql("outbox")["delete"], consumed)
        if removed:
            await self._connection.execute(sql("workflow")["delete"], removed)
        await written.run(self._connection)


def _latest(polls: Sequence[PollData]) -> list[tuple[str, str, str | None, int]]:
    """One row per queue and domain."""
    latest: dict[tuple[str, str], PollData] = {}
    for poll in sorted(polls, key=lambda poll: poll.last_poll_time):
        latest[poll.queue_name, poll.domain or ""] = poll
    return [(queue, domain, poll.worker_id, poll.last_poll_time) for (queue, domain), poll in latest.items()]
