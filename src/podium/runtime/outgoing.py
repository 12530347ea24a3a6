"""Outgoing: messages just committed, on their way from the executor to the outbox."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from podium.model.message import OutboxRow


class Outgoing:
    """What the outbox must deliver, and which messages commits have taken in."""

    def __init__(self) -> None:
        self.rows: list[OutboxRow] = []
        self.consumed: set[str] = set()  # of those that are being delivered
        self.delivering: set[str] = set()
        self.doubted = False  # the store may hold messages that were not said to be there
        self.arrived = asyncio.Event()

    def send(self, rows: Sequence[OutboxRow]) -> None:
        """Messages of a committed decision."""
        self.rows.extend(rows)
        self.arrived.set()

    def doubt(self) -> None:
        """A commit with messages has failed as far as is known."""
        self.doubted = True
        self.arrived.set()

    def took(self, outbox_ids: Sequence[str]) -> None:
        """A commit has deleted these messages."""
        self.consumed.update(outbox_id for outbox_id in outbox_ids if outbox_id in self.delivering)
