"""Limits: how many tasks of a definition may be in workers' hands at once, and how many may be handed out in a while.

Counted for the queue that has the definition's name (spec/engine.md §6.5, §6.6). A definition that has just got a limit hands nothing
out until its tasks in hand are counted.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Sequence

from podium.clock import Clock
from podium.engine.when import moment_text
from podium.model.decision import TaskChange
from podium.model.definition import TaskDef
from podium.model.insight import Cause, CauseKind
from podium.model.search import AllOf, Clause, Operator, Search
from podium.model.status import TaskStatus
from podium.model.task import Task
from podium.runtime.bell import Bell
from podium.runtime.timers import Timers
from podium.store.store import Store

UNLIMITED = 1_000_000
MOST_COUNTED = 100_000


class _Standing:
    """What is known of one queue."""

    __slots__ = ("gone", "handed_out", "holders", "known", "opening", "reserved")

    def __init__(self) -> None:
        self.holders: dict[str, str] = {}  # tasks in hand: id -> workflow id
        self.handed_out: deque[int] = deque()  # when, in the window of the rate limit
        self.reserved = 0  # may be handed out by a commit that is under way
        self.known = False  # the tasks in hand were counted
        self.gone: set[str] = set()  # tasks given back while they are counted
        self.opening = 0  # when the window opens again, if somebody waits for that (epoch ms)


class Limits:
    """The standing of all queues with limits."""

    def __init__(self, store: Store, clock: Clock, timers: Timers, bell: Bell, limited: Callable[[], dict[str, TaskDef]]) -> None:
        self._store = store
        self._clock = clock
        self._timers = timers
        self._bell = bell
        self._limited = limited
        self._standings: dict[str, _Standing] = {}
        self._uncounted: dict[str, None] = {}
        self._arrived = asyncio.Event()

    @property
    def counting(self) -> bool:
        """The tasks in hand of some definition are being counted."""
        return bool(self._uncounted)

    def room(self, queue: str) -> int:
        """How many tasks of a queue may be handed out now."""
        policy = self._limited().get(queue)
        if policy is None:
            return UNLIMITED
        standing = self._standing(queue)
        if not standing.known:
            self._uncounted[queue] = None
            self._arrived.set()
            return 0
        rooms = [UNLIMITED]
        if policy.concurrent_exec_limit:
            rooms.append(policy.concurrent_exec_limit - len(standing.holders) - standing.reserved)
        if policy.rate_limit_per_frequency:
            rooms.append(self._window(standing, policy))
        return max(0, min(rooms))

    def obstacle(self, queue: str) -> Cause | None:
        """The limit for which nothing of a queue is handed out now, if there is one."""
        policy, standing = self._limited().get(queue), self._standings.get(queue)
        if policy is None or standing is None:
            return None
        at_once, in_hand = policy.concurrent_exec_limit or 0, len(standing.holders)
        if 0 < at_once <= in_hand:
            text = f"Its queue is at its limit: workers have {in_hand} tasks of '{queue}' in hand, {at_once} may be."
            return Cause(kind=CauseKind.CONCURRENCY_LIMIT, text=text, queue=queue, limit=at_once, in_hand=in_hand)
        most, length = policy.rate_limit_per_frequency, policy.rate_limit_frequency_in_seconds
        recent = [when for when in standing.handed_out if when > self._clock.now() - length * 1000]
        if 0 < most <= len(recent):
            until = recent[-most] + length * 1000
            text = f"Its queue is at its limit: {most} tasks of '{queue}' in {length} s; the next is handed out at {moment_text(until)}."
            return Cause(kind=CauseKind.RATE_LIMIT, text=text, queue=queue, limit=most, until=until)
        return None

    def reserve(self, queue: str, count: int) -> None:
        """So many may be handed out by the commit that is under way; negative: they were, or were not."""
        if queue in self._limited():
            self._standing(queue).reserved += count

    def took(self, tasks: Sequence[Task]) -> None:
        """These are in workers' hands."""
        for task in tasks:
            if task.queue in self._limited():
                standing = self._standing(task.queue)
                standing.holders[task.task_id] = task.workflow_id
                standing.handed_out.append(self._clock.now())

    def changed(self, changes: Sequence[TaskChange]) -> None:
        """A commit has changed these tasks: what is no longer in hand makes room."""
        if not self._limited():
            return
        for change in changes:
            before, after = change.before, change.after
            if before is not None and before.status is TaskStatus.IN_PROGRESS and (after is None or after.status is not before.status):
                self._given_back(before)

    def forget(self, workflow_id: str) -> None:
        """A workflow is removed: nothing of it is in hand."""
        for standing in self._standings.values():
            for task_id in [task_id for task_id, owner in standing.holders.items() if owner == workflow_id]:
                del standing.holders[task_id]
                self._bell.ring()

    async def run(self) -> None:
        """Count what is in hand of definitions that have just got a limit, again and again."""
        while True:
            await self._arrived.wait()
            self._arrived.clear()
            while self._uncounted:
                queue = next(iter(self._uncounted))
                await self._count(queue)
                del self._uncounted[queue]
            self._bell.ring()

    async def _count(self, queue: str) -> None:
        standing = self._standing(queue)
        parts = (Clause("taskType", Operator.EQUAL, (queue,)), Clause("status", Operator.EQUAL, (TaskStatus.IN_PROGRESS,)))
        page = await self._store.search_tasks(Search(condition=AllOf(parts), size=MOST_COUNTED))
        for task in await self._store.tasks(page.ids):
            if task.queue == queue and task.status is TaskStatus.IN_PROGRESS and task.task_id not in standing.gone:
                standing.holders[task.task_id] = task.workflow_id
        standing.gone.clear()
        standing.known = True

    def _standing(self, queue: str) -> _Standing:
        standing = self._standings.get(queue)
        if standing is None:
            standing = self._standings[queue] = _Standing()
        return standing

    def _given_back(self, task: Task) -> None:
        standing = self._standings.get(task.queue)
        if standing is None:
            return
        if not standing.known:
            standing.gone.add(task.task_id)
        if standing.holders.pop(task.task_id, None) is not None:
            self._bell.ring()

    def _window(self, standing: _Standing, policy: TaskDef) -> int:
        """How many the window of the rate limit lets through; when none, ring when it opens."""
        now, length = self._clock.now(), policy.rate_limit_frequency_in_seconds * 1000
        while standing.handed_out and standing.handed_out[0] <= now - length:
            standing.handed_out.popleft()
        room = policy.rate_limit_per_frequency - len(standing.handed_out) - standing.reserved
        if room <= 0 and standing.handed_out and standing.opening <= now:
            standing.opening = standing.handed_out[0] + length
            self._timers.at(standing.opening, self._bell.ring)
        return room
