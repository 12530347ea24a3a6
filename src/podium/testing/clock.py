"""Fake clock: time passes when the test says so."""

from __future__ import annotations

import asyncio
import heapq
import itertools

START = 1_700_000_000_000  # epoch ms; any moment will do


class FakeClock:
    """A clock that stands still until `advance`."""

    def __init__(self, now: int = START) -> None:
        self._now = now
        self._sleepers: list[tuple[int, int, asyncio.Future[None]]] = []
        self._numbers = itertools.count()

    def now(self) -> int:
        """Milliseconds since the epoch."""
        return self._now

    async def sleep_until(self, when: int) -> None:
        """Return once the test has let it become `when` (epoch ms)."""
        if when <= self._now:
            await asyncio.sleep(0)
            return
        sleeper: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        heapq.heappush(self._sleepers, (when, next(self._numbers), sleeper))
        await sleeper

    @property
    def next_deadline(self) -> int:
        """When the next sleeper wakes (epoch ms); 0: nobody sleeps."""
        while self._sleepers and self._sleepers[0][2].done():
            heapq.heappop(self._sleepers)
        return self._sleepers[0][0] if self._sleepers else 0

    def advance(self, milliseconds: int) -> None:
        """Let time pass, and wake those whose time has come."""
        self.advance_to(self._now + milliseconds)

    def advance_to(self, when: int) -> None:
        """Let it become `when` (epoch ms)."""
        self._now = max(self._now, when)
        while (deadline := self.next_deadline) and deadline <= self._now:
            heapq.heappop(self._sleepers)[2].set_result(None)
