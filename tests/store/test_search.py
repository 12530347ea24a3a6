"""Search: the query language, the order and the pages (spec/api.md §1.8)."""

from __future__ import annotations

from typing import Any

import pytest

from podium.errors import Invalid
from podium.model.payload import Payload
from podium.model.search import AllOf, AnyOf, Clause, Operator, Search, SortKey
from podium.model.status import TaskStatus, WorkflowStatus
from podium.store.store import Store

from .given import NOW, a_task, a_workflow, born, stored

RUNS: dict[str, dict[str, Any]] = {
    "w1": {"name": "order", "create_time": NOW, "correlation_id": "Ada", "priority": 5},
    "w2": {"name": "order_late", "create_time": NOW + 1, "status": WorkflowStatus.FAILED, "reason": "No Money", "end_time": NOW + 9},
    "w3": {"name": "Order", "create_time": NOW + 2, "version": 2, "parent_workflow_id": "w1", "classifier": "agent", "event": "e:q"},
    "w4": {"name": "ship", "create_time": NOW + 3, "status": WorkflowStatus.COMPLETED, "end_time": NOW + 5, "created_by": "Bob"},
    "w5": {"name": "ship%x", "create_time": NOW + 3, "idempotency_key": "once", "input": Payload.of({"Customer": 'Grace "H"'})},
}
OP = Operator


async def filled(store: Store) -> Store:
    await stored(store, [born(a_workflow(name, **({"input": Payload.of({})} | fields))) for name, fields in RUNS.items()])
    return store


async def found(store: Store, condition: Any = None, **search: Any) -> list[str]:
    """Names, sorted: for tests that are not about the order."""
    page = await (await filled(store)).search_workflows(Search(condition=condition or AllOf(), **search))
    assert page.total == len(page.ids)
    return sorted(page.ids)


@pytest.mark.parametrize(
    ("field", "operator", "values", "expected"),
    [
        ("workflowType", OP.EQUAL, ["order"], "w1"),
        ("workflowType", OP.EQUAL, ["order*"], "w1 w2 w3"),
        ("workflowType", OP.EQUAL, ["*P%X"], "w5"),
        ("workflowType", OP.EQUAL, ["ship_x"], ""),
        ("workflowType", OP.EQUAL, ["sh*p_x"], ""),
        ("workflowType", OP.NOT_EQUAL, ["order"], "w2 w3 w4 w5"),
        ("workflowType", OP.NOT_EQUAL, ["order*"], "w4 w5"),
        ("workflowType", OP.STARTS_WITH, ["order"], "w1 w2"),
        ("workflowType", OP.GREATER, ["order"], "w2 w4 w5"),
        ("status", OP.IN, ["FAILED", "COMPLETED"], "w2 w4"),
        ("status", OP.IN, ["FAILED", "COMP*"], "w2 w4"),
        ("status", OP.IN, ["RUNNING"], "w1 w3 w5"),
        ("status", OP.NOT_IN, ["FAILED", "COMPLETED"], "w1 w3 w5"),
        ("status", OP.EQUAL, [""], ""),
        ("status", OP.EQUAL, ["'; DROP TABLE workflow; --"], ""),
        ("workflowId", OP.IN, ["w1", "w3", "w9"], "w1 w3"),
        ("version", OP.EQUAL, ["2"], "w3"),
        ("version", OP.LESS, ["2"], "w1 w2 w4 w5"),
        ("priority", OP.AT_LEAST, ["5"], "w1"),
        ("correlationId", OP.EQUAL, ["Ada"], "w1"),
        ("correlationId", OP.EQUAL, ["ada"], ""),
        ("correlationId", OP.EQUAL, ["ad*"], "w1"),
        ("correlationId", OP.IS_NULL, [], "w2 w3 w4 w5"),
        ("correlationId", OP.IS_NOT_NULL, [], "w1"),
        ("correlationId", OP.NOT_EQUAL, ["Ada"], "w2 w3 w4 w5"),
        ("startTime", OP.GREATER, [str(NOW + 1)], "w3 w4 w5"),
        ("startTime", OP.EQUAL, [str(NOW)], "w1"),
        ("endTime", OP.GREATER, ["-5"], "w2 w4"),
        ("endTime", OP.BETWEEN, ["0", str(NOW + 5)], "w4"),
        ("startTime", OP.BETWEEN, [str(NOW + 1), str(NOW + 2)], "w2 w3"),
        ("endTime", OP.LESS, [str(NOW + 8)], "w4"),
        ("endTime", OP.IS_NULL, [], "w1 w3 w5"),
        ("modifiedTime", OP.AT_MOST, [str(NOW)], "w1 w2 w3 w4 w5"),
        ("parentWorkflowId", OP.EQUAL, [""], "w1 w2 w4 w5"),
        ("parentWorkflowId", OP.EQUAL, ["w1"], "w3"),
        ("classifier", OP.EQUAL, ["workflow"], "w1 w2 w4 w5"),
        ("createdBy", OP.EQUAL, ["Bob"], "w4"),
        ("event", OP.EQUAL, ["e:q"], "w3"),
        ("reasonForIncompletion", OP.EQUAL, ["*money"], "w2"),
        ("idempotencyKey", OP.EQUAL, ["once"], "w5"),
        ("jsonData", OP.EQUAL, ["*customer*"], "w5"),
        ("nonsense", OP.EQUAL, ["x"], "w1 w2 w3 w4 w5"),
    ],
)
async def test_a_clause_finds(store: Store, field: str, operator: Operator, values: list[str], expected: str) -> None:
    assert await found(store, Clause(field, operator, tuple(values))) == expected.split()


async def test_conditions_nest(store: Store) -> None:
    failed, order = Clause("status", OP.EQUAL, ("FAILED",)), Clause("workflowType", OP.EQUAL, ("order*",))
    ship, unknown = Clause("workflowType", OP.EQUAL, ("ship",)), Clause("unknown", OP.EQUAL, ("x",))

    assert await found(store, AnyOf((AllOf((failed, order)), ship, unknown))) == ["w2", "w4"]


async def test_an_unknown_field_leaves_no_condition(store: Store) -> None:
    assert len(await found(store, AnyOf((Clause("unknown", OP.EQUAL, ("x",)),)))) == 5


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("*", "w1 w2 w3 w4 w5"),
        ("ADA", "w1"),
        ("w4", "w4"),
        ("no mon", "w2"),
        ("grace", "w5"),
        ("*Grace*", "w5"),
        ("gr%ce", ""),
        ("or*late", "w2"),
    ],
)
async def test_free_text_is_within_ids_names_reason_and_payloads(store: Store, text: str, expected: str) -> None:
    assert await found(store, free_text=text) == expected.split()


@pytest.mark.parametrize("field", ["startTime", "endTime", "version"])
@pytest.mark.parametrize("value", ["yesterday", "", "1*", "99999999999999999999"])
async def test_a_time_or_number_must_be_one(store: Store, field: str, value: str) -> None:
    with pytest.raises(Invalid):
        await store.search_workflows(Search(condition=Clause(field, OP.GREATER, (value,))))


@pytest.mark.parametrize(("operator", "values"), [(OP.BETWEEN, ["1"]), (OP.LESS, []), (OP.GREATER, ["1", "2"]), (OP.STARTS_WITH, [])])
async def test_an_operator_must_have_its_values(store: Store, operator: Operator, values: list[str]) -> None:
    with pytest.raises(Invalid):
        await store.search_workflows(Search(condition=Clause("startTime", operator, tuple(values))))


async def test_a_query_without_end_is_refused(store: Store) -> None:
    with pytest.raises(Invalid):
        await store.search_workflows(Search(condition=AnyOf(tuple(Clause("status", OP.EQUAL, ("X",)) for _ in range(600)))))


@pytest.mark.parametrize(
    ("sort", "expected"),
    [
        ([], "w5 w4 w3 w2 w1"),
        ([SortKey("startTime")], "w1 w2 w3 w4 w5"),
        ([SortKey("unknown"), SortKey("jsonData")], "w5 w4 w3 w2 w1"),
        ([SortKey("status"), SortKey("startTime", descending=True)], "w4 w2 w5 w3 w1"),
        ([SortKey("workflowType", descending=True)], "w5 w4 w2 w1 w3"),
    ],
)
async def test_a_sort_orders(store: Store, sort: list[SortKey], expected: str) -> None:
    page = await (await filled(store)).search_workflows(Search(sort=tuple(sort)))

    assert page.ids == expected.split()


@pytest.mark.parametrize(
    ("start", "size", "expected"), [(0, 2, "w5 w4"), (2, 2, "w3 w2"), (4, 9, "w1"), (9, 9, ""), (-3, 1, "w5"), (0, 0, ""), (0, -1, "")]
)
async def test_a_page_tells_the_true_total(store: Store, start: int, size: int, expected: str) -> None:
    page = await (await filled(store)).search_workflows(Search(start=start, size=size))

    assert (page.total, page.ids) == (5, expected.split())


async def with_tasks(store: Store) -> Store:
    first = [a_task("w1", 1, start_time=NOW + 5, worker_id="x"), a_task("w1", 2, start_time=NOW + 9, status=TaskStatus.FAILED, ready_at=0)]
    second = [a_task("w2", 1, def_name="Refund", start_time=NOW + 7, output=Payload.of({"sum": "Forty"}))]
    await stored(store, [born(a_workflow("w1"), *first), born(a_workflow("w2", name="refunds"), *second)])
    return store


@pytest.mark.parametrize(
    ("field", "operator", "values", "expected"),
    [
        ("workflowId", OP.EQUAL, ["w1"], "w1-t2 w1-t1"),
        ("taskId", OP.EQUAL, ["w2-t1"], "w2-t1"),
        ("taskType", OP.EQUAL, ["PAY*"], "w1-t2 w2-t1 w1-t1"),
        ("taskDefName", OP.EQUAL, ["Refund"], "w2-t1"),
        ("status", OP.EQUAL, ["FAILED"], "w1-t2"),
        ("workflowType", OP.EQUAL, ["refunds"], "w2-t1"),
        ("startTime", OP.LESS, [str(NOW + 8)], "w2-t1 w1-t1"),
        ("scheduledTime", OP.EQUAL, [str(NOW)], "w1-t2 w2-t1 w1-t1"),
        ("jsonData", OP.EQUAL, ["forty"], "w2-t1"),
    ],
)
async def test_tasks_are_found_newest_first(store: Store, field: str, operator: Operator, values: list[str], expected: str) -> None:
    page = await (await with_tasks(store)).search_tasks(Search(condition=Clause(field, operator, tuple(values))))

    assert (page.total, page.ids) == (len(expected.split()), expected.split())


async def test_workflows_are_found_by_their_tasks_each_once(store: Store) -> None:
    page = await (await with_tasks(store)).search_workflows_by_tasks(Search(condition=Clause("taskType", OP.EQUAL, ("pay",))))

    assert (page.total, page.ids) == (2, ["w1", "w2"])
    page = await store.search_workflows_by_tasks(Search(sort=(SortKey("startTime"),), size=1))
    assert (page.total, page.ids) == (2, ["w1"])


async def test_running_ids_are_those_of_a_name(store: Store) -> None:
    await filled(store)

    assert await store.running_ids("order", None, None, None) == ["w1"]
    assert await store.running_ids("order_late", None, None, None) == []
    assert await store.running_ids("order_late", 1, NOW, NOW + 9) == ["w2"]
    assert await store.running_ids("order_late", 2, NOW, NOW + 9) == []


async def test_correlated_runs_come_by_correlation_id(store: Store) -> None:
    runs = [
        a_workflow("a", correlation_id="x"),
        a_workflow("b", correlation_id="x", status=WorkflowStatus.FAILED, create_time=NOW - 1),
        a_workflow("c", correlation_id="x", name="other"),
    ]
    await stored(store, [born(run) for run in runs])

    assert await store.correlated("order", ["x", "y"], include_closed=False) == {"x": ["a"], "y": []}
    assert await store.correlated("order", ["x"], include_closed=True) == {"x": ["b", "a"]}
