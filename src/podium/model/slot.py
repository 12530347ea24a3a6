"""Slots: how many runs with one rate limit key may run at once, and who waits (spec/engine.md §6.7)."""

from __future__ import annotations

from enum import StrEnum

import msgspec


class SlotState(StrEnum):
    """Where a run with a rate limit key stands."""

    HELD = "HELD"  # it runs
    WAITING = "WAITING"  # it has not begun, and will when its turn comes
    PAUSED = "PAUSED"  # it has not begun, and has no turn before it is resumed


class Slot(msgspec.Struct, frozen=True, kw_only=True):
    """Where a run stands after a decision."""

    key: str
    limit: int  # how many may hold a slot of this key; 0: any number
    state: SlotState | None  # None: it has ended


class SlotStanding(msgspec.Struct, frozen=True, kw_only=True):
    """Where the other runs with a key stand."""

    held: int = 0  # how many run
    waiting: str | None = None  # the id of the one that has waited longest
