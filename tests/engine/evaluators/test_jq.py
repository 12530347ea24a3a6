"""jq: results, numbers, messages, bounds."""

from __future__ import annotations

import pytest

from podium.engine.evaluators import NeedsTime, ScriptCall, ScriptFailed, ScriptOutcome, evaluate_jq
from podium.engine.evaluators.jq import jq_failure
from podium.model.json import Json

ITEMS: Json = [{"id": 1, "ok": True}, {"id": 2, "ok": False}, {"id": 3, "ok": True}]
DOCUMENT: Json = {"i": 9007199254740993, "f": 1.0, "s": "x", "l": [1, 1.5], "items": ITEMS, "env": 5}

RESULTS: list[tuple[str, list[Json]]] = [
    (".i", [9007199254740993]),
    (".f", [1.0]),
    ("1.0", [1.0]),
    (".f+1", [2]),
    (".l[1]+1.5", [3]),
    ("empty", []),
    (".l[]", [1, 1.5]),
    (
        "{ids: [.items[] | select(.ok) | .id], total: (.items|length), by: (.items | group_by(.ok) | map(length))}",
        [{"ids": [1, 3], "total": 3, "by": [1, 2]}],
    ),
    (".items | sort_by(-.id) | map(.id)", [[3, 2, 1]]),
    ('{a: .b // "c", d: .e // "f"}', [{"a": "c", "d": "f"}]),
    (".env", [5]),
    ('.s # a comment"', ["x"]),
    (".missing", [None]),
]


@pytest.mark.parametrize(("query", "results"), RESULTS)
def test_a_cheap_query_answers_at_once(query: str, results: list[Json]) -> None:
    found = evaluate_jq(query, DOCUMENT, {})

    assert found == results
    assert [type(value) for value in found] == [type(value) for value in results]


DEAR = [
    "range(5)",
    "def f: f; f",
    "..",
    "env",
    "input",
    "halt",
    "recurse",
    "reduce .l[] as $x (0; . + $x)",
    ".s * 1000",
    '.s | test("x")',
    '"\\(.i)"',
    'import "a" as a; 1',
    ".l[9999999] = 1",
    "[.,.]" + "|[.,.]" * 30,
    "[.items[], .items[]] | map(.id) | [.[] as $a | .[] as $b | .[] as $c | .[]]",
]


@pytest.mark.parametrize("query", DEAR)
def test_any_other_query_is_left_to_the_sandbox(query: str) -> None:
    with pytest.raises(NeedsTime) as needs:
        evaluate_jq(query, {"a": [0] * 200}, {})

    assert evaluate_jq(query, {"a": [0] * 200}, {needs.value.call: ScriptOutcome(value=b"[1,1.0]")}) == [1, 1.0]


def test_a_large_document_is_left_to_the_sandbox() -> None:
    with pytest.raises(NeedsTime):
        evaluate_jq(".", {"t": "x" * 40_000}, {})


@pytest.mark.parametrize(
    ("query", "message"),
    [
        (".s.array", 'Cannot index string with string "array"'),
        ("{", 'Encountered "<EOF>" at line 1, column 1.'),
        (".l | keys | .a", None),
        ("$x", None),
        ("$ENV.HOME", "'$ENV' is not available"),
    ],
)
def test_a_failing_query_says_why(query: str, message: str | None) -> None:
    with pytest.raises(ScriptFailed) as failed:
        evaluate_jq(query, DOCUMENT, {})

    assert failed.value.message
    assert message is None or failed.value.message == message


def test_messages_lose_their_parentheses() -> None:
    assert jq_failure(".a", 'Cannot index array with string ("a")') == 'Cannot index array with string "a"'


def test_calls_are_plain_values() -> None:
    with pytest.raises(NeedsTime) as needs:
        evaluate_jq("range(2)", {"a": 1}, {})

    assert needs.value.call == ScriptCall("jq", "range(2)", b'{"a":1}')
