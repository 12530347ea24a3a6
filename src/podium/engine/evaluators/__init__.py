"""Evaluators: small pieces of script that decide, compute and reshape, each within strict bounds."""

from __future__ import annotations

from podium.engine.evaluators.javascript import evaluate_function_body, evaluate_javascript, javascript_problem
from podium.engine.evaluators.jq import evaluate_jq
from podium.engine.evaluators.python import evaluate_python
from podium.engine.evaluators.reads import reads
from podium.engine.evaluators.script import NeedsTime, ScriptCall, ScriptFailed, ScriptOutcome, ScriptTimedOut, UnknownEvaluator
from podium.engine.evaluators.value_param import evaluate_value_param
from podium.engine.question import Answers
from podium.model.json import Json

__all__ = [
    "Answers",
    "NeedsTime",
    "ScriptCall",
    "ScriptFailed",
    "ScriptOutcome",
    "ScriptTimedOut",
    "UnknownEvaluator",
    "evaluate",
    "evaluate_function_body",
    "evaluate_jq",
    "reads",
    "syntax_problem",
    "truthy",
]


def evaluate(language: str, source: str, document: Json, answers: Answers) -> Json:
    """The value of a script over its input `document` (`spec/tasks.md §6`).

    `language` is "javascript", "graaljs", "value-param" or "python". Raises ScriptFailed (ScriptTimedOut for the time limit),
    UnknownEvaluator, or NeedsTime: then run its call in the sandbox and evaluate again with the outcome in `answers`.
    """
    if language in ("javascript", "graaljs"):
        return evaluate_javascript(source, document, answers)
    if language == "value-param":
        return evaluate_value_param(source, document)
    if language == "python":
        return evaluate_python(source, document, answers)
    raise UnknownEvaluator(language)


def truthy(value: Json) -> bool:
    """Whether a loop goes on: true, or a number above zero; texts, lists, maps and null do not count (`spec/tasks.md §3.7`)."""
    if isinstance(value, bool):
        return value
    return isinstance(value, (int, float)) and value > 0


def syntax_problem(language: str, source: str) -> str | None:
    """The parser's message when a script cannot be registered; looks only at "javascript", evaluates nothing (`spec/tasks.md §1.5`)."""
    return javascript_problem(source) if language == "javascript" else None
