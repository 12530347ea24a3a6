"""Random workers: what a worker reports depends on the seed, the task, its iteration and its attempt, and on nothing else."""

from __future__ import annotations

import hashlib
import random
from dataclasses import dataclass
from typing import Any, Final

COMPLETED, FAILED, TERMINAL, HELD = "COMPLETED", "FAILED", "FAILED_WITH_TERMINAL_ERROR", "IN_PROGRESS"
SHARES: Final = ((0.82, COMPLETED), (0.91, FAILED), (0.94, TERMINAL), (1.0, HELD))  # up to which throw of the dice


@dataclass(frozen=True)
class Report:
    """What a worker says; HELD: it says so first, and COMPLETED with the same output the next time."""

    status: str
    output: dict[str, Any]
    reason: str | None


def report(seed: int, ref: str, iteration: int, attempt: int) -> Report:
    """The report of an attempt."""
    digest = hashlib.sha256(f"{seed}|{ref}|{iteration}|{attempt}".encode()).digest()
    dice = random.Random(int.from_bytes(digest))
    thrown = dice.random()
    status = next(status for share, status in SHARES if thrown < share)
    output = {} if dice.random() < 0.1 else {key: value for key, value in _all(dice).items() if dice.random() < 0.6}
    reason = dice.choice(("oops", "why not", None)) if status in (FAILED, TERMINAL) else None
    return Report(status, output, reason)


def _all(dice: random.Random) -> dict[str, Any]:
    return {
        "n": dice.randint(0, 3),
        "s": dice.choice(("a", "b", "text", "", "ä")),
        "l": [1, 2, 3],
        "m": {"k": dice.choice(("a", 1, None))},
        "f": dice.choice((1.5, 2.0, 0.1)),
        "b": dice.random() < 0.5,
        "z": None,
        "rows": [{"x": 1, "y": "a"}, {"x": 2, "y": "b"}],
        "big": 2**40,
        "u": {},
    }
