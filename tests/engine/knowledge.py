"""Knowledge: what a decision may ask about the rest of this world, in memory."""

from __future__ import annotations

from collections.abc import Sequence

from podium.engine.decide import Outcome, decide
from podium.engine.evaluators import ScriptCall
from podium.engine.question import NeedsAnswer, OutputAsked, Question
from podium.engine.run import Run
from podium.model.cached_output import CachedOutput
from podium.model.command import AnyCommand
from podium.model.decision import Decision


class Knowledge:
    """Answers questions as the store would; a script that needs time stays with the caller."""

    def __init__(self) -> None:
        self.cached: dict[tuple[str, str], CachedOutput] = {}
        self.asked: list[tuple[Question, ...]] = []

    def decide(self, run: Run, commands: Sequence[AnyCommand], now: int) -> Outcome:
        """Decide, and again with what was asked."""
        answers: dict[Question, object] = {}
        while True:
            try:
                return decide(run, commands, now, answers)
            except NeedsAnswer as needed:
                if any(isinstance(question, ScriptCall) for question in needed.questions):
                    raise
                self.asked.append(needed.questions)
                answers |= {question: self._answer(question) for question in needed.questions}

    def take(self, decision: Decision) -> None:
        """Remember what a decision makes known."""
        self.cached |= {(one.def_name, one.key): one for one in decision.cached}

    def _answer(self, question: Question) -> object:
        assert isinstance(question, OutputAsked)
        return self.cached.get((question.def_name, question.key))
