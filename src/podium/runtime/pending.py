"""Pending: a decision that waits for its commit, with those who wait for it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from podium.engine.decide import Outcome, hand_off
from podium.engine.run import Run
from podium.model.decision import Decision
from podium.model.task import Task
from podium.runtime.cache import Box, Letter

DECISION_BYTES = 2_000  # a rough measure of a decision without its tasks
TASK_BYTES = 1_000


class Owner(Protocol):
    """Who made the decision, and goes on when its fate is known."""

    def committed(self, pending: Pending) -> None:
        """It is durable."""

    def again(self, pending: Pending) -> None:
        """It lost a race: it must be decided again."""

    def refused(self, pending: Pending, reason: str) -> None:
        """The store does not take it."""

    def failed(self, pending: Pending, cause: Exception) -> None:
        """The commit failed."""

    def go_on(self, box: Box) -> None:
        """Take the next commands of the run."""


class Pending:
    """An entry of a commit."""

    __slots__ = ("box", "claimed", "decision", "free", "letters", "outcome", "owner", "ready", "run")

    def __init__(self, owner: Owner, box: Box, run: Run, letters: list[Letter], outcome: Outcome, decision: Decision) -> None:
        self.owner = owner
        self.box = box
        self.run = run
        self.letters = letters
        self.outcome = outcome
        self.decision = decision
        self.ready: Sequence[Task] = ()  # tasks that become ready in it, in the order of delivery
        self.claimed: Sequence[Task] = ()  # those of them that go to pollers
        self.free = False  # the run may take its next commands

    @property
    def bytes(self) -> int:
        """What it takes in a commit, roughly."""
        return DECISION_BYTES + TASK_BYTES * len(self.decision.tasks)

    @property
    def stale(self) -> bool:
        """Its run has changed since."""
        run = self.box.run
        if run is None:
            return self.decision.base_revision != 0
        return run is not self.run or run.workflow.revision != self.decision.base_revision

    def hand_off(self, claimed: Sequence[Task]) -> None:
        """These of its ready tasks go to pollers in the same commit."""
        self.decision = hand_off(self.decision, claimed)
        self.claimed = claimed
        taken = {task.task_id for task in claimed}
        self.ready = [task for task in self.ready if task.task_id not in taken]

    def saved(self) -> None:
        """It is durable."""
        self.free = True
        self.owner.committed(self)

    def lost(self) -> None:
        """Somebody was faster."""
        self.owner.again(self)

    def broken(self, reason: str) -> None:
        """The store does not take it."""
        self.free = True
        self.owner.refused(self, reason)

    def failed(self, cause: Exception) -> None:
        """The commit failed."""
        self.free = True
        self.owner.failed(self, cause)

    def resume(self) -> None:
        """Take the next commands, if this one is over."""
        if self.free:
            self.owner.go_on(self.box)
