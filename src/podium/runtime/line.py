"""Line: the pollers that wait for one queue and domain, first come, first served, and the tasks that they get next.

A line keeps the head of its queue in memory: the tasks that would be claimed first, in the order of delivery. `stocked` says that the
store may hold more behind the head. So the queue is looked at only when the head runs out.
"""

from __future__ import annotations

import asyncio
from bisect import insort
from collections.abc import Sequence

from podium.model.task import Task
from podium.runtime.timers import Timer
from podium.store.store import Candidate, Want

MOST_KEPT = 1_000  # tasks in a head


class Waiter:
    """A poller: how many tasks it can take, and where its answer goes."""

    __slots__ = ("answer", "count", "expired", "left", "line", "timer", "worker_id")

    def __init__(self, line: Line, worker_id: str | None, count: int) -> None:
        self.line = line
        self.worker_id = worker_id
        self.count = count
        self.answer: asyncio.Future[list[Task]] = asyncio.get_running_loop().create_future()
        self.timer: Timer | None = None
        self.expired = False  # its time is over, but a commit may still bring it something
        self.left = False
        line.members += 1

    def leave(self) -> None:
        """It waits no longer."""
        if self.left:
            return
        self.left = True
        self.line.members -= 1
        self.line.idle.pop(self, None)
        if self.timer is not None:
            self.timer.cancel()

    def give(self, tasks: list[Task]) -> bool:
        """Answer it; False when it is gone."""
        self.leave()
        if self.answer.done():
            return False
        self.answer.set_result(tasks)
        return True


class Line:
    """The pollers of one queue and domain, and what is known of the tasks that the store holds for them."""

    __slots__ = ("_arrived", "_head", "domain", "idle", "members", "missed", "next_ready", "queue", "stocked", "timer")

    def __init__(self, queue: str, domain: str | None) -> None:
        self.queue = queue
        self.domain = domain
        self.idle: dict[Waiter, None] = {}  # in order; without those that a commit may bring something
        self.members = 0  # all who wait, those included that a commit may bring something
        self.stocked = True  # the store may hold a task that is ready, behind those of the head
        self.missed = False  # something was put into the store after it was asked: its answer may be too old
        self._head: list[tuple[int, int, int, Candidate]] = []  # the first to be delivered is the last here
        self._arrived = 0  # how many have arrived: their order is that of their creation
        self.next_ready = 0  # when a task of the store becomes ready (epoch ms); 0: none known
        self.timer: Timer | None = None

    @property
    def kept(self) -> int:
        """Tasks in the head."""
        return len(self._head)

    @property
    def filled(self) -> bool:
        """There may be something to take."""
        return self.stocked or bool(self._head)

    def arrive(self, candidate: Candidate) -> None:
        """A new task is ready, and in the store. It is kept if its place is in the head."""
        task, head = candidate.task, self._head
        self._arrived += 1
        entry = (task.priority, -task.ready_at, -self._arrived, candidate)
        if self.stocked and not (head and head[0] < entry):
            return
        insort(head, entry)
        if len(head) > MOST_KEPT:
            del head[0]
            self.stocked = True

    def take(self, count: int) -> list[Candidate]:
        """The first tasks of the head, which loses them."""
        taken = self._head[-count:]
        del self._head[-count:]
        return [entry[3] for entry in reversed(taken)]

    def restock(self) -> None:
        """The head is no longer known: the store must be asked."""
        self._head.clear()
        self.stocked = True

    def refilled(self) -> None:
        """Another server has put something into the store."""
        self.missed = True
        self.restock()

    def fell_short(self, want: Want | None, next_ready: int) -> None:
        """The store gave less than was wanted; `next_ready`: when its next task becomes ready."""
        if want is not None and want.candidates is None and not self.missed:
            self.stocked = False
            self.next_ready = next_ready
        else:
            self.restock()  # a task of the head has changed: it may still be ready

    def first(self) -> Waiter | None:
        """The one who has waited longest."""
        return next(iter(self.idle), None)

    def put_back(self, waiters: Sequence[Waiter]) -> None:
        """These waited before all others; those whose time is over get an empty answer."""
        staying: dict[Waiter, None] = {}
        for waiter in waiters:
            if waiter.expired:
                waiter.give([])
            elif not waiter.answer.done():
                staying[waiter] = None
        if staying:
            self.idle = {**staying, **self.idle}
