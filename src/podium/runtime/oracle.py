"""Oracle: answers what a decision must know and cannot find out by itself."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from podium.engine.evaluators import ScriptCall, ScriptOutcome
from podium.engine.question import Answers, OutputAsked, Question, SlotAsked
from podium.store.store import Store


class Sandbox(Protocol):
    """Where scripts run that need more time."""

    async def run(self, call: ScriptCall) -> ScriptOutcome:
        """Run a script under its full limits."""


class Oracle:
    """Runs scripts, and looks into the store."""

    def __init__(self, sandbox: Sandbox, store: Store) -> None:
        self._sandbox = sandbox
        self._store = store

    async def answer(self, questions: Sequence[Question]) -> Answers:
        """The answers to all of these. Raises what the sandbox and the store raise."""
        found: dict[Question, object] = {}
        outputs = [question for question in questions if isinstance(question, OutputAsked)]
        if outputs:
            keys = [(question.def_name, question.key) for question in outputs]
            cached = {(one.def_name, one.key): one for one in await self._store.cached_outputs(keys)}
            found |= {question: cached.get((question.def_name, question.key)) for question in outputs}
        for question in questions:
            if isinstance(question, ScriptCall):
                found[question] = await self._sandbox.run(question)
            elif isinstance(question, SlotAsked):
                found[question] = await self._store.slot_standing(question.key, besides=question.workflow_id)
        return found
