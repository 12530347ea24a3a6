"""Short ways to ask an evaluator in a test, with the outcome of a fresh realm when it wants the sandbox."""

from __future__ import annotations

import _quickjs

from podium.engine.evaluators import NeedsTime, ScriptFailed, evaluate
from podium.engine.evaluators.javascript import outcome_of
from podium.engine.evaluators.prelude import FRESH
from podium.model.json import Json


def at_once(source: str, document: Json = None) -> Json:
    """The value on the event loop; raises NeedsTime when the script belongs into the sandbox."""
    return evaluate("javascript", source, {} if document is None else document, {})


def anywhere(source: str, document: Json = None) -> Json:
    """The value, from a fresh realm where the event loop will not have the script."""
    try:
        return at_once(source, document)
    except NeedsTime as needs:
        context = _quickjs.Context()
        answer = context.eval(FRESH)(source, needs.call.document.decode(), context.globalThis)
        return evaluate("javascript", source, {} if document is None else document, {needs.call: outcome_of(answer, source)})


def failure(source: str, document: Json = None) -> str:
    """The message of a script that fails."""
    try:
        anywhere(source, document)
    except ScriptFailed as failed:
        return failed.message
    raise AssertionError(source)


def needs_time(source: str, document: Json = None) -> bool:
    """Whether the script is left to the sandbox."""
    try:
        at_once(source, document)
    except NeedsTime:
        return True
    except ScriptFailed:
        return False
    return False
