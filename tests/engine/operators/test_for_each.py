"""FOR_EACH: its body once for each item of a list."""

from __future__ import annotations

from typing import Any

import pytest

from podium.model.json import Json
from tests.engine.flow import Flow
from tests.engine.given import fork, inline, loop, node, setting, switch
from tests.engine.operators.given import for_each
from tests.engine.world import World

LIST = {"xs": ["a", "b", "c", "d", "e"]}


def result(flow: Flow) -> Json:
    return flow.task("each").output.value["result"]


def in_queue(flow: Flow) -> list[str]:
    return [task.ref for task in flow.tasks if not task.status.terminal and not task.system]


@pytest.mark.parametrize("concurrency", [None, 1, 2, 3, 7])
def test_the_body_runs_for_each_item_and_the_outputs_come_in_their_order(world: World, concurrency: int | None) -> None:
    body = inline("i", "$.x + $.n", x="${each.output.loopItem}", n="${each.output.loopIndex}")
    flow = world.start(for_each("each", "${workflow.input.xs}", body, concurrency=concurrency), input_=LIST)
    assert flow.status == "COMPLETED"
    assert result(flow) == [{"i": {"result": text}} for text in ("a0", "b1", "c2", "d3", "e4")]


@pytest.mark.parametrize(("items", "expected"), [(None, []), ([], []), ("one", ["one"]), ([{"k": 1}], [{"k": 1}])])
@pytest.mark.parametrize("concurrency", [1, 3])
def test_nothing_is_no_item_and_a_single_value_is_one(world: World, items: Json, expected: Json, concurrency: int) -> None:
    body = inline("i", "$.x", x="${each.output.item}")
    flow = world.start(for_each("each", "${workflow.input.xs}", body, concurrency=concurrency), input_={"xs": items})
    assert flow.status == "COMPLETED"
    assert isinstance(expected, list)
    assert result(flow) == [{"i": {"result": one}} for one in expected]


def test_the_items_may_stand_in_the_definition(world: World) -> None:
    flow = world.start(for_each("each", [1, "${workflow.input.x}"], inline("i", "$.x", x="${each.output.loopItem}")), input_={"x": 2})
    assert result(flow) == [{"i": {"result": 1}}, {"i": {"result": 2}}]


def test_the_field_of_loops_for_their_items_is_as_good(world: World) -> None:
    body = inline("i", "$.x", x="${each.output.loopItem}")
    flow = world.start(node("each", "FOR_EACH", items="${workflow.input.xs}", loopOver=[body]), input_={"xs": [1]})
    assert result(flow) == [{"i": {"result": 1}}]


def test_no_more_bodies_run_side_by_side_than_allowed(world: World) -> None:
    flow = world.start(for_each("each", "${workflow.input.xs}", node("work"), node("more"), concurrency=2), input_=LIST)
    assert in_queue(flow) == ["work_lane1__1", "work_lane2__1"]
    flow.complete("work_lane1__1", {"n": 1})
    assert in_queue(flow) == ["work_lane2__1", "more_lane1__1"]


def test_the_tasks_of_a_body_read_each_other_in_every_lane(world: World) -> None:
    body = [node("work"), inline("i", "$.n", n="${work.output.n}")]
    flow = world.start(for_each("each", [1, 2], *body, concurrency=2))
    flow.complete("work_lane2__1", {"n": 20}).complete("work_lane1__1", {"n": 10})
    assert [one["i"] for one in _rows(flow)] == [{"result": 10}, {"result": 20}]


def test_containers_in_a_body_keep_together_in_every_lane(world: World) -> None:
    body = [
        *fork("f", [setting("s", x=1)], [inline("i", "$.x", x="${each.output.loopItem}")]),
        switch("sw", "${i.output.result}", {"1": [inline("one", "'one'")]}, [inline("other", "'other'")]),
        loop("l", 2, inline("inner", "$.n", n="${l.output.iteration}")),
    ]
    flow = world.start(for_each("each", [1, 2], *body, concurrency=2))
    assert flow.status == "COMPLETED", flow.reason
    assert [sorted(one.keys() & {"one", "other"}) for one in _rows(flow)] == [["one"], ["other"]]
    assert [one["l"]["iteration"] for one in _rows(flow)] == [2, 2]


def _rows(flow: Flow) -> list[dict[str, Any]]:
    rows = result(flow)
    assert isinstance(rows, list)
    return [row for row in rows if isinstance(row, dict)]


def test_a_loop_in_a_loop_reads_both_items(world: World) -> None:
    inner = for_each(
        "inner", "${each.output.loopItem}", inline("i", "$.o + $.x", o="${each.output.loopIndex}", x="${inner.output.loopItem}")
    )
    flow = world.start(for_each("each", [["a", "b"], ["c"]], inner))
    assert [row["inner"]["result"] for row in _rows(flow)] == [
        [{"i": {"result": "0a"}}, {"i": {"result": "0b"}}],
        [{"i": {"result": "1c"}}],
    ]


def test_a_body_that_fails_fails_the_workflow(world: World) -> None:
    world.task("work", retryCount=0)
    flow = world.start(for_each("each", [1, 2], node("work"), concurrency=2))
    flow.fail("work_lane2__1", "no")
    assert flow.status == "FAILED"


def test_a_join_on_it_waits_for_all_of_it(world: World) -> None:
    flow = world.start(*fork("f", [for_each("each", [1, 2], node("work"))]))
    flow.complete("work__1")
    assert flow.task("f_join").status == "IN_PROGRESS"
    flow.complete("work__2")
    assert (flow.status, flow.task("f_join").output.value["each"]) == ("COMPLETED", flow.task("each").output.value)


def test_its_tasks_say_for_what_they_are_there(world: World) -> None:
    flow = world.start(for_each("each", [1], inline("i", "1")))
    assert flow.run.node_of(flow.task("each_loop")).metadata == {"operator": {"type": "FOR_EACH", "taskReferenceName": "each"}}
