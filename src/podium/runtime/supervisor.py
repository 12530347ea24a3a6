"""Supervisor: keeps the server's loops running, and knows whether they are."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from podium import log
from podium.clock import Clock

FIRST_PAUSE_MS = 100
LONGEST_PAUSE_MS = 10_000
STEADY_MS = 60_000  # a loop that ran this long starts with the first pause again


class Supervisor:
    """Runs loops until it is stopped; one that fails is started again after a growing pause."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._failed: dict[str, str] = {}  # loops that are down now, and why

    @property
    def failed(self) -> dict[str, str]:
        """Loops that are down at this moment -> what brought them down. The server is ready when there are none."""
        return dict(self._failed)

    def start(self, name: str, loop: Callable[[], Awaitable[None]]) -> None:
        """Run a loop."""
        self._tasks[name] = asyncio.create_task(self._watch(name, loop), name=name)

    async def stop(self) -> None:
        """Cancel all loops and wait for them."""
        for task in self._tasks.values():
            task.cancel()
        await asyncio.gather(*self._tasks.values(), return_exceptions=True)
        self._tasks.clear()

    async def _watch(self, name: str, loop: Callable[[], Awaitable[None]]) -> None:
        pause = FIRST_PAUSE_MS
        while True:
            started = self._clock.now()
            self._failed.pop(name, None)
            try:
                await loop()
                return
            except Exception as failure:  # noqa: BLE001 - the edge of a loop: log once, go on
                pause = FIRST_PAUSE_MS if self._clock.now() - started > STEADY_MS else min(pause * 2, LONGEST_PAUSE_MS)
                self._failed[name] = repr(failure)
                log.error(log.Event.LOOP_FAILED, failure, loop=name, retry_ms=pause)
            await self._clock.sleep_until(self._clock.now() + pause)
