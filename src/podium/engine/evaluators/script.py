"""What a script is, what came of it, and the three ways in which it can end badly."""

from __future__ import annotations

import msgspec

from podium.engine.question import Answers, NeedsAnswer, Question


class ScriptCall(Question, frozen=True):
    """One evaluation as a plain value: it can be a key, cross a process border, and be answered later.

    `language` is "javascript", "function" (the body of a LAMBDA), "jq" or "python"; `document` is the input as JSON. Answer: a
    ScriptOutcome.
    """

    language: str
    source: str
    document: bytes


class ScriptOutcome(msgspec.Struct, frozen=True):
    """What came of a call: `value` is the result as JSON, or `error` says in Conductor's words what went wrong."""

    value: bytes | None = None
    error: str | None = None
    timed_out: bool = False


class ScriptFailed(Exception):
    """The script threw, or is no script at all. `message` is what the task tells its readers."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class ScriptTimedOut(ScriptFailed):
    """The script ran into the time limit (`spec/tasks.md §6.2`)."""


class UnknownEvaluator(Exception):
    """No evaluator has this name."""

    def __init__(self, name: str) -> None:
        super().__init__(f"No evaluator registered for type: {name}")
        self.name = name


class NeedsTime(NeedsAnswer):
    """The script is too much for the event loop: run `call` in the sandbox, then decide again with its outcome in `answers`."""

    def __init__(self, call: ScriptCall) -> None:
        super().__init__([call])
        self.call = call


def answered(call: ScriptCall, answers: Answers) -> bytes:
    """The JSON of a call's result out of `answers`; raises NeedsTime when it is not there yet, ScriptFailed when it went wrong."""
    outcome = answers.get(call)
    if not isinstance(outcome, ScriptOutcome):
        raise NeedsTime(call)
    if outcome.value is not None:
        return outcome.value
    message = outcome.error or "the script gave no result"
    raise ScriptTimedOut(message) if outcome.timed_out else ScriptFailed(message)
