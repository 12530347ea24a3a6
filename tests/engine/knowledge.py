"""Knowledge: what a decision may ask about the rest of this world, in memory."""

from __future__ import annotations

from collections.abc import Sequence

from podium.engine.decide import Outcome, decide
from podium.engine.evaluators import ScriptCall
from podium.engine.question import NeedsAnswer, OutputAsked, Question, SlotAsked
from podium.engine.run import Run
from podium.model.cached_output import CachedOutput
from podium.model.command import AnyCommand
from podium.model.decision import Decision
from podium.model.slot import Slot, SlotStanding, SlotState


class Knowledge:
    """Answers questions as the store would; a script that needs time stays with the caller."""

    def __init__(self) -> None:
        self.cached: dict[tuple[str, str], CachedOutput] = {}
        self.asked: list[tuple[Question, ...]] = []
        self.slots: dict[str, Slot] = {}  # of the runs that have not ended, in the order of their starts

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
        """Remember what a decision makes known; a limit that is exceeded fails the test."""
        self.cached |= {(one.def_name, one.key): one for one in decision.cached}
        slot = decision.slot
        if slot is None:
            return
        if slot.state is None:
            self.slots.pop(decision.workflow_id, None)
            return
        self.slots[decision.workflow_id] = slot
        assert slot.state is not SlotState.HELD or not slot.limit or self.standing(slot.key).held <= slot.limit

    def standing(self, key: str, besides: str = "") -> SlotStanding:
        """Where the runs with a rate limit key stand."""
        named = [(workflow_id, slot.state) for workflow_id, slot in self.slots.items() if slot.key == key]
        held = sum(state is SlotState.HELD and workflow_id != besides for workflow_id, state in named)
        return SlotStanding(held=held, waiting=next((workflow_id for workflow_id, state in named if state is SlotState.WAITING), None))

    def _answer(self, question: Question) -> object:
        if isinstance(question, SlotAsked):
            return self.standing(question.key, question.workflow_id)
        assert isinstance(question, OutputAsked)
        return self.cached.get((question.def_name, question.key))
