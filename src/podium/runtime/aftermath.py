"""Aftermath: who hears of a commit."""

from __future__ import annotations

from dataclasses import dataclass

from podium.engine.effects import ready_tasks
from podium.model.decision import Decision
from podium.runtime.agenda import Agenda
from podium.runtime.announcements import Announcements
from podium.runtime.cache import Cache
from podium.runtime.limits import Limits
from podium.runtime.outgoing import Outgoing
from podium.runtime.pending import Pending
from podium.runtime.queue import TaskQueue
from podium.runtime.watchers import Watchers
from podium.store.store import Claimed


@dataclass(frozen=True, slots=True)
class Aftermath:
    """The runs in memory, the queues and their limits, the sweeper's agenda, the outbox and those who wait for a change."""

    cache: Cache
    queue: TaskQueue
    agenda: Agenda
    outgoing: Outgoing
    limits: Limits
    watchers: Watchers
    announcements: Announcements

    def spread(self, pending: Pending) -> None:
        """Tell everybody of a decision that is durable now."""
        decision = pending.decision
        self.limits.changed(decision.tasks)
        if decision.removed:
            self.limits.forget(decision.workflow_id)
        if pending.ready:
            self.queue.ready(decision, pending.ready)
        if decision.workflow.wake_at and not decision.workflow.status.terminal:
            self.agenda.note(decision.workflow.wake_at)
        if pending.claimed:
            self.announcements.add(pending.claimed)
        self._send(decision)
        self.watchers.tell(decision.workflow.workflow_id)

    def doubt(self, pending: Pending) -> None:
        """A commit has failed as far as is known. If it is durable all the same, what it asks for must not wait for ever."""
        decision = pending.decision
        self.queue.doubt(ready_tasks(decision))
        self.queue.doubt(pending.claimed)
        self.agenda.note(decision.workflow.wake_at)
        if decision.messages:
            self.outgoing.doubt()
        self.watchers.tell(decision.workflow.workflow_id)

    def _send(self, decision: Decision) -> None:
        if decision.messages:
            self.outgoing.send(decision.messages)
        if decision.consumed:
            self.outgoing.took(decision.consumed)

    def claimed(self, claim: Claimed) -> None:
        """Tell of a claim that the store has made."""
        self.cache.claimed(claim)
        self.announcements.add([claim.task])
        self.agenda.note(claim.wake_at)
        self.watchers.tell(claim.task.workflow_id)
