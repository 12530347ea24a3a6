"""Questions: what a decision must know and cannot find out by itself.

A decision that meets one stops; the executor finds the answer and has the same decision made again with it among its arguments. So a
decision stays a function of its arguments.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeAlias

import msgspec


class Question(msgspec.Struct, frozen=True):
    """Something to be found out; a plain value, so that it can be a key."""


Answers: TypeAlias = Mapping[Question, object]  # what they come to stands at each question


class OutputAsked(Question, frozen=True):
    """The output of a finished task under a key of its definition's cache (spec/engine.md §10.7). Answer: a CachedOutput, or None."""

    def_name: str
    key: str


class SlotAsked(Question, frozen=True):
    """Where the other runs with a rate limit key stand (spec/engine.md §6.7). Answer: a SlotStanding."""

    workflow_id: str  # who asks: it is not counted
    key: str


class NeedsAnswer(Exception):
    """Find the answers to `questions`, then decide again with them."""

    def __init__(self, questions: Sequence[Question]) -> None:
        super().__init__(f"{len(questions)} questions must be answered first")
        self.questions = tuple(questions)
