"""Watchers: who waits for the next change of a workflow."""

from __future__ import annotations

import asyncio
from functools import partial

from podium.runtime.timers import Timers


class Watchers:
    """Futures by workflow, resolved by the next commit that changes it."""

    def __init__(self, timers: Timers) -> None:
        self._timers = timers
        self._waiting: dict[str, list[asyncio.Future[bool]]] = {}
        self.draining = False  # the server is about to end: nobody waits any more

    def tell(self, workflow_id: str) -> None:
        """The workflow has changed."""
        if self._waiting:
            for waiter in self._waiting.pop(workflow_id, ()):
                if not waiter.done():
                    waiter.set_result(True)

    async def wait(self, workflow_id: str, until: int) -> bool:
        """Whether the workflow changes before `until` (epoch ms)."""
        if self.draining:
            return False
        waiter: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(workflow_id, []).append(waiter)
        timer = self._timers.at(until, partial(_give_up, waiter))
        try:
            return await waiter
        finally:
            timer.cancel()
            self._forget(workflow_id, waiter)

    def drain(self) -> None:
        """Tell everybody who waits that nothing more comes, now and from now on."""
        self.draining = True
        for waiters in self._waiting.values():
            for waiter in waiters:
                _give_up(waiter)

    def _forget(self, workflow_id: str, waiter: asyncio.Future[bool]) -> None:
        others = self._waiting.get(workflow_id)
        if others is not None and waiter in others:
            others.remove(waiter)
            if not others:
                del self._waiting[workflow_id]


def _give_up(waiter: asyncio.Future[bool]) -> None:
    if not waiter.done():
        waiter.set_result(False)
