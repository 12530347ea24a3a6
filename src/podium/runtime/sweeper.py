"""Sweeper: wakes workflows whose time has come."""

from __future__ import annotations

import asyncio

from podium import log
from podium.clock import Clock
from podium.errors import NotFound
from podium.model.command import Tick
from podium.runtime.agenda import Agenda
from podium.runtime.executor import Executor
from podium.runtime.timers import first_of
from podium.store.store import Store

CHUNK = 500
REST_MS = 1_000  # a workflow whose Tick failed is left alone this long
LOOK_AGAIN_MS = 2_000
BREATH_MS = 20  # and one that is due as before


class Sweeper:
    """Sleeps until the earliest wake-up, then ticks all workflows that are due."""

    def __init__(self, store: Store, clock: Clock, executor: Executor, agenda: Agenda) -> None:
        self._store = store
        self._clock = clock
        self._executor = executor
        self._agenda = agenda
        self.busy = True  # something is, or may be, due
        self._resting: dict[str, int] = {}  # workflow id -> until when

    async def run(self) -> None:
        """Wake what is due, again and again."""
        while True:
            while await self.run_once():
                pass
            await self._sleep()

    async def run_once(self) -> int:
        """Tick a chunk of what is due; how many. When nothing is, find out when something will be."""
        self._agenda.earlier.clear()
        self._agenda.earliest = 0
        now = self._clock.now()
        self._resting = {workflow_id: until for workflow_id, until in self._resting.items() if until > now}
        due = await self._store.due(now, CHUNK + len(self._resting))
        ids = [workflow_id for workflow_id in due if workflow_id not in self._resting]
        if not ids:
            await self._look_ahead(now)
            return 0
        answers = [self._executor.submit(Tick(workflow_id=workflow_id)) for workflow_id in ids]
        outcomes = await asyncio.gather(*answers, return_exceptions=True)
        await self._rest(ids, outcomes)
        return len(ids)

    async def _look_ahead(self, now: int) -> None:
        wake_at = await self._store.next_wake()
        if wake_at and wake_at <= now and self._resting:
            wake_at = min(self._resting.values())
        self._agenda.expect(wake_at)

    async def _rest(self, ids: list[str], outcomes: list[object]) -> None:
        """Leave alone for a while what failed, or is due as before: a rule that forgets a deadline must not become a busy loop."""
        now = self._clock.now()
        for workflow_id, outcome in zip(ids, outcomes, strict=True):
            if isinstance(outcome, Exception) and not isinstance(outcome, NotFound):
                log.error(log.Event.TICK_FAILED, outcome, workflow_id=workflow_id)
                self._resting[workflow_id] = now + REST_MS
            elif not isinstance(outcome, Exception) and await self._still_due(workflow_id, now):
                self._resting[workflow_id] = now + BREATH_MS

    async def _still_due(self, workflow_id: str, now: int) -> bool:
        try:
            workflow = (await self._executor.read(workflow_id)).workflow
        except NotFound:
            return False
        return 0 < workflow.wake_at <= now and not workflow.status.terminal

    async def _sleep(self) -> None:
        self.busy = False
        until = self._agenda.earliest
        if self._store.shared:  # what a server that is gone has left must be found, too
            look_again = self._clock.now() + LOOK_AGAIN_MS
            until = min(until, look_again) if until else look_again
        try:
            if until:
                await first_of(self._clock.sleep_until(until), self._agenda.earlier)
            else:
                await self._agenda.earlier.wait()
        finally:
            self.busy = True
