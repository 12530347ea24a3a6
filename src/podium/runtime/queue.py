"""Queue: brings ready tasks to those who wait for them.

A poller who waits gets its task in the commit that makes the task ready (hand-off). Otherwise the next commit claims one for it.
The head of each queue is in memory, and it is known whether the store may hold more: pollers of empty queues cost nothing, and a queue
in the store is looked at only when its head runs out.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from functools import partial

from podium.clock import Clock
from podium.engine.decide import claim
from podium.model.decision import Decision
from podium.model.task import PollData, Task
from podium.runtime.bell import Bell
from podium.runtime.limits import Limits
from podium.runtime.line import Line, Waiter
from podium.runtime.polls import LATEST_MS, Polls
from podium.runtime.round import Offer, Round, Serving
from podium.runtime.strays import Strays
from podium.runtime.timers import Timers
from podium.store.store import Candidate, Want

MOST_WANTS = 500  # in one commit
MOST_WANTS_OF_LINE = 100
LOOK_AGAIN_MS = 1_000  # for tasks that another server has put into the store
LOOK_AGAIN_SPREAD_MS = 251
MOST_LINES = 10_000  # kept for queues that nobody polls at the moment


class TaskQueue:
    """All pollers that wait, by queue and domain."""

    def __init__(self, clock: Clock, timers: Timers, bell: Bell, polls: Polls, strays: Strays, limits: Limits) -> None:
        self._shared = False
        self._tell: Callable[[Task], None] = _nobody
        self._clock = clock
        self._timers = timers
        self._bell = bell
        self._polls = polls
        self._strays = strays
        self._limits = limits
        self._lines: dict[tuple[str, str | None], Line] = {}
        self._hungry: dict[Line, None] = {}  # whose pollers want something from the next commit
        self._draining = False
        self._system_queues: dict[str, None] = {}  # that nobody serves yet
        self._system_queue_arrived = asyncio.Event()

    def share(self, tell: Callable[[Task], None]) -> None:
        """Other servers fill and empty the same queues: look at the store now and then while somebody waits.

        `tell` is called with tasks that are in the store, ready now or later, and that nobody here waits for.
        """
        self._shared = True
        self._tell = tell

    def hear(self, queue: str, domain: str | None, ready_at: int) -> None:
        """Another server has put tasks there; the first of them is ready at `ready_at` (epoch ms)."""
        line = self._lines.get((queue, domain))
        if line is None:
            return
        if ready_at <= self._clock.now():
            line.refilled()
            self._feed(line)
        elif not line.next_ready or ready_at < line.next_ready:
            line.next_ready = ready_at
            self._watch(line)

    def look_again(self) -> None:
        """Other servers may have put tasks anywhere."""
        for line in self._lines.values():
            line.refilled()
            self._feed(line)

    # For pollers

    async def poll(self, task_type: str, *, domain: str | None, worker_id: str | None, count: int, timeout_ms: int) -> list[Task]:
        """Tasks for a worker: up to `count`, as soon as there is one; none after `timeout_ms` (spec/api.md §1.9, §2.3).

        Cancelling it leaves the queue; a task that was already claimed for it goes to the next poller or back.
        """
        domain = domain or None
        self.note_poll(task_type, domain, worker_id)
        if count <= 0 or timeout_ms <= 0 or self._draining:
            return []
        waiter = self.join(task_type, domain, worker_id, count)
        waiter.timer = self._timers.at(self._clock.now() + timeout_ms, partial(self._expire, waiter))
        return await self.answer(waiter)

    def join(self, queue: str, domain: str | None, worker_id: str | None, count: int) -> Waiter:
        """Wait for tasks without a limit of time: see `answer`."""
        line = self._line(queue, domain)
        waiter = Waiter(line, worker_id, count)
        line.idle[waiter] = None
        if not line.stocked and line.next_ready and line.next_ready <= self._clock.now():
            line.restock()
        if line.filled:
            self._feed(line)
        else:
            self._watch(line)
        if self._draining:
            waiter.give([])
        return waiter

    async def answer(self, waiter: Waiter) -> list[Task]:
        """What the poller gets. Cancelled: what it had already got goes to the next, or back."""
        try:
            return await waiter.answer
        except asyncio.CancelledError:
            self.abandon(waiter)
            raise

    def abandon(self, waiter: Waiter) -> None:
        """The poller is gone."""
        waiter.leave()
        if not waiter.answer.done():
            waiter.answer.cancel()
        elif not waiter.answer.cancelled() and (tasks := waiter.answer.result()):
            self.give(waiter, tasks)

    def note_poll(self, queue: str, domain: str | None, worker_id: str | None) -> None:
        """A worker asks for tasks now; written a little later."""
        if self._polls.note(queue, domain, worker_id):
            self._timers.at(self._clock.now() + LATEST_MS, self._bell.ring)

    def poll_data(self, queue: str | None = None) -> list[PollData]:
        """Who polled last, for each queue and domain."""
        return self._polls.of(queue)

    @property
    def waiters(self) -> int:
        """Pollers that wait and are not about to get something."""
        return sum(len(line.idle) for line in self._lines.values())

    def drain(self) -> None:
        """Answer everybody who waits with nothing, now and from now on."""
        self._draining = True
        for line in self._lines.values():
            for waiter in list(line.idle):
                waiter.give([])

    # After a commit

    def ready(self, decision: Decision, tasks: Sequence[Task]) -> None:
        """These tasks of a decision are in the store now, ready at once or later."""
        now = self._clock.now()
        returned = {change.before.task_id for change in decision.tasks if change.before is not None}
        for task in tasks:
            line = self._lines.get((task.queue, task.domain))
            if line is None or not line.idle:
                self._tell(task)
            if line is None:  # a line that is not there yet asks the store first
                self._note_system_queue(task)
                continue
            if task.ready_at <= now:
                if task.task_id in returned:
                    line.restock()  # its place depends on when it was created, which only the store knows
                else:
                    line.arrive(Candidate(task, decision.workflow.revision))
                self._feed(line)
            elif not line.next_ready or task.ready_at < line.next_ready:
                line.next_ready = task.ready_at
                self._watch(line)

    def doubt(self, tasks: Sequence[Task]) -> None:
        """A commit that makes these tasks ready has failed, as far as is known: whether they are there, only the store can tell."""
        for task in tasks:
            line = self._lines.get((task.queue, task.domain))
            if line is None:
                self._note_system_queue(task)
            else:
                line.restock()
                self._feed(line)

    async def new_system_queues(self) -> list[str]:
        """Queues with tasks of the server itself, in which nobody waits; each once."""
        await self._system_queue_arrived.wait()
        self._system_queue_arrived.clear()
        found = list(self._system_queues)
        self._system_queues.clear()
        return found

    # For the committer

    def collect(self, now: int, offers: Sequence[Offer]) -> Round:
        """Who gets something from the next commit: tasks that are in the store, then those that become ready in it.

        Also who has polled since the last writing. `offers`: the decisions of the commit, in order.
        """
        one = Round(self)
        for line in list(self._hungry):
            if line.filled:
                self._ask(one, line, min(MOST_WANTS_OF_LINE, MOST_WANTS - len(one.wants)))
            if not line.filled or not line.idle:
                del self._hungry[line]
        offering = [(-offer.ready[0].priority, index, offer) for index, offer in enumerate(offers) if offer.ready]
        for _, index, offer in sorted(offering, key=_order):
            self._hand_over(one, index, offer, now)
        one.polls = self._polls.take(now, alone=not (offers or one.wants))
        return one

    def _ask(self, one: Round, line: Line, most: int) -> None:
        """Let the first pollers of a line ask for as many tasks as they can take and as the limits allow: for those of the head.

        When these are too few and the store may hold more, they ask for whatever it holds: the head is the beginning of that.
        """
        line.missed = False
        room = self._limits.room(line.queue)
        counts: list[tuple[Waiter, int]] = []
        wanted = 0
        for waiter in line.idle:
            if len(counts) >= most or wanted >= room:
                break
            counts.append((waiter, min(waiter.count, room - wanted)))
            wanted += counts[-1][1]
        if line.stocked and wanted > line.kept:
            line.restock()
        for waiter, count in counts:
            want = _want(waiter, count)
            if want is None:
                return
            del line.idle[waiter]
            self._limits.reserve(line.queue, want.count)
            one.serve(waiter, want)

    def _hand_over(self, one: Round, index: int, offer: Offer, now: int) -> None:
        """Claim tasks that become ready in this commit, for pollers that nothing older waits for."""
        claimed: list[Task] = []
        for task in offer.ready:
            serving = self._taker(one, task, now)
            if serving is not None:
                claimed.append(claim(task, serving.waiter.worker_id, now))
                serving.handed.append((index, claimed[-1]))
                self._limits.reserve(task.queue, 1)
        if claimed:
            offer.hand_off(claimed)

    def _taker(self, one: Round, task: Task, now: int) -> Serving | None:
        """Who gets a task that becomes ready."""
        line = self._lines.get((task.queue, task.domain))
        if line is None or line.filled or task.ready_at > now or not self._limits.room(task.queue):
            return None
        serving = one.last(line)
        if serving is None and (waiter := line.first()) is not None:
            del line.idle[waiter]
            serving = one.serve(waiter)
        return serving

    def settle(self, serving: Serving, tasks: list[Task]) -> None:
        """A commit is over: of what was reserved for a poller, it gets these tasks."""
        self._limits.reserve(serving.waiter.line.queue, -serving.reserved)
        if tasks:
            self._limits.took(tasks)
            self.give(serving.waiter, tasks)

    # Inside

    def give(self, waiter: Waiter, tasks: list[Task]) -> None:
        """Tasks that are claimed go to a poller; if it is gone, to the next one who can take them all, or back into the queue."""
        receiver: Waiter | None = waiter
        while receiver is not None and not receiver.give(tasks):
            receiver = next((one for one in waiter.line.idle if one.count >= len(tasks)), None)
        if receiver is None:
            self._strays.add(tasks)

    def wait_on(self, unserved: dict[Line, list[Waiter]]) -> None:
        """These pollers got nothing: they wait, before all others."""
        for line, waiters in unserved.items():
            line.put_back(waiters)
            if self._draining:
                for waiter in list(line.idle):
                    waiter.give([])
            elif line.filled:
                self._feed(line)
            else:
                self._watch(line)

    def _note_system_queue(self, task: Task) -> None:
        if task.system:
            self._system_queues[task.queue] = None
            self._system_queue_arrived.set()

    def _expire(self, waiter: Waiter) -> None:
        if waiter in waiter.line.idle:
            waiter.give([])
        else:
            waiter.expired = True  # a commit is about to say what it gets

    def _line(self, queue: str, domain: str | None) -> Line:
        line = self._lines.get((queue, domain))
        if line is None:
            if len(self._lines) >= MOST_LINES:
                self._lines = {key: one for key, one in self._lines.items() if one.members}
            line = self._lines[queue, domain] = Line(queue, domain)
        return line

    def _feed(self, line: Line) -> None:
        """The store may hold something for this line."""
        if line.idle:
            self._hungry[line] = None
            self._bell.ring()

    def _watch(self, line: Line) -> None:
        """Look into the store when the next task of this line becomes ready."""
        when = line.next_ready
        if self._shared:
            now = self._clock.now()
            look_again = now + LOOK_AGAIN_MS + now % LOOK_AGAIN_SPREAD_MS  # servers that began together do not look together for ever
            when = min(when, look_again) if when else look_again
        if not when or not line.idle or (line.timer is not None and line.timer.when <= when):
            return
        if line.timer is not None:
            line.timer.cancel()
        line.timer = self._timers.at(when, partial(self._restock, line))

    def _restock(self, line: Line) -> None:
        line.timer = None
        line.next_ready = 0
        line.restock()
        self._feed(line)


def _nobody(task: Task) -> None:
    """There is nobody to tell."""


def _want(waiter: Waiter, count: int) -> Want | None:
    """What a poller asks the store for; None when there is nothing for it."""
    line = waiter.line
    candidates = line.take(count) if line.kept else None
    if candidates is None and not line.stocked:
        return None
    size = count if candidates is None else len(candidates)
    return Want(queue=line.queue, domain=line.domain, worker_id=waiter.worker_id, count=size, candidates=candidates)


def _order(offering: tuple[int, int, Offer]) -> tuple[int, int]:
    return offering[0], offering[1]
