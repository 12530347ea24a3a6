"""TRY_CATCH: tasks that may fail, what to do about it, and what to do in any case."""

from __future__ import annotations

from typing import Any

import pytest

from tests.engine.flow import Flow
from tests.engine.given import ending, fork, inline, loop, node, setting
from tests.engine.operators.given import for_each, try_catch
from tests.engine.world import SECOND, World

TELL = inline("tell", "$.t + ': ' + $.r", t="${safe.error.task}", r="${safe.error.reason}")


@pytest.fixture(autouse=True)
def no_retries(world: World) -> None:
    for name in ("charge", "ship", "other"):
        world.task(name, retryCount=0)


def outcome(flow: Flow, ref: str = "safe") -> Any:
    return flow.task(ref).output.value["result"]


def block(flow: Flow, ref: str = "safe_try") -> Flow:
    return flow.child(ref)


def test_tasks_that_go_well_are_followed_by_what_follows(world: World) -> None:
    flow = world.start(try_catch("safe", [node("charge"), node("ship")], [TELL]), node("after"))
    block(flow).complete_all("charge", "ship")
    assert flow.task("after").status == "SCHEDULED"
    assert outcome(flow) == {"failed": False, "error": None}
    assert "tell" not in flow.refs


def test_a_failure_is_caught_with_its_task_and_reason(world: World) -> None:
    flow = world.start(try_catch("safe", [node("charge"), node("ship")], [TELL]), node("after"))
    block(flow).complete("charge").fail("ship", "no truck")
    assert outcome(flow, "tell") == "ship: no truck"
    assert (flow.status, flow.task("after").status) == ("RUNNING", "SCHEDULED")
    assert outcome(flow) == {
        "failed": True,
        "error": {"task": "ship", "status": "FAILED", "reason": "no truck", "workflowId": block(flow).id},
    }


def test_a_block_without_a_failed_task_tells_its_own_reason(world: World) -> None:
    flow = world.start(try_catch("safe", [node("charge")], [TELL]))
    block(flow).terminate("by hand")
    error = outcome(flow)["error"]
    assert (error["task"], error["status"]) == (None, "TERMINATED")
    assert "by hand" in error["reason"]


def test_a_task_is_retried_before_its_failure_is_caught(world: World) -> None:
    world.task("charge", retryCount=1, retryDelaySeconds=0)
    flow = world.start(try_catch("safe", [node("charge")], [TELL]))
    block(flow).fail("charge", "first")
    assert flow.task("safe_try").status == "IN_PROGRESS"
    block(flow).fail("charge", "second")
    assert outcome(flow, "tell") == "charge: second"


def test_the_block_as_a_whole_may_be_tried_again(world: World) -> None:
    flow = world.start(try_catch("safe", [node("charge")], [TELL], retryCount=1))
    block(flow).fail("charge", "first")
    first, second = flow.attempts("safe_try")
    assert (first.status, second.retry_count, flow.status) == ("FAILED", 1, "RUNNING")
    world.now += 60 * SECOND
    world.settle()
    block(flow).complete("charge")
    assert flow.status == "COMPLETED"


def test_the_block_reads_what_is_around_it(world: World) -> None:
    read = inline(
        "read",
        "[$.i, $.o, $.t, $.v]",
        i="${workflow.input.i}",
        o="${before.output.result}",
        t="a ${workflow.input.i}!",
        v="${workflow.variables.v}",
    )
    flow = world.start(setting("set", v=3), inline("before", "2"), try_catch("safe", [read], [TELL]), input_={"i": 1})
    assert block(flow).task("read").output.value["result"] == [1, 2, "a 1!", 3]
    assert flow.status == "COMPLETED"


def test_what_follows_and_what_catches_reads_the_tasks_of_the_block(world: World) -> None:
    read = inline("read", "$.n", n="${charge.output.n}")
    caught = inline("caught", "[$.n, $.s]", n="${charge.output.n}", s="${ship.status}")
    flow = world.start(
        try_catch("safe", [node("charge"), node("ship")], [caught]),
        read,
        outputParameters={"paid": "${charge.output.n}", "s": "${charge.status}"},
    )
    block(flow).complete("charge", {"n": 7}).fail("ship", "no truck")
    assert flow.task("caught").output.value["result"] == [7, "FAILED"]
    assert flow.task("read").output.value["result"] == 7
    assert flow.output == {"paid": 7, "s": "COMPLETED"}


def test_variables_go_in_and_come_out_even_of_a_block_that_fails(world: World) -> None:
    tried = [setting("more", v="${workflow.variables.v}0", w=1), inline("read", "$.v", v="${workflow.variables.v}"), node("charge")]
    flow = world.start(setting("set", v=1), try_catch("safe", tried, [inline("c", "$.v", v="${workflow.variables.v}")]))
    assert block(flow).task("read").output.value["result"] == "10"
    block(flow).fail("charge", "no")
    assert flow.variables == {"v": "10", "w": 1}
    assert flow.task("c").output.value["result"] == "10"


def test_what_runs_in_any_case_does(world: World) -> None:
    flow = world.start(try_catch("safe", [node("charge")], [node("other")], [node("clean")]), node("after"))
    block(flow).fail("charge", "no money")
    assert "clean" not in flow.refs
    block(flow, "safe_catch").complete("other")
    flow.complete_all("clean", "after")
    assert flow.status == "COMPLETED"
    flow = world.start(try_catch("safe", [node("charge")], [node("other")], [node("clean")]))
    block(flow).complete("charge")
    flow.complete("clean")
    assert (flow.status, "safe_catch" in flow.refs) == ("COMPLETED", False)


def test_a_catch_that_fails_ends_the_workflow_after_what_runs_in_any_case(world: World) -> None:
    flow = world.start(try_catch("safe", [node("charge")], [node("other")], [node("clean")]), node("after"))
    block(flow).fail("charge", "no money")
    block(flow, "safe_catch").fail("other", "worse")
    assert flow.status == "RUNNING"
    flow.complete("clean")
    assert (flow.status, "after" in flow.refs) == ("FAILED", False)
    assert "worse" in (flow.reason or "")


def test_a_failure_that_nothing_catches_ends_the_workflow_after_what_runs_in_any_case(world: World) -> None:
    flow = world.start(try_catch("safe", [node("charge")], finally_=[node("clean")]))
    block(flow).fail("charge", "no money")
    flow.complete("clean")
    assert (flow.status, flow.reason) == ("FAILED", "no money")


def test_a_catch_that_fails_alone_fails_as_any_task_does(world: World) -> None:
    flow = world.start(try_catch("safe", [node("charge")], [node("other")]))
    block(flow).fail("charge", "no money")
    flow.fail("other", "worse")
    assert flow.status == "FAILED"
    flow.retry()
    flow.complete("other")
    assert flow.status == "COMPLETED"


def test_a_catch_with_its_own_workflow_reads_the_error(world: World) -> None:
    flow = world.start(try_catch("safe", [node("charge")], [TELL], [inline("clean", "$.r", r="${safe.error.reason}")]))
    block(flow).fail("charge", "no money")
    assert block(flow, "safe_catch").task("tell").output.value["result"] == "charge: no money"
    assert flow.task("clean").output.value["result"] == "no money"


def test_blocks_nest(world: World) -> None:
    inner = try_catch("inner", [node("charge")], [node("other")])
    flow = world.start(
        try_catch("safe", [inner, inline("i", "$.n", n="${charge.output.n}")], [TELL]), outputParameters={"n": "${charge.output.n}"}
    )
    block(block(flow), "inner_try").complete("charge", {"n": 5})
    assert (flow.status, flow.output) == ("COMPLETED", {"n": 5})
    flow = world.start(try_catch("safe", [inner], [TELL]))
    block(block(flow), "inner_try").fail("charge", "no money")
    block(flow).fail("other", "worse")
    assert outcome(flow, "tell") == "other: worse"


def test_a_block_in_a_loop_tells_of_its_own_round(world: World) -> None:
    flow = world.start(loop("l", 2, try_catch("safe", [node("charge")], [TELL])))
    block(flow, "safe_try__1").fail("charge", "no money")
    block(flow, "safe_try__2").complete("charge")
    assert flow.status == "COMPLETED"
    assert [outcome(flow, f"safe__{n}")["failed"] for n in (1, 2)] == [True, False]


def test_a_condition_of_a_loop_sees_the_outputs_of_a_block(world: World) -> None:
    repeated = loop("l", 0, try_catch("safe", [node("charge")], [TELL]), loopCondition="$.charge['again'] == true")
    flow = world.start(repeated)
    block(flow, "safe_try__1").complete("charge", {"again": True})
    block(flow, "safe_try__2").complete("charge", {"again": False})
    assert flow.status == "COMPLETED"


@pytest.mark.parametrize("concurrency", [1, 2])
def test_blocks_in_a_for_each_keep_failures_to_their_items(world: World, concurrency: int) -> None:
    tell = inline("tell", "$.x + ' ' + $.r", x="${each.output.loopItem}", r="${safe.error.reason}")
    flow = world.start(
        for_each(
            "each",
            ["a", "b"],
            try_catch("safe", [node("charge", inputParameters={"x": "${each.output.loopItem}"})], [tell]),
            concurrency=concurrency,
        )
    )
    refs = ("safe_try__1", "safe_try__2") if concurrency == 1 else ("safe_try_lane1__1", "safe_try_lane2__1")
    assert block(flow, refs[0]).task("charge").input.value == {"x": "a"}
    block(flow, refs[0]).fail("charge", "broke")
    assert block(flow, refs[1]).task("charge").input.value == {"x": "b"}
    block(flow, refs[1]).complete("charge")
    assert flow.status == "COMPLETED"
    rows = outcome(flow, "each")
    assert [(row["safe"]["result"]["failed"], row.get("tell")) for row in rows] == [(True, {"result": "a broke"}), (False, None)]


def test_a_for_each_in_a_block(world: World) -> None:
    flow = world.start(
        try_catch("safe", [for_each("each", "${workflow.input.xs}", node("charge"), concurrency=2)], [TELL]), input_={"xs": [1, 2]}
    )
    block(flow).fail("charge_lane2__1", "no money")
    assert outcome(flow, "tell") == "charge_lane2: no money"


def test_the_branch_of_a_fork_that_failed_is_named_and_not_those_that_were_canceled(world: World) -> None:
    flow = world.start(try_catch("safe", [*fork("f", [node("ship")], [node("charge")])], [TELL]))
    block(flow).fail("charge", "no money")
    assert outcome(flow, "tell") == "charge: no money"


def test_a_join_on_it_waits_for_all_of_it(world: World) -> None:
    flow = world.start(*fork("f", [try_catch("safe", [node("charge")], [node("other")])]))
    block(flow).fail("charge", "no money")
    assert flow.task("f_join").status == "IN_PROGRESS"
    flow.complete("other")
    assert flow.status == "COMPLETED"


def test_an_end_inside_of_the_block_is_the_end_of_the_block(world: World) -> None:
    flow = world.start(try_catch("safe", [ending("end", "COMPLETED")], [TELL]), node("after"))
    assert flow.task("after").status == "SCHEDULED"
