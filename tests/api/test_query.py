"""The search language: what each text asks for."""

from __future__ import annotations

import time

import pytest

from podium.api.query import MAX_CLAUSES, parse_free_text, parse_query, parse_sort
from podium.errors import Invalid
from podium.model.search import AllOf, AnyOf, Clause, Condition, Operator, SortKey


def equal(field: str, *values: str) -> Clause:
    return Clause(field, Operator.EQUAL if len(values) == 1 else Operator.IN, values)


CLAUSES: list[tuple[str, Clause]] = [
    ("workflowType=order", equal("workflowType", "order")),
    ("workflowType = 'order'", equal("workflowType", "order")),
    ('workflowType = "my order"', equal("workflowType", "my order")),
    ("workflowType = my order", equal("workflowType", "my order")),
    ("status != RUNNING", Clause("status", Operator.NOT_EQUAL, ("RUNNING",))),
    ("startTime > 5", Clause("startTime", Operator.GREATER, ("5",))),
    ("startTime<5", Clause("startTime", Operator.LESS, ("5",))),
    ("startTime >= 5", Clause("startTime", Operator.AT_LEAST, ("5",))),
    ("startTime<=5", Clause("startTime", Operator.AT_MOST, ("5",))),
    ("status IN (RUNNING, PAUSED)", Clause("status", Operator.IN, ("RUNNING", "PAUSED"))),
    ("status in (RUNNING)", Clause("status", Operator.IN, ("RUNNING",))),
    ("status IN RUNNING,PAUSED", Clause("status", Operator.IN, ("RUNNING", "PAUSED"))),
    ("status = RUNNING,PAUSED", Clause("status", Operator.IN, ("RUNNING", "PAUSED"))),
    ("workflowType IN ('a, b', \"c\")", Clause("workflowType", Operator.IN, ("a, b", "c"))),
    ("status NOT IN (FAILED,TIMED_OUT)", Clause("status", Operator.NOT_IN, ("FAILED", "TIMED_OUT"))),
    ("workflowType STARTS_WITH 'or'", Clause("workflowType", Operator.STARTS_WITH, ("or",))),
    ("startTime BETWEEN 5 AND 9", Clause("startTime", Operator.BETWEEN, ("5", "9"))),
    ("endTime IS NULL", Clause("endTime", Operator.IS_NULL)),
    ("endTime is not null", Clause("endTime", Operator.IS_NOT_NULL)),
    ("parentWorkflowId = ''", equal("parentWorkflowId", "")),
    ("status=", equal("status", "")),
    ("workflowType=a*", equal("workflowType", "a*")),
    ("workflowType=rock and roll", equal("workflowType", "rock and roll")),
    ("workflowType=f(x)", equal("workflowType", "f(x)")),
    ("workflowType=it's", equal("workflowType", "it's")),
    ("(workflowType=order)", equal("workflowType", "order")),
    ("workflowType=x' OR 'a'='a", equal("workflowType", "x' OR 'a'='a")),
    ("workflowType='a AND b=c'", equal("workflowType", "a AND b=c")),
]


@pytest.mark.parametrize(("text", "clause"), CLAUSES, ids=[text for text, _ in CLAUSES])
def test_a_clause_is_a_field_an_operator_and_what_follows_up_to_the_next_clause(text: str, clause: Clause) -> None:
    assert parse_query(text) == clause


A, B, C = equal("a", "1"), equal("b", "2"), equal("c", "3")

CONDITIONS: list[tuple[str, Condition]] = [
    ("", AllOf()),
    ("  ", AllOf()),
    ("a=1 AND b=2", AllOf((A, B))),
    ("a=1 and b=2", AllOf((A, B))),
    ("a=1 OR b=2", AnyOf((A, B))),
    ("a=1 OR b=2 AND c=3", AnyOf((A, AllOf((B, C))))),
    ("(a=1 OR b=2) AND c=3", AllOf((AnyOf((A, B)), C))),
    ("a=1 AND (b=2 OR c=3)", AllOf((A, AnyOf((B, C))))),
    ("a='1'\tAND\nb=\"2\"", AllOf((A, B))),
]


@pytest.mark.parametrize(("text", "condition"), CONDITIONS, ids=[text for text, _ in CONDITIONS])
def test_and_binds_tighter_than_or_and_parentheses_bind_tightest(text: str, condition: Condition) -> None:
    assert parse_query(text) == condition


@pytest.mark.parametrize("text", ["nonsense", "*", "=1", "a NOT 1", "a IS 1", "a BETWEEN 5", "(a=1", "a=1 AND b=2) OR (", "1=1"])
def test_what_is_no_clause_is_refused(text: str) -> None:
    with pytest.raises(Invalid):
        parse_query(f"({text})" if text == "a=1 AND b=2) OR (" else text)


def test_too_many_clauses_are_refused() -> None:
    with pytest.raises(Invalid, match="clauses"):
        parse_query(" AND ".join(["a=1"] * (MAX_CLAUSES + 1)))


@pytest.mark.parametrize(
    "hostile", ["(" * 60_000, " " * 60_000 + "x", "a=" + "'" * 60_000, "a=x" + " AND (" * 10_000, "a=" + "' , " * 15_000]
)
def test_no_text_costs_more_than_its_length(hostile: str) -> None:
    before = time.process_time()
    try:
        parse_query(hostile)
    except Invalid as refusal:
        assert len(refusal.message) < 500  # noqa: PT017 - some are readable, and all are short to answer
    assert time.process_time() - before < 5


@pytest.mark.parametrize(
    ("entries", "keys"),
    [
        ([], ()),
        (["startTime:DESC"], (SortKey("startTime", descending=True),)),
        (["startTime:asc"], (SortKey("startTime"),)),
        (["status:ASC|startTime:DESC"], (SortKey("status"), SortKey("startTime", descending=True))),
        (["status:ASC,startTime:DESC"], (SortKey("status"), SortKey("startTime", descending=True))),
        (["status:ASC", "startTime:DESC"], (SortKey("status"), SortKey("startTime", descending=True))),
        (["startTime", "status:SIDEWAYS", ":ASC"], ()),
    ],
)
def test_orderings_come_in_three_spellings_and_count_only_with_a_direction(entries: list[str], keys: tuple[SortKey, ...]) -> None:
    assert parse_sort(entries) == keys


@pytest.mark.parametrize(("text", "wanted"), [(None, ""), ("", ""), ("*", ""), (" needle ", "needle")])
def test_a_star_and_nothing_are_no_free_text(text: str | None, wanted: str) -> None:
    assert parse_free_text(text) == wanted
