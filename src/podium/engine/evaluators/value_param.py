"""value-param: the value of one input, by its name."""

from __future__ import annotations

from podium.engine.evaluators.script import ScriptFailed
from podium.model.json import Json


def evaluate_value_param(name: str, document: Json) -> Json:
    """`document[name]`, None when it is not there; raises ScriptFailed when the input is no map (`spec/tasks.md §6.3`)."""
    if not isinstance(document, dict):
        raise ScriptFailed(f"Input has to be a JSON object: {document}")
    return document.get(name)
