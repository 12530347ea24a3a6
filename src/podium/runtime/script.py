"""Script: evaluates what a task or a handler asks, and gives it the full time limit in the sandbox when it needs more than a moment."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from podium.engine.evaluators import NeedsTime
from podium.engine.question import Answers
from podium.runtime.oracle import Sandbox

T = TypeVar("T")


async def with_time(sandbox: Sandbox, compute: Callable[[Answers], T]) -> T:
    """What `compute` gives, made again for every script in it that needed time. Raises what it raises, apart from NeedsTime."""
    answers: Answers = {}
    while True:
        try:
            return compute(answers)
        except NeedsTime as needed:
            answers = {**answers, needed.call: await sandbox.run(needed.call)}
