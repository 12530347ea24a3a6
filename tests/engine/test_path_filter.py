"""Filters in paths: what passes, and that no pattern can stop the server."""

from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from podium.engine.jsonpath.pattern import pattern
from podium.engine.jsonpath.reading import PathError, Reading, Unanswerable
from podium.engine.path import compile_path
from podium.model.json import Json

ITEMS: Final[list[Json]] = [
    {"id": 1, "n": "a", "tags": ["x", "y"], "price": 8.95, "on": True},
    {"id": 2, "n": "b", "tags": [], "price": 12.0, "on": False, "m": {}},
    {"id": 3, "n": "Bc/d", "x": None, "tags": ["x", 1], "t": "3", "m": {"k": 1}},
]
DOCUMENT: Final[dict[str, Json]] = {
    "i": ITEMS,
    "limit": 2,
    "names": ["a", "b"],
    "nested": [[1, 2], [3]],
    "one": {"id": 5},
    "v": [1, 5, "z"],
}


def ids(test: str) -> Json:
    return compile_path(f"i[?({test})].id").find(DOCUMENT)


@pytest.mark.parametrize(
    ("test", "passing"),
    [
        ("@.id == 2", [2]),
        ("@.id==2", [2]),
        ("2 == @.id", [2]),
        ("@.id != 2", [1, 3]),
        ("@.id > 1", [2, 3]),
        ("@.id >= 2.0", [2, 3]),
        ("@.id < -1", []),
        ("@.price <= 8.95", [1]),
        ("@.n == 'b'", [2]),
        ('@.n == "b"', [2]),
        ("@['n'] == 'b'", [2]),
        ("@.n > 'a'", [2]),
        ("@.n > 1", []),
        ("@.on == true", [1]),
        ("@.on != true", [2, 3]),
        ("@.x == null", [1, 2, 3]),
        ("@.x != null", []),
        ("@.t == 3", [3]),
        ("3 == @.t", [3]),
        ("@.id == '3'", [3]),
        ("@.id == '3.0'", [3]),
        ("'3.0' == @.id", []),
        ("@.id === '3'", []),
        ("@.id !== '3'", [1, 2, 3]),
        ("@.nope == 1", []),
        ("@.nope != 1", [1, 2, 3]),
        ("@.tags == ['x','y']", [1]),
        ("@.m == {'k': 1}", [3]),
        ("@.x", [3]),
        ("!@.x", [1, 2]),
        ("!(@.x)", [1, 2]),
        ("@.m.k", [3]),
        ("@.tags[0]", [1, 3]),
        ("@.id > 1 && @.id < 3", [2]),
        ("@.id>1&&@.id<3", [2]),
        ("@.id == 1 || @.id == 3", [1, 3]),
        ("@.id == 1 || @.id == 2 && @.n == 'zzz'", [1]),
        ("(@.id == 1 || @.id == 2) && @.n == 'b'", [2]),
        ("!(@.id == 1 || @.id == 2)", [3]),
        ("!!(@.id == 1)", [1]),
        ("@.n in ['a', 'b']", [1, 2]),
        ("@.n IN ['a']", [1]),
        ("@.n nin ['a']", [2, 3]),
        ("@.n in $.names", [1, 2]),
        ("@.nope in ['a']", []),
        ("@.nope nin ['a']", [1, 2, 3]),
        ("@.n in 'abc'", []),
        ("@.tags subsetof ['x','y','z']", [1, 2]),
        ("@.tags anyof ['y','z']", [1]),
        ("@.tags noneof ['y','z']", [2, 3]),
        ("@.n noneof ['y']", []),
        ("@.tags all ['x']", [1, 3]),
        ("@.tags contains 'y'", [1]),
        ("@.n contains 'c/'", [3]),
        ("@.tags size 2", [1, 3]),
        ("@.n size 1", [1, 2]),
        ("@.tags empty true", [2]),
        ("@.tags empty false", [1, 3]),
        ("@.m empty true", [2]),
        ("@.tags.length() > 1", [1, 3]),
        ("@.id > $.limit", [3]),
        ("@.id >= $['limit'] && @.n != 'b'", [3]),
        ("@.tags[?(@ == 'y')] empty false", [1]),
        ("@.n =~ /b.*/", [2]),
        ("@.n =~ /b.*/i", [2, 3]),
        ("@.n =~ /bc\\/d/i", [3]),
        ("@.id =~ /[12]/", [1, 2]),
        ("@.tags =~ /y/", [1]),
        ("@.on =~ /true/", [1]),
        ("@.nope =~ /.+/", []),
        ("/a/ =~ @.n", [1]),
        ("@.n =~ 'a'", []),
    ],
)
def test_the_items_that_pass(test: str, passing: Json) -> None:
    assert ids(test) == passing


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("i[?(@.id == 2)][0]", []),
        ("i[?(@.tags)].tags[0]", ["x", "x"]),
        ("nested[?(@[0] == 1)][0]", [1]),
        ("one[?(@.id == 5)].id", [5]),
        ("one[?(@.id == 6)].id", []),
        ("v[?(@ > 2)]", [5]),
        ("v[?(@ == 'z')]", ["z"]),
        ("i[?(@.id == 1)].id.length()", [None]),
        ("$..[?(@.id > 2)].id", [3, 5]),
        ("nope[?(@.id)]", []),
        ("limit[?(@.id)]", []),
    ],
)
def test_a_filter_looks_at_elements_and_at_maps(path: str, found: Json) -> None:
    assert compile_path(path).find(DOCUMENT) == found


def fits(expression: str, text: str, flags: str = "") -> bool:
    return pattern(expression, flags).matches(text, Reading(lambda: None))


@pytest.mark.parametrize(
    ("expression", "text", "fit"),
    [
        ("abc", "abc", True),
        ("abc", "abcd", False),
        ("", "", True),
        ("a|bc|", "bc", True),
        ("a|bc|", "", True),
        ("(?:ab)+", "ababab", True),
        ("(?<name>ab)?", "", True),
        ("a{2,3}", "aa", True),
        ("a{2,3}", "aaaa", False),
        ("a{2}", "aa", True),
        ("a{2,}?b", "aaaab", True),
        ("[a-c-]+", "a-c", True),
        ("[^a-c]+", "xyz", True),
        ("[^a-c]+", "xbz", False),
        (r"[\w.]+@[\w.]+\.\w+", "me@example.org", True),
        (r"\d{3}-\d{4}", "555-1234", True),
        (r"\d", "٣", False),
        (r"\p{L}+", "Größe", True),
        (r"\p{Upper}\p{Lower}+", "Abc", True),
        (r"\x41\u0042\t", "AB\t", True),
        (r"\Qa.b\E+", "a.bb", True),
        ("^a.*z$", "abcz", True),
        ("^a$|^b$", "b", True),
        (r"a\$", "a$", True),
        (r"\bword\b.*", "word up", True),
        ("a.b", "a\nb", False),
        ("(?s)a.b", "a\nb", True),
        ("(?i)AbC", "aBc", True),
        ("((?i)a)b", "AB", False),
        ("((?i)a)b", "Ab", True),
        ("x*y*", "xxyy", True),
        ("[[\\]]", "]", False),
    ],
)
def test_a_pattern_fits_the_whole_text(expression: str, text: str, fit: bool) -> None:
    if "[[" in expression:
        with pytest.raises(PathError):
            fits(expression, text)
        return
    assert fits(expression, text) is fit


@pytest.mark.parametrize(
    "expression",
    [
        *("(", ")", "a)", "[", "[]", "[b-a]", "*", "a**b(", "a{", "a{3,2}", "a{9999}", "\\"),
        *(r"(a)\1", r"\k", "(?=a)", "(?<!a)", "(?>a)", "a++", "[a&&b]"),
        *("(a{1000}){1000}", "(){1000}" + "{1000}" * 3, "(" * 1000),
    ],
)
def test_patterns_that_are_malformed_or_need_backtracking_are_refused(expression: str) -> None:
    with pytest.raises(PathError):
        pattern(expression, "")


@pytest.mark.parametrize("flags", ["x", "d", "g"])
def test_unknown_flags_are_refused(flags: str) -> None:
    with pytest.raises(PathError):
        pattern("a", flags)


@pytest.mark.parametrize(
    ("expression", "text"),
    [
        ("(a+)+", "a" * 50_000 + "b"),
        ("(a|a)*b", "a" * 50_000),
        ("(.*)*x", "a" * 50_000),
        ("(a*)*(a*)*b", "a" * 50_000),
        (".*.*.*.*=.*", "=" * 20_000 + "\n"),
    ],
)
def test_patterns_that_explode_elsewhere_are_quick(expression: str, text: str) -> None:
    assert not fits(expression, text)


def test_a_pattern_that_is_too_much_work_has_no_answer() -> None:
    with pytest.raises(Unanswerable):
        fits(r"(\Ba|\Bb|a)*" * 50, "ab" * 50_000)


@given(st.text(alphabet="ab.*+?|()[]{}^$\\-,12dwsQE:i", max_size=30), st.text(alphabet="ab1-. \n", max_size=20))
def test_any_pattern_is_matched_or_refused(expression: str, text: str) -> None:
    try:
        compiled = pattern(expression, "")
    except PathError:
        return
    assert compiled.matches(text, Reading(lambda: None)) in {True, False}
