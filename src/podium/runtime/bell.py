"""Bell: wakes the committer when there is something to commit."""

from __future__ import annotations

import asyncio


class Bell:
    """One waits, many ring; a ring while nobody waits is kept."""

    def __init__(self) -> None:
        self.rung = False
        self._waiter: asyncio.Future[None] | None = None

    def ring(self) -> None:
        """Wake the one who waits."""
        self.rung = True
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    async def wait(self) -> None:
        """Until it is rung; everything that rings in the same turn of the event loop is one ring."""
        if not self.rung:
            self._waiter = asyncio.get_running_loop().create_future()
            try:
                await self._waiter
            finally:
                self._waiter = None
        self.rung = False
