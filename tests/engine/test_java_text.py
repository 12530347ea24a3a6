"""The text of values inside longer strings."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from podium.engine.java_text import double_text, java_text, json_text
from podium.model.json import Json


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "null"),
        (True, "true"),
        (False, "false"),
        (0, "0"),
        (-7, "-7"),
        (2**63, "9223372036854775808"),
        ("", ""),
        ("a b", "a b"),
        ([], "[]"),
        ([1, "a", True, None, 2.5], "[1, a, true, null, 2.5]"),
        ({}, "{}"),
        ({"k": "v", "z": {"q": []}}, "{k=v, z={q=[]}}"),
        ([[1, [2]], {"a": [{}]}], "[[1, [2]], {a=[{}]}]"),
        ({"a": 1.0}, "{a=1.0}"),
    ],
)
def test_values_print_as_in_java(value: Json, text: str) -> None:
    assert java_text(value) == text


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (0.0, "0.0"),
        (-0.0, "-0.0"),
        (1.0, "1.0"),
        (-1.5, "-1.5"),
        (0.1, "0.1"),
        (0.001, "0.001"),
        (0.00123, "0.00123"),
        (0.000999, "9.99E-4"),
        (1e-4, "1.0E-4"),
        (1.5e-5, "1.5E-5"),
        (9999999.0, "9999999.0"),
        (9999999.5, "9999999.5"),
        (1e7, "1.0E7"),
        (12345678.0, "1.2345678E7"),
        (12345678.9, "1.23456789E7"),
        (-12345678.0, "-1.2345678E7"),
        (123456789012345680.0, "1.2345678901234568E17"),
        (1e16, "1.0E16"),
        (1e21, "1.0E21"),
        (1.5e300, "1.5E300"),
        (5e-324, "4.9E-324"),
        (1.7976931348623157e308, "1.7976931348623157E308"),
        (float("inf"), "Infinity"),
        (float("-inf"), "-Infinity"),
        (float("nan"), "NaN"),
    ],
)
def test_doubles_print_as_in_java(number: float, text: str) -> None:
    assert double_text(number) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ([], "[]"),
        ([1, 2], "[1,2]"),
        (["a", None, True, 1.0], '["a",null,true,1.0]'),
        ([{"id": 1, "n": {"x": []}}], '[{"id":1,"n":{"x":[]}}]'),
        (["a/b"], r'["a\/b"]'),
        (['"\\'], r'["\"\\"]'),
        (["\n\t\b\f\r\x01\x7f\u2028"], r'["\n\t\b\f\r\u0001\u007F\u2028"]'),
        (["é€"], '["é\\u20AC"]'),
        ({"a/b": 1e21}, r'{"a\/b":1.0E21}'),
        ("x", '"x"'),
        (None, "null"),
    ],
)
def test_lists_of_indefinite_paths_print_as_compact_json(value: Json, text: str) -> None:
    assert json_text(value) == text


def test_any_depth_can_be_printed() -> None:
    deep: Json = 1
    for _ in range(20_000):
        deep = [deep]
    assert java_text(deep) == "[" * 20_000 + "1" + "]" * 20_000
    assert json_text({"a": deep}).startswith('{"a":[[[')


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


@given(values)
def test_compact_json_reads_back(value: Json) -> None:
    assert json.loads(json_text(value)) == value


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_the_text_of_a_double_is_that_double(number: float) -> None:
    assert float(double_text(number)) == number
