"""Texts: finds the few runs that can hold a text, out of all, by the threes of characters that they hold.

The index (`workflow_text`) knows of every run which threes of characters occur in it, in any case. A run that holds a text holds all of
its threes; so whoever is named is looked at, and nobody else is. Source: spec/api.md §1.8, docs/decisions/0009.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

import msgspec

from podium.store.loading import one

MOST_RUNS = 5_000  # more than these hold the text: then the newest hold it too, and looking from there on is faster
MOST_THREES = 60  # of one text; the rest would tell nothing new
_numbers = msgspec.json.Decoder(list[int]).decode
_LONG = '"\x01\x01\x01"'  # the mark of texts that the index holds the beginning of: they may hold anything


def runs_with(cursor: sqlite3.Cursor, texts: Sequence[str]) -> list[int] | None:
    """Numbers of the runs that may hold one of the texts, in which `*` stands for anything. None: too many, or the texts are too short."""
    wanted = [_threes(text) for text in texts]
    if not all(wanted):
        return None
    query = " OR ".join([*(f"({' AND '.join(threes)})" for threes in wanted), _LONG])
    # A run has two entries.
    found = _numbers(one(cursor, "workflow_text", "find", (query, 2 * MOST_RUNS + 1)))
    return found if len(found) <= MOST_RUNS else None


def _threes(text: str) -> list[str]:
    """The threes of characters of a text, as the index wants them."""
    parts = text.split("*")
    threes = dict.fromkeys(part[at : at + 3] for part in parts for at in range(len(part) - 2))
    return [f'"{three.replace(chr(34), chr(34) * 2)}"' for three in list(threes)[:MOST_THREES]]
