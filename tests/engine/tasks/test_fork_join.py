"""FORK_JOIN runs fixed branches side by side (spec/engine.md §3.8.5)."""

from __future__ import annotations

from podium.model.status import TaskStatus
from tests.engine.given import child, fork, inline, node, switch
from tests.engine.world import World


def test_fork_branches_and_join_are_created_in_this_order(world: World) -> None:
    flow = world.start(fork("f", [node("a"), node("a2")], [node("b")]))
    assert flow.standing == ["f COMPLETED", "a SCHEDULED", "b SCHEDULED", "f_join IN_PROGRESS"]
    assert flow.task("f").task_type == "FORK"


def test_each_branch_goes_on_by_itself(world: World) -> None:
    flow = world.start(fork("f", [node("a"), node("a2")], [node("b")]), node("z"))
    flow.complete_all("a", "a2")
    assert "z" not in flow.refs
    flow.complete("b")
    assert flow.task("z").status is TaskStatus.SCHEDULED


def test_a_fork_without_a_join_fails_the_workflow(world: World) -> None:
    flow = world.start(node("f", "FORK_JOIN", forkTasks=[[node("a")]]), node("z"))
    assert (flow.status, flow.reason) == ("FAILED", "Fork task definition is not followed by a join task.  Check the blueprint")


def test_an_empty_branch_is_left_out(world: World) -> None:
    flow = world.start(fork("f", [], [node("a")]))
    flow.complete("a")
    assert flow.status == "COMPLETED"


def test_a_failed_branch_cancels_the_others(world: World) -> None:
    world.task("a", retryCount=0)
    flow = world.start(fork("f", [node("a")], [node("b")]))
    flow.fail("a", "broken")
    assert flow.standing == ["f COMPLETED", "a FAILED", "b CANCELED", "f_join CANCELED"]
    assert flow.status == "FAILED"


def test_a_late_report_of_a_sibling_changes_nothing(world: World) -> None:
    world.task("a", retryCount=0)
    flow = world.start(fork("f", [node("a")], [node("b")]))
    flow.fail("a")
    before = flow.standing
    flow.complete("b")
    assert flow.standing == before


def test_forks_nest(world: World) -> None:
    flow = world.start(fork("f", [*fork("g", [node("a")], [node("b")])], [node("c")]), node("z"))
    flow.complete_all("a", "b", "c")
    assert flow.task("g_join").output.value == {}
    assert flow.refs[-1] == "z"


def test_a_fork_may_stand_in_a_switch(world: World) -> None:
    flow = world.start(switch("s", "a", {"a": [*fork("f", [node("a")], [node("b")])]}), node("z"))
    flow.complete_all("a", "b", "z")
    assert flow.status == "COMPLETED"


def test_branches_may_be_children(world: World) -> None:
    world.workflow("c", node("x"))
    flow = world.start(fork("f", [child("s", "c")], [child("t", "c")]))
    flow.child("s").complete("x", {"v": 1})
    flow.child("t").complete("x", {"v": 2})
    assert flow.status == "COMPLETED"
    assert {ref: out["v"] for ref, out in flow.task("f_join").output.value.items() if isinstance(out, dict)} == {"s": 1, "t": 2}


def test_branches_that_run_in_the_decision_are_joined_in_it(world: World) -> None:
    flow = world.start(fork("f", [inline("a", "1")], [inline("b", "2"), inline("c", "3")]), inline("z", "4"))
    assert flow.status == "COMPLETED"
    assert flow.task("f_join").output.value == {"a": {"result": 1}, "c": {"result": 3}}
