"""Agenda: when the next workflow must be looked at; written by commits, read by the sweeper."""

from __future__ import annotations

import asyncio


class Agenda:
    """The earliest wake-up that is known."""

    def __init__(self) -> None:
        self.earliest = 0  # epoch ms; 0: none
        self.earlier = asyncio.Event()  # set when `earliest` has moved forward

    def note(self, wake_at: int) -> None:
        """A workflow is to be woken at `wake_at` (epoch ms; 0: never): whoever sleeps longer must know."""
        if self.expect(wake_at):
            self.earlier.set()

    def expect(self, wake_at: int) -> bool:
        """The same, by the one who sleeps. Whether it is earlier than what was known."""
        if not wake_at or (self.earliest and wake_at >= self.earliest):
            return False
        self.earliest = wake_at
        return True
