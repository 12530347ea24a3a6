"""Line: the pollers that wait for one queue and domain, first come, first served."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from podium.model.task import Task
from podium.runtime.timers import Timer


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

    __slots__ = ("domain", "idle", "members", "next_ready", "queue", "stocked", "timer")

    def __init__(self, queue: str, domain: str | None) -> None:
        self.queue = queue
        self.domain = domain
        self.idle: dict[Waiter, None] = {}  # in order; without those that a commit may bring something
        self.members = 0  # all who wait, those included that a commit may bring something
        self.stocked = True  # the store may hold a task that is ready
        self.next_ready = 0  # when a task of the store becomes ready (epoch ms); 0: none known
        self.timer: Timer | None = None

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


class Handed:
    """Tasks that a decision hands to a poller, once it is durable."""

    __slots__ = ("tasks", "waiter")

    def __init__(self, waiter: Waiter, task: Task) -> None:
        self.waiter = waiter
        self.tasks = [task]
