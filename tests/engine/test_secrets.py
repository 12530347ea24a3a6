"""Secrets are filled in on a copy."""

import copy

import pytest
from hypothesis import given
from hypothesis import strategies as st

from podium.engine.secrets import mentions_secret, substitute_secrets
from podium.model.json import Json

STORE = {
    "token": "t0ps3cret",
    "db": '{"user": "u", "ports": [1, 2], "n": null, "a": {"b": true}}',
    "broken": "{not json",
    "empty": "",
    "braces": "}{ ${workflow.secrets.token}",
}


def fill(value: Json) -> Json:
    return substitute_secrets(value, STORE.get)


@pytest.mark.parametrize(
    ("value", "filled"),
    [
        ("${workflow.secrets.token}", "t0ps3cret"),
        ("Bearer ${workflow.secrets.token}", "Bearer t0ps3cret"),
        ("${workflow.secrets.token}${workflow.secrets.token}", "t0ps3crett0ps3cret"),
        ("${workflow.secrets.db.user}", "u"),
        ("${workflow.secrets.db.ports}", [1, 2]),
        ("${workflow.secrets.db.ports[1]}", 2),
        ("${workflow.secrets.db.a}", {"b": True}),
        ("p=${workflow.secrets.db.ports} ${workflow.secrets.db.a}", "p=[1, 2] {b=true}"),
        ("${workflow.secrets.empty}", ""),
        ("${workflow.secrets.none}", None),
        ("<${workflow.secrets.none}>", "<>"),
        ("${workflow.secrets.broken}", "{not json"),
        ("${workflow.secrets.broken.x}", None),
        ("${workflow.secrets.db.none}", None),
        ("<${workflow.secrets.db.none}>", "<>"),
        ("${workflow.secrets.db.}", None),
        ("${workflow.secrets.db.a b}", None),
        ("${workflow.secrets.${x}}", None),
        ("$${workflow.secrets.token}", "$${workflow.secrets.token}"),
        ("${workflow.secrets.token", "${workflow.secrets.token"),
        ("${workflow.input.x} ${workflow.secrets.token}", "${workflow.input.x} t0ps3cret"),
        ("${workflow.secrets.braces}", "}{ ${workflow.secrets.token}"),
        ("x${workflow.secrets.braces}", "x}{ ${workflow.secrets.token}"),
        ({"a": [{"b": "${workflow.secrets.token}", "c": 1}], "d": "x"}, {"a": [{"b": "t0ps3cret", "c": 1}], "d": "x"}),
        ({"${workflow.secrets.token}": "${workflow.secrets.token}"}, {"${workflow.secrets.token}": "t0ps3cret"}),
    ],
)
def test_references_become_values(value: Json, filled: Json) -> None:
    before = copy.deepcopy(value)
    assert fill(value) == filled
    assert value == before


@pytest.mark.parametrize("value", [{"a": [1, {"b": "${workflow.input.x}"}]}, "plain", 1, None, {"${workflow.secrets.token}": 1}])
def test_without_a_reference_the_same_object_comes_back(value: Json) -> None:
    assert not mentions_secret(value)
    assert fill(value) is value


def test_any_depth_is_searched_and_filled() -> None:
    deep: Json = "${workflow.secrets.token}"
    for _ in range(20_000):
        deep = [deep]
    found = fill(deep)
    while isinstance(found, list):
        found = found[0]
    assert found == "t0ps3cret"


@given(st.text(alphabet="${}workflow.secrets.token ab[]'\"", max_size=40))
def test_no_text_makes_it_fail(text: str) -> None:
    fill({"x": "${workflow.secrets." + text, "y": text + "${workflow.secrets.token}"})
