"""EXCLUSIVE_JOIN takes the output of whichever branch ran (spec/engine.md §3.8)."""

from __future__ import annotations

from typing import Any

from podium.model.status import TaskStatus
from tests.engine.given import fork, loop, node, setting, switch
from tests.engine.world import World


def exclusive(ref: str, *join_on: str, defaults: tuple[str, ...] = ()) -> dict[str, Any]:
    return node(ref, "EXCLUSIVE_JOIN", joinOn=list(join_on), defaultExclusiveJoinTask=list(defaults))


def test_it_takes_the_output_of_the_branch_that_ran_without_its_reference(world: World) -> None:
    flow = world.start(switch("s", "b", {"a": [node("x")], "b": [node("y")]}), exclusive("j", "x", "y"), setting("z", v="${j.output.v}"))
    flow.complete("y", {"v": 1})
    task = flow.task("j")
    assert (task.output.value, task.input.value) == ({"v": 1}, {"joinOn": ["x", "y"], "defaultExclusiveJoinTask": []})
    assert flow.variables == {"v": 1}


def test_without_a_branch_the_default_counts(world: World) -> None:
    flow = world.start(node("d"), switch("s", "none", {"a": [node("x")]}), exclusive("j", "x", defaults=("d",)))
    flow.complete("d", {"v": 1})
    assert (flow.status, flow.output) == ("COMPLETED", {"v": 1})


def test_a_default_that_is_done_wins_over_a_branch_that_still_runs(world: World) -> None:
    flow = world.start(node("d"), fork("f", [node("x")], [exclusive("j", "x", defaults=("d",))]))
    flow.complete("d", {"v": 1})
    assert flow.task("j").output.value == {"v": 1}


def test_it_waits_for_the_branch_and_hears_of_its_end(world: World) -> None:
    flow = world.start(fork("f", [node("x")], [exclusive("j", "x")]))
    assert flow.task("j").status is TaskStatus.IN_PROGRESS
    flow.complete("x", {"v": 1})
    assert (flow.status, flow.task("j").output.value) == ("COMPLETED", {"v": 1})


def test_a_failed_branch_fails_it(world: World) -> None:
    world.task("x", retryCount=0)
    flow = world.start(node("x", permissive=True), exclusive("j", "x"))
    flow.fail("x", "broken")
    assert (flow.task("j").status, flow.task("j").reason, flow.status) == (TaskStatus.FAILED, "broken", "FAILED")


def test_a_permissive_failure_counts_only_when_all_joined_tasks_are_over(world: World) -> None:
    world.task("x", retryCount=0)
    flow = world.start(fork("f", [node("x", permissive=True)], [node("y")], [exclusive("j", "x", "y")], join_on=["j"]))
    flow.fail("x")
    assert flow.task("j").status is TaskStatus.IN_PROGRESS
    flow.complete("y")
    assert flow.task("j").status is TaskStatus.FAILED


def test_a_skipped_branch_is_passed_over(world: World) -> None:
    flow = world.start(node("a"), node("x"), node("y"), exclusive("j", "x", "y"))
    flow.skip("x").complete("a").complete("y", {"v": 2})
    assert flow.task("j").output.value == {"v": 2}


def test_in_a_loop_it_reads_the_branches_of_its_iteration(world: World) -> None:
    flow = world.start(loop("l", 2, switch("s", "a", {"a": [node("x")]}), exclusive("j", "x")))
    flow.complete("x__1", {"v": 1}).complete("x__2", {"v": 2})
    assert [flow.task(f"j__{n}").output.value for n in (1, 2)] == [{"v": 1}, {"v": 2}]
