"""Paths answer as Jayway's JSONPath does."""

import copy
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from podium.engine.path import PathError, compile_path
from podium.model.json import Json

DOCUMENT: Final[dict[str, Json]] = {
    "l": [1, "a", True],
    "n": [1, 2, 3, 4],
    "s": "text",
    "z": None,
    "o": {"p": 1, "q": {"r": [10, 20]}, "a.b": "dot", "it's": "quote", "1": {"x": "digit"}, "a-b": "dash"},
    "items": [
        {"id": 1, "n": "a", "tags": ["x", "y"], "price": 8.95},
        {"id": 2, "n": "b", "tags": [], "price": 12.0},
        {"id": 3, "n": "Bc/d", "x": None, "tags": ["x"]},
    ],
    "max": 2,
    "m": {"k": 1, "s": "t"},
    "deep": {"id": 9, "in": [{"id": 8}, {"in": {"id": 7}}]},
}


def read(path: str) -> Json:
    return compile_path(path).find(DOCUMENT)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("s", "text"),
        ("$.s", "text"),
        ("@.s", "text"),
        ("o.p", 1),
        ("o['p']", 1),
        ('o["p"]', 1),
        ("o[ 'p' ]", 1),
        ("$['o']['q'].r[0]", 10),
        ("o['a.b']", "dot"),
        (r"o['it\'s']", "quote"),
        ("o.1.x", "digit"),
        ("o.a-b", "dash"),
        ("l[0]", 1),
        ("l[ 1 ]", "a"),
        ("l[-1]", True),
        ("l[-3]", 1),
        ("l[-4]", None),
        ("l[3]", None),
        ("l.id", None),
        ("items.id", None),
        ("s.x", None),
        ("s[0]", None),
        ("s.length", None),
        ("m[0]", None),
        ("z", None),
        ("z.x", None),
        ("none.x.y", None),
        ("m['k','s']", {"k": 1, "s": "t"}),
        ("m['k', 'nope']", {"k": 1}),
        ("m['nope','neither']", {}),
        ("l['a','b']", None),
        ("none['a','b']", None),
        ("s ", "text"),
        ("l[0]x", 1),  # Jayway never looks at a single character after a bracket
    ],
)
def test_a_definite_path_gives_the_value_or_null(path: str, value: Json) -> None:
    assert compile_path(path).definite
    assert read(path) == value


def test_a_dollar_is_everything() -> None:
    assert read("$") is DOCUMENT


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("l[*]", [1, "a", True]),
        ("l.*", [1, "a", True]),
        ("m.*", [1, "t"]),
        ("m[ * ]", [1, "t"]),
        ("s[*]", []),
        ("none[*]", []),
        ("none.x[*].y", []),
        ("items[*].id", [1, 2, 3]),
        ("items.*.id", [1, 2, 3]),
        ("items[*].x", [None]),
        ("items[*]['id','n']", [{"id": 1, "n": "a"}, {"id": 2, "n": "b"}, {"id": 3, "n": "Bc/d"}]),
        ("items[0]['tags','none'][0]", ["x"]),
        ("l[0,2]", [1, True]),
        ("l[0, -1, 7]", [1, True]),
        ("l[1:]", ["a", True]),
        ("n[:2]", [1, 2]),
        ("n[1:3]", [2, 3]),
        ("n[-2:]", [3, 4]),
        ("n[:-1]", [1, 2, 3]),
        ("n[-9:]", [1, 2, 3, 4]),
        ("n[-3:-1]", [2, 3]),
        ("n[1:-1]", []),
        ("n[-1:1]", [4, 1]),
        ("n[1:99]", [2, 3, 4]),
        ("n[0:3:2]", [1, 2, 3]),
        ("m[0:1]", []),
        ("deep..id", [9, 8, 7]),
        ("$.deep..id", [9, 8, 7]),
        ("deep..in", [[{"id": 8}, {"in": {"id": 7}}], {"id": 7}]),
        ("deep..in[0]", [{"id": 8}]),
        ("deep..[0]", [{"id": 8}]),
        ("deep..['id']", [9, 8, 7]),
        ("items..['id','x']", [{"id": 3, "x": None}]),
        ("m..*", [1, "t"]),
        ("none..x", []),
        ("o..r[*]", [10, 20]),
        (".r", [[10, 20]]),
        ("m..length()", []),
    ],
)
def test_an_indefinite_path_always_gives_a_list(path: str, found: Json) -> None:
    assert not compile_path(path).definite
    assert read(path) == found


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("l.length()", 3),
        ("l.size()", 3),
        ("m.length()", 2),
        ("s.length()", None),
        ("none.length()", None),
        ("n.sum()", 10.0),
        ("n.min()", 1.0),
        ("n.max()", 4.0),
        ("n.avg()", 2.5),
        ("n.stddev()", 1.118033988749895),
        ("s.sum()", None),
        ("m.max()", None),
        ("items.sum()", None),
        ("items[*].id.sum()", None),
        ("items[*].tags.length()", [2, 0, 1]),
        ("sum($..id)", 30.0),
        ("$.sum($.items[*].id, $.max, 4)", 12.0),
        ("$..id.sum()", 30.0),
        ("$..id.max()", 9.0),
        ("n.sum(5)", 15.0),
        ("m.keys()", ["k", "s"]),
        ("l.keys()", None),
        ("l.first()", 1),
        ("l.last()", True),
        ("items.first().id", 1),
        ("none.first()", None),
        ("n.index(-1)", 4),
        ("l.concat()", "a"),
        ('s.concat("a","b")', "ab"),
        ('l.concat("-", $.s, 7)', "a-text7"),
        ('n.append("x")', [1, 2, 3, 4, "x"]),
        ("length($.n)", 4),
        ("l.distinct()", None),
        ("l.nosuch()", None),
    ],
)
def test_functions_end_a_path(path: str, value: Json) -> None:
    answer = read(path)
    assert answer == value
    assert type(answer) is type(value)


@pytest.mark.parametrize(
    "path",
    [
        "",
        " ",
        ".",
        "a.",
        "a..",
        "a...b",
        "$a",
        "$.",
        " s",
        " s ",
        "a b",
        "a.b c.d",
        "..r",
        "l[]",
        "l[abc]",
        "l[(@.length-1)]",
        "l[:]",
        "l[1-2]",
        "l[--1]",
        "l[99999999999999]",
        "l['a]",
        "l['a' 'b']",
        "l['a',]",
        "l['a',\"b\"]",
        "l[*",
        "l[?]",
        "l[?@.x]",
        "l[?()]",
        "l[?(@.x]",
        "l[?(@.x))]",
        "l[?(@.x = 1)]",
        "l[?(@.x == )]",
        "l[?(@.x near 1)]",
        "l[?(1)]",
        "l[?(@.x == 'a)]",
        "l[?(@.x =~ /a)]",
        "l[?(@.x == /a/)]",
        "l[?(@.a && )]",
        "l.sum(",
        "l.sum(1",
        "l.concat(bare)",
        "l[?(" + "(" * 100_000,
        "l[?(" + "@[?(" * 1000,
        "a." * 50_000 + "b",
    ],
)
def test_what_is_no_path_is_refused(path: str) -> None:
    with pytest.raises(PathError):
        compile_path(path)


@pytest.mark.parametrize(
    ("path", "root"), [("ref.output.x", "ref"), ("$['my ref'].output", "my ref"), ("$..x", None), ("$", None), ("[0]", None)]
)
def test_the_root_of_a_path_is_its_first_plain_component(path: str, root: str | None) -> None:
    assert compile_path(path).root == root


def test_reading_shares_and_does_not_change_the_document() -> None:
    before = copy.deepcopy(DOCUMENT)
    assert read("o.q") is DOCUMENT["o"]["q"]  # type: ignore[index, call-overload]
    for path in ("n.append(9)", "$..*", "items[?(@.id > 1)]", "m['k','s']"):
        read(path)
    assert before == DOCUMENT


def test_too_much_work_has_no_answer() -> None:
    wide: Json = [[[[1] * 40] * 40] * 40] * 40
    assert compile_path("w..*..*..*..*").find({"w": wide}) is None


def test_any_depth_can_be_searched() -> None:
    deep: Json = {"id": 1}
    for _ in range(20_000):
        deep = [deep]
    assert compile_path("d..id").find({"d": deep}) == [1]
    assert compile_path("d[?(@ == $.e)]").find({"d": [deep], "e": [deep]}) is None  # too deep to be compared


@given(st.text(max_size=60) | st.text(alphabet="$@.[]()?*'\" ,:-0123aeiln&|!<>=~/\\", max_size=60))
def test_any_text_is_a_path_or_refused(text: str) -> None:
    try:
        path = compile_path(text)
    except PathError:
        return
    answer = path.find(DOCUMENT)
    assert path.definite or answer is None or isinstance(answer, list)
