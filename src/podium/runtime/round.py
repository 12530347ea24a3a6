"""Round: what one commit brings to the pollers that wait."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from podium.model.task import PollData, Task
from podium.runtime.line import Line, Waiter
from podium.store.store import Saved, Want


class Offer(Protocol):
    """A decision of the commit, as far as pollers are concerned."""

    @property
    def ready(self) -> Sequence[Task]:
        """The tasks that it makes ready, in the order of delivery."""

    def hand_off(self, claimed: Sequence[Task]) -> None:
        """These of them are claimed in the same commit."""


class Serving:
    """A poller that the commit may bring something."""

    __slots__ = ("claimed", "handed", "waiter", "want")

    def __init__(self, waiter: Waiter, want: Want | None = None) -> None:
        self.waiter = waiter
        self.want = want  # what it asks the store for
        self.claimed: list[Task] = []  # what the store has claimed for it
        self.handed: list[tuple[int, Task]] = []  # what it gets once a decision is durable: index of the decision, task

    @property
    def reserved(self) -> int:
        """How many tasks it may get."""
        return len(self.handed) + (self.want.count if self.want is not None else 0)

    @property
    def spare(self) -> int:
        """How many more it could take."""
        return self.waiter.count - self.reserved

    @property
    def short(self) -> bool:
        """The store gave it less than it asked for."""
        return self.want is not None and len(self.claimed) < self.want.count


class Pollers(Protocol):
    """Whose pollers these are."""

    def settle(self, serving: Serving, tasks: list[Task]) -> None:
        """A commit is over: of what was reserved for a poller, it gets these tasks."""

    def wait_on(self, unserved: dict[Line, list[Waiter]]) -> None:
        """These pollers got nothing."""


class Round:
    """What the queues add to one commit, and what comes of it."""

    def __init__(self, pollers: Pollers) -> None:
        self._pollers = pollers
        self._servings: list[Serving] = []
        self._asking: list[Serving] = []  # one for each want
        self._last: dict[Line, Serving] = {}
        self.wants: list[Want] = []
        self.polls: Sequence[PollData] = ()

    def serve(self, waiter: Waiter, want: Want | None = None) -> Serving:
        """Take a poller in."""
        serving = self._last[waiter.line] = Serving(waiter, want)
        self._servings.append(serving)
        if want is not None:
            self._asking.append(serving)
            self.wants.append(want)
        return serving

    def last(self, line: Line) -> Serving | None:
        """The poller of a line that was taken in last, if it could take more."""
        serving = self._last.get(line)
        return serving if serving is not None and serving.spare > 0 else None

    def settle(self, saved: Saved) -> None:
        """Each poller gets what was claimed for it and what the durable decisions hand over; the others wait on."""
        lost = saved.conflicts | saved.failures.keys()
        for claimed in saved.claimed:
            self._asking[claimed.want].claimed.append(claimed.task)
        unserved: dict[Line, list[Waiter]] = {}
        for serving in self._servings:
            line = serving.waiter.line
            if serving.short:
                line.fell_short(serving.want, saved.next_ready.get((line.queue, line.domain), 0))
            tasks = serving.claimed + [task for index, task in serving.handed if index not in lost]
            self._pollers.settle(serving, tasks)
            if not tasks:
                unserved.setdefault(line, []).append(serving.waiter)
        self._pollers.wait_on(unserved)

    def failed(self) -> None:
        """The commit failed: all wait on."""
        unserved: dict[Line, list[Waiter]] = {}
        for serving in self._servings:
            if serving.want is not None:
                serving.waiter.line.restock()
            self._pollers.settle(serving, [])
            unserved.setdefault(serving.waiter.line, []).append(serving.waiter)
        self._pollers.wait_on(unserved)
