"""Python scripts: checked for their shape here, run in a process of their own, never in the server."""

from __future__ import annotations

import keyword

import msgspec

from podium.engine.evaluators.javascript import encoded
from podium.engine.evaluators.script import ScriptCall, ScriptFailed, answered
from podium.engine.question import Answers
from podium.model.json import Json


def evaluate_python(source: str, document: Json, answers: Answers) -> Json:
    """What the body returns with the input's keys as globals; raises ScriptFailed or NeedsTime (`spec/tasks.md §6.4`)."""
    if not isinstance(document, dict) or not document:
        raise ScriptFailed("A python script needs an input of at least one key")
    for key in document:
        if not key.isidentifier() or keyword.iskeyword(key):
            raise ScriptFailed(f"SyntaxError: invalid syntax: the input key '{key}' is no Python name")
    result: Json = msgspec.json.decode(answered(ScriptCall("python", source, encoded(document)), answers))
    return result
