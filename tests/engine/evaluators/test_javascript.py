"""JavaScript: completion values, conversion of results, errors, fresh state, bounds."""

from __future__ import annotations

import contextlib

import pytest

from podium.engine.evaluators import (
    ScriptOutcome,
    ScriptTimedOut,
    UnknownEvaluator,
    evaluate,
    evaluate_function_body,
    syntax_problem,
    truthy,
)
from podium.engine.evaluators.script import NeedsTime, ScriptCall, ScriptFailed
from podium.model.json import Json
from tests.engine.evaluators.asking import anywhere, at_once, failure, needs_time

DOCUMENT: Json = {"x": 2, "my-key": 7, "l": {"iteration": 3}, "list": [3, 1, 2], "s": "text", "n": None}

VALUES: list[tuple[str, Json]] = [
    ("", None),
    ("5; var a = 6", 5),
    ("function f(){ return 1 }", None),
    ("function e(){ return 1 } e();", 1),
    ("{a:1}", 1),
    ("({a:1})", {"a": 1}),
    ("if ($.l['iteration'] < 5) { true; } else { false; }", True),
    ("(function(){ return $.x })()", 2),
    ("(() => $.x)()", 2),
    ("for (const i of $.list) { i * 2 }", 4),
    ("var s = 0; while (s < 7) { s += 2 } s", 8),
    ("var s = 0; do { s++ } while (s < 3); s", 3),
    ("switch ($.x) { case 2: 'two'; break; default: 'other' }", "two"),
    ("try { null.x } catch (e) { 'caught' }", "caught"),
    ("`v=${$.x}`", "v=2"),
    ("$.list.map(x => x * 2).filter(x => x > 2)", [6, 4]),
    ("$.list.reduce((a, b) => a + b, 0)", 6),
    ("[...$.list].sort((a, b) => a - b)", [1, 2, 3]),
    ("$.list.flatMap((x, i) => [x, i])", [3, 0, 1, 1, 2, 2]),
    ("'a-b'.replace(/-/, m => m + m)", "a--b"),
    ("$['my-key'] + $.list.at(-1)", 9),
    ("$.q?.z ?? 'none'", "none"),
    ("const {x, ...rest} = $; Object.keys(rest).length", 5),
    ("var o = {}; for (const k in $) { o[k] = 1 } o", {"x": 1, "my-key": 1, "l": 1, "list": 1, "s": 1, "n": 1}),
    ("delete $.x; $.x", None),
    ("y = 5; y + 1", 6),
    ("class A { constructor() { this.x = 1 } get y() { return 2 } }; new A()", {"x": 1}),
    ("this.x === undefined", True),
    ("eval('1 + 1')", 2),
    ("new Function('return 3')()", 3),
    ("'use strict'; 5", 5),
    ("var o = {}; o.toString = 1; o['const' + 'ructor'] = 2; o", {"toString": 1, "constructor": 2}),
    ("typeof console + typeof print + typeof require + typeof std + typeof setTimeout", "undefined" * 5),
    ("10 / 2", 5),
    ("1e3", 1000),
    ("2 ** 53", 2**53),
    ("2 ** 63", 2.0**63),
    ("-(2 ** 63)", -(2**63)),
    ("1e21", 1e21),
    ("1 / 3", 1 / 3),
    ("NaN", "NaN"),
    ("[1/0, -1/0]", ["Infinity", "-Infinity"]),
    ("[1, , undefined, null]", [1, None, None, None]),
    ("({a: 1, b: undefined, d: () => 1})", {"a": 1, "b": None, "d": {}}),
    ("new Map([['a', 1], [2, {b: [0]}]])", {"a": 1, "2": {"b": [0]}}),
    ("[new Set([1]), new Date(), /a/, Symbol('s')]", [{}, {}, {}, {}]),
    ("new Error('x')", {}),
    ("Promise.resolve(1)", {}),
    ("[new Number(5), new String('s'), new Boolean(false)]", [5, "s", False]),
    ("new Uint8Array([1, 2])", [1, 2]),
    ("'abc'.match(/b(.)/)", ["bc", "c"]),
    ("[5n, 2n ** 80n]", [5, 2.0**80]),
    ("'\\ud83d' + '|'", "\ufffd|"),
    ("'a'.repeat(3000).length", 3000),
    ("JSON.stringify($.l)", '{"iteration":3}'),
    ("'é\\u0000'", "é\0"),
    ("Array.prototype.toJSON = () => 1; Object.prototype.toJSON = () => 2; [{a: 1}]", [{"a": 1}]),
    ("label: for (;;) { break label }", None),
    ("(($.x / 2) + 1) / 2", 1),
]


@pytest.mark.parametrize(("source", "value"), VALUES)
def test_a_script_has_the_value_of_its_last_statement(source: str, value: Json) -> None:
    found = anywhere(source, DOCUMENT)

    assert found == value
    assert type(found) is type(value)


def test_minus_zero_stays_a_fraction() -> None:
    assert str(at_once("-0")) == "-0.0"


def test_a_large_integer_that_is_only_passed_on_stays_exact() -> None:
    assert at_once("({n: $.n, l: [$.n]})", {"n": 9007199254740993}) == {"n": 9007199254740993, "l": [9007199254740993]}


def test_the_input_is_never_changed() -> None:
    document: Json = {"l": [1]}

    at_once("$.l.push(2); $.new = 1; $", document)

    assert document == {"l": [1]}


ERRORS = [
    ("throw 'boom'", "Error evaluating the script `boom` at line 1"),
    ("throw new Error('boom')", "Error evaluating the script `Error: boom`"),
    ("\n\nfoo", "Error evaluating the script `ReferenceError: foo is not defined` at line 3"),
    ("$.a.b", "Error evaluating the script `TypeError: Cannot read property 'b' of undefined` at line 1"),
    ("return 1", "Error evaluating the script `SyntaxError: return not in a function` at line 1"),
    ("1;\nfunction f() {\n  null.x }\nf()", "Error evaluating the script `TypeError: Cannot read property 'x' of null` at line 3"),
    ("throw 5", "Error evaluating the script `5` at line 1"),
    ("throw {get stack() { throw 1 }}", "Error evaluating the script `[object Object]` at line 1"),
    ("throw {toString() { throw 1 }}", "Error evaluating the script `an error that has no text` at line 1"),
    ("const a = 1;\na = 2", "Error evaluating the script `TypeError: 'a' is read-only` at line 2"),
]


@pytest.mark.parametrize(("source", "message"), ERRORS)
def test_an_error_says_what_and_where(source: str, message: str) -> None:
    assert failure(source) == message


@pytest.mark.parametrize("source", ["var o = {}; o.o = o; o", "var a = []; a.push([a], a); a"])
def test_a_result_that_contains_itself_is_an_error(source: str) -> None:
    assert "Error evaluating the script" in failure(source)


LEAKS = [
    ("leak = 1", "typeof leak", "undefined"),
    ("var leak = 1", "typeof leak", "undefined"),
    ("let leak = 1; function kept() {}", "typeof leak + typeof kept", "undefined" * 2),
    ("[]['__pro' + 'to__'].leak = 1", "typeof [].leak", "undefined"),
    ("({})['__proto__']['leak'] = 1", "typeof ({}).leak", "undefined"),
    ("Object.leak = 1; Math.leak = 1; JSON.leak = 1", "typeof Object.leak + typeof Math.leak + typeof JSON.leak", "undefined" * 3),
    ("[]['constr' + 'uctor'].leak = 1", "typeof Array.leak", "undefined"),
    ("Math.max = 1", "Math.max(1, 2)", 2),
    ("Array = 1", "Array.isArray([])", True),
    ("undefined = 1; NaN = 2", "typeof undefined", "undefined"),
    ("var a = []; a['__proto__']['map'] = 1", "[1].map(x => x)", [1]),
    ("var f = function() {}; f['__proto__'].leak = 1", "typeof (function() {}).leak", "undefined"),
    ("for (const m of 'ab'.matchAll(/a/g)) { m['__proto__'].leak = 1 }", "typeof [].leak", "undefined"),
    ("$ = 5", "typeof $", "object"),
]


@pytest.mark.parametrize(("first", "second", "value"), LEAKS)
def test_nothing_of_one_evaluation_is_seen_by_the_next(first: str, second: str, value: Json) -> None:
    with contextlib.suppress(NeedsTime, ScriptFailed):
        at_once(first)

    assert at_once(second) == value


SLOW = [
    "for (;;) {}",
    "(function f() { return f() })()",
    "/^(a+)+$/.test('aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!')",
    "'x'.repeat(1e9)",
    "let a = []; for (;;) { a.push(1) }",
    "let a = []; a.length = 4294967295; a.sort()",
    "let a = []; a.length = 4e9; `${a}`",
    "let a = [[]]; a[0].length = 4e9; a.flat()",
    "let a = []; a.length = 4e9; JSON.stringify(1, a)",
    "let s = 'ab'; for (let i = 0; i < 15; i++) { s += s } for (;;) { s.indexOf('zz') }",
    "let s = '11'; for (let i = 0; i < 15; i++) { s += s } for (;;) { +s }",
    "let a = [1]; for (let i = 0; i < 60; i++) { a = [a, a] } a",
    "try { for (;;) {} } catch (e) { 1 }",
    "for (;;) { try { 'x'.repeat(1e8) } catch (e) { } }",
    "(() => {})['constr' + 'uctor']('return 1')()",
    "var f = n => n < 2 ? n : f(n - 1) + f(n - 2); f(40)",
]


@pytest.mark.parametrize("source", SLOW)
def test_a_script_that_is_too_much_is_left_to_the_sandbox(source: str) -> None:
    assert needs_time(source)
    assert at_once("1 + 1") == 2


def test_a_large_document_is_left_to_the_sandbox() -> None:
    assert needs_time("$.t.length", {"t": "x" * 40_000})


def test_only_what_a_script_mentions_is_handed_over() -> None:
    assert at_once("$.x + 1", {"x": 1, "t": "x" * 40_000}) == 2


def test_an_answer_takes_the_place_of_the_evaluation() -> None:
    with pytest.raises(NeedsTime) as needs:
        at_once("for (;;) { $.x }", {"x": 1})
    call = needs.value.call

    assert call == ScriptCall("javascript", "for (;;) { $.x }", b'{"x":1}')
    assert evaluate("graaljs", "for (;;) { $.x }", {"x": 1}, {call: ScriptOutcome(value=b"7")}) == 7
    with pytest.raises(ScriptTimedOut) as late:
        evaluate("javascript", "for (;;) { $.x }", {"x": 1}, {call: ScriptOutcome(error="too late", timed_out=True)})
    assert late.value.message == "too late"


def test_a_lambda_is_the_body_of_a_function() -> None:
    assert evaluate_function_body("if ($.x) { return 'yes' } // so", {"x": 1}, {}) == "yes"
    assert evaluate_function_body("1", {}, {}) is None
    with pytest.raises(ScriptFailed, match="`no`"):
        evaluate_function_body("throw 'no'", {}, {})


def test_an_unknown_evaluator_is_named() -> None:
    with pytest.raises(UnknownEvaluator) as unknown:
        evaluate("js", "1", {}, {})
    assert unknown.value.name == "js"


@pytest.mark.parametrize(
    ("value", "goes_on"),
    [
        (True, True),
        (False, False),
        (1, True),
        (0.5, True),
        (0, False),
        (-1, False),
        ("true", False),
        ([1], False),
        ({}, False),
        (None, False),
    ],
)
def test_only_true_and_positive_numbers_keep_a_loop_going(value: Json, goes_on: bool) -> None:
    assert truthy(value) is goes_on


@pytest.mark.parametrize("source", ["if (", "return 1", "let a; let a", "a b", "`${`", "\0"])
def test_registration_refuses_what_does_not_parse(source: str) -> None:
    assert "SyntaxError" in (syntax_problem("javascript", source) or "")
    assert syntax_problem("graaljs", source) is None


@pytest.mark.parametrize("source", ["for (;;) {}", "nope.nope", "throw 1", "'use strict'; 1", "$.x > 1", "", "function __stop() {}"])
def test_registration_never_evaluates(source: str) -> None:
    assert syntax_problem("javascript", source) is None
