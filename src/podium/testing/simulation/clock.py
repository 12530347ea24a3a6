"""Clock: a server's clock in a simulation, which may be ahead of or behind the others."""

from __future__ import annotations

import asyncio

from podium.testing.clock import START


class SkewedClock:
    """The loop's time, shifted."""

    def __init__(self, skew_ms: int = 0) -> None:
        self.skew_ms = skew_ms

    def now(self) -> int:
        """Milliseconds since the epoch, as this server believes."""
        return START + round(asyncio.get_running_loop().time() * 1000) + self.skew_ms

    async def sleep_until(self, when: int) -> None:
        """Return once this clock shows `when` (epoch ms) or later."""
        await asyncio.sleep(0)
        while (left := when - self.now()) > 0:  # noqa: ASYNC110 - there is no event to wait for but time
            await asyncio.sleep(left / 1000)
