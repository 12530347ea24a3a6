"""Task input: a node's parameters, filled up from its task definition and resolved (spec/engine.md §3.12.7)."""

from __future__ import annotations

from podium.engine.template import Scope, Template, compile_template
from podium.model.json import Json, JsonObject


class InputTemplate:
    """The compiled input of a node."""

    __slots__ = ("fallbacks", "template")

    def __init__(self, template: Template, fallbacks: dict[str, Json]) -> None:
        self.template = template
        self.fallbacks = fallbacks  # key -> the raw template value for a parameter that resolves to null

    def __call__(self, scope: Scope) -> JsonObject:
        """The input as it is now; a dictionary of its own, with values shared."""
        value = self.template(scope)
        assert isinstance(value, dict)
        value = dict(value) if self.template.constant else value
        for key, raw in self.fallbacks.items():
            if value.get(key) is None:
                value[key] = raw
        return value


def compile_input(parameters: JsonObject, definition_template: JsonObject | None) -> InputTemplate:
    """Compile a node's parameters, with the input template of its task definition below them."""
    if not definition_template:
        return InputTemplate(compile_template(parameters), {})
    missing = {key: value for key, value in definition_template.items() if parameters.get(key) is None}
    fallbacks: dict[str, Json] = {key: value for key, value in definition_template.items() if value is not None}
    return InputTemplate(compile_template({**parameters, **missing}), fallbacks)
