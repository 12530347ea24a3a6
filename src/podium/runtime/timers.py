"""Timers: many moments to wait for, with one sleeper."""

from __future__ import annotations

import asyncio
import heapq
import itertools
from collections.abc import Callable, Coroutine
from typing import Any

from podium.clock import Clock


class Timer:
    """One moment; cancelling it is free."""

    __slots__ = ("call", "when")

    def __init__(self, when: int, call: Callable[[], None] | None) -> None:
        self.when = when
        self.call = call

    def cancel(self) -> None:
        """Never call."""
        self.call = None


class Timers:
    """Calls functions at given moments of a clock, in order."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._heap: list[tuple[int, int, Timer]] = []
        self._numbers = itertools.count()
        self._earlier = asyncio.Event()
        self._sleeping_until = 0  # 0: not asleep

    def at(self, when: int, call: Callable[[], None]) -> Timer:
        """Call `call` at `when` (epoch ms), or at once when that is past."""
        timer = Timer(when, call)
        heapq.heappush(self._heap, (when, next(self._numbers), timer))
        if not self._sleeping_until or when < self._sleeping_until:
            self._earlier.set()
        return timer

    async def run(self) -> None:
        """Call what is due, again and again."""
        while True:
            self._earlier.clear()
            self.run_once()
            await self._sleep()

    def run_once(self) -> int:
        """Call what is due; how many that were."""
        called = 0
        now = self._clock.now()
        while self._heap and (self._heap[0][2].call is None or self._heap[0][0] <= now):
            call = heapq.heappop(self._heap)[2].call
            if call is not None:
                call()
                called += 1
        return called

    async def _sleep(self) -> None:
        """Until the earliest moment, or until an earlier one is added."""
        if not self._heap:
            await self._earlier.wait()
            return
        self._sleeping_until = self._heap[0][0]
        await first_of(self._clock.sleep_until(self._sleeping_until), self._earlier)
        self._sleeping_until = 0


async def first_of(sleep: Coroutine[Any, Any, None], event: asyncio.Event) -> None:
    """Return when the sleep ends or the event is set."""
    if event.is_set():
        sleep.close()
        return
    sleeper = asyncio.ensure_future(sleep)
    waker = asyncio.ensure_future(event.wait())
    try:
        await asyncio.wait((sleeper, waker), return_when=asyncio.FIRST_COMPLETED)
    finally:
        sleeper.cancel()
        waker.cancel()
