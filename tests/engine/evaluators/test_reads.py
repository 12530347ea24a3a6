"""Which parts of its input a script reads: never fewer than it does."""

from __future__ import annotations

import pytest

from podium.engine.evaluators import reads

KNOWN: list[tuple[str, set[tuple[str, ...]]]] = [
    ("$.a.b.c", {("a", "b")}),
    ("if ($.l['iteration'] < 5) { true; } else { false; }", {("l", "iteration")}),
    ("$[\"a\"]['b'] + $.x", {("a", "b"), ("x",)}),
    ("$.a[i] + $.b?.c", {("a",), ("b", "c")}),
    ("$.list.map(x => x + $.y)", {("list",), ("y",)}),
    ("`${$.a}`", {("a",)}),
    ("$.items.length", {("items",)}),
    ("$.a // $.b\n/* $.c */ + '$.d'", {("a",)}),
    ("/$/.test($.x)", {("x",)}),
    ("$$ + 1", set()),
    ("1", set()),
]


@pytest.mark.parametrize(("source", "paths"), KNOWN)
def test_member_paths_are_found(source: str, paths: set[tuple[str, ...]]) -> None:
    assert reads(source) == frozenset(paths)


UNKNOWN = [
    "$",
    "f($)",
    "let {a} = $",
    "$[k]",
    "({...$})",
    "({$})",
    "this.$",
    "x.$",
    "eval('1')",
    "globalThis",
    "with (a) {}",
    "(function() { return arguments })",
    "$.toString()",
    "\\u0024.a",
    "$ = 1",
    "$.a; [$]",
    "`${$}`",
    "`${",
    "new Function('1')",
    "import('x')",
    "[]['constructor']('return $')()",
    "a\n<!-- b",
    "$['a\\u0062']",
    '(x) / 2 + "/" + $.y',
]


@pytest.mark.parametrize("source", UNKNOWN)
def test_anything_else_may_read_all(source: str) -> None:
    assert reads(source) is None
