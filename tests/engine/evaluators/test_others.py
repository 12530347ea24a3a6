"""value-param and python: what the server itself decides about them."""

from __future__ import annotations

import pytest

from podium.engine.evaluators import NeedsTime, ScriptFailed, ScriptOutcome, evaluate
from podium.model.json import Json


@pytest.mark.parametrize(("name", "value"), [("a", {"b": 1}), ("a.b", None), ("missing", None), ("", 2)])
def test_value_param_looks_up_one_key(name: str, value: Json) -> None:
    assert evaluate("value-param", name, {"a": {"b": 1}, "": 2}, {}) == value


def test_value_param_wants_a_map() -> None:
    with pytest.raises(ScriptFailed, match="Input has to be a JSON object"):
        evaluate("value-param", "a", [1], {})


def test_python_never_runs_in_the_server() -> None:
    with pytest.raises(NeedsTime) as needs:
        evaluate("python", "return n", {"n": 1}, {})

    assert evaluate("python", "return n", {"n": 1}, {needs.value.call: ScriptOutcome(value=b"1")}) == 1


@pytest.mark.parametrize("document", [{}, {"not a name": 1}, {"class": 1}, [1]])
def test_python_wants_keys_that_are_names(document: Json) -> None:
    with pytest.raises(ScriptFailed):
        evaluate("python", "return 1", document, {})
