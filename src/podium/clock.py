"""Clock: what time it is, as a value that a test can own."""

from __future__ import annotations

import asyncio
import time
from typing import Protocol


class Clock(Protocol):
    """The time, and a way to wait for a later one."""

    def now(self) -> int:
        """Milliseconds since the epoch."""
        ...

    async def sleep_until(self, when: int) -> None:
        """Return once `now()` is `when` (epoch ms) or later."""
        ...


class SystemClock:
    """The computer's clock."""

    def now(self) -> int:
        """Milliseconds since the epoch."""
        return time.time_ns() // 1_000_000

    async def sleep_until(self, when: int) -> None:
        """Return once the computer's clock shows `when` (epoch ms) or later."""
        while (left := when - self.now()) > 0:  # noqa: ASYNC110 - there is no event to wait for but time
            # A step of the computer's clock must not make us sleep a day: look again at least once a minute.
            await asyncio.sleep(min(left, 60_000) / 1000)
