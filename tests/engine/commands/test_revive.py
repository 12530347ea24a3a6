"""A child that runs again makes its parents run again (spec/engine.md §7.9)."""

from __future__ import annotations

import pytest

from podium.model import command as words
from podium.model.status import TaskStatus
from tests.engine.flow import Flow
from tests.engine.given import child, fork, inline, loop, node
from tests.engine.world import World


@pytest.fixture(autouse=True)
def _three_levels(world: World) -> None:
    for name in ("a", "x", "y"):
        world.task(name, retryCount=0)
    world.workflow("leaf", node("x"), node("y"))
    world.workflow("middle", child("t", "leaf"), node("m"))


def family(world: World) -> tuple[Flow, Flow, Flow]:
    root = world.start(child("s", "middle"), node("r"))
    middle = root.child("s")
    return root, middle, middle.child("t")


@pytest.mark.parametrize("verb", ["retry", "restart", "rerun"])
def test_all_levels_above_run_again_with_the_same_tasks_and_children(world: World, verb: str) -> None:
    root, middle, leaf = family(world)
    leaf.complete("x").fail("y")
    ids = root.task("s").task_id, middle.id, leaf.id
    getattr(leaf, verb)()
    assert [one.status for one in (root, middle, leaf)] == ["RUNNING"] * 3
    assert (root.standing, middle.standing) == (["s IN_PROGRESS"], ["t IN_PROGRESS"])
    assert (root.task("s").task_id, root.child("s").id, middle.child("t").id) == ids
    for ref in ("x", "y"):
        if leaf.task(ref).status is not TaskStatus.COMPLETED:
            leaf.complete(ref)
    middle.complete("m")
    root.complete("r")
    assert [one.status for one in (root, middle, leaf)] == ["COMPLETED"] * 3


@pytest.mark.parametrize("verb", ["retry", "restart", "rerun"])
def test_the_middle_level_may_be_the_one(world: World, verb: str) -> None:
    root, middle, leaf = family(world)
    leaf.fail("x")
    getattr(middle, verb)()
    fresh = middle.child("t")
    assert (root.status, middle.status, leaf.status) == ("RUNNING", "RUNNING", "FAILED")
    fresh.complete_all("x", "y")
    middle.complete("m")
    root.complete("r")
    assert root.status == "COMPLETED"


def test_the_parent_s_task_says_so_in_its_log_and_its_change_flag_is_down(world: World) -> None:
    root, middle, leaf = family(world)
    leaf.fail("x")
    leaf.retry()
    assert world.logs == [f"Sub workflow leaf.1/{leaf.id} retried.", f"Sub workflow middle.1/{middle.id} retried."]
    assert root.task("s").subworkflow_changed is False


def test_the_parent_forgets_why_it_ended_and_keeps_when(world: World) -> None:
    root, _, leaf = family(world)
    leaf.fail("x")
    end = root.run.workflow.end_time
    world.now += 7_000
    leaf.retry()
    workflow = root.run.workflow
    assert (root.reason, workflow.failed_task_id, workflow.failed_refs) == (None, None, ())
    assert (workflow.end_time, workflow.last_retried_time) == (end, world.now)


@pytest.mark.parametrize("flag", ["optional", "permissive"])
def test_a_parent_that_went_on_without_the_child_goes_on(world: World, flag: str) -> None:
    flow = world.start(child("s", "leaf", **{flag: True}), node("b"))
    kid = flow.child("s")
    kid.fail("x")
    kid.retry()
    assert flow.task("b").status is TaskStatus.SCHEDULED
    kid.complete_all("x", "y")
    flow.complete("b")
    assert flow.status == "COMPLETED"


def test_the_task_of_an_optional_child_is_left_as_it_is(world: World) -> None:
    flow = world.start(child("s", "leaf", optional=True), node("b"))
    kid = flow.child("s")
    kid.fail("x")
    kid.retry()
    assert flow.standing == ["s COMPLETED_WITH_ERRORS", "b SCHEDULED"]


def test_a_task_that_was_retried_since_does_not_hear_of_its_old_child(world: World) -> None:
    flow = world.start(child("s", "leaf"))
    old = flow.child("s")
    old.fail("x")
    flow.retry()
    old.retry()
    assert flow.standing == ["s FAILED", "s IN_PROGRESS"]
    assert flow.child("s").id != old.id


def test_the_child_of_a_terminated_parent_revives_it(world: World) -> None:
    flow = world.start(child("s", "leaf"), node("b"))
    kid = flow.child("s")
    flow.terminate()
    kid.retry()
    assert (flow.status, flow.standing) == ("RUNNING", ["s IN_PROGRESS"])
    kid.complete_all("x", "y")
    assert flow.standing == ["s COMPLETED", "b SCHEDULED"]


def test_the_child_of_a_parent_that_timed_out_revives_it(world: World) -> None:
    flow = world.start(child("s", "leaf"), timeoutSeconds=5, timeoutPolicy="TIME_OUT_WF")
    kid = flow.child("s")
    world.advance(5)
    assert (flow.status, kid.status) == ("TIMED_OUT", "TERMINATED")
    kid.retry()
    assert (flow.status, kid.status) == ("RUNNING", "RUNNING")


def test_cancelled_siblings_wait_again_under_the_same_id_one_count_higher(world: World) -> None:
    flow = world.start(fork("f", [child("s", "leaf")], [node("a")], [node("h", "HUMAN")], [loop("l", 2, node("b"))]))
    before = flow.task("a")
    kid = flow.child("s")
    kid.fail("x")
    kid.retry()
    after = flow.task("a")
    assert (after.task_id, after.retry_count, after.status) == (before.task_id, 1, TaskStatus.SCHEDULED)
    assert flow.task("h").status is TaskStatus.IN_PROGRESS
    assert [flow.task(ref).status for ref in ("f_join", "l")] == [TaskStatus.IN_PROGRESS] * 2
    assert {task.ref for task in world.ready()} >= {"a", "b__1"}
    kid.complete_all("x", "y")
    flow.complete_all("a", "h", "b__1", "b__2")
    assert flow.status == "COMPLETED"


def test_cancelled_sibling_children_are_retried_in_place(world: World) -> None:
    flow = world.start(fork("f", [child("s", "leaf")], [child("t", "leaf")]))
    failed, cancelled = flow.child("s"), flow.child("t")
    failed.fail("x")
    failed.retry()
    assert (cancelled.status, flow.child("t").id) == ("RUNNING", cancelled.id)
    failed.complete_all("x", "y")
    cancelled.complete_all("x", "y")
    assert flow.status == "COMPLETED"


def test_a_child_that_ends_in_the_decision_that_revives_it_tells_both(world: World) -> None:
    world.workflow("quick", inline("i", "throw 'no'"))
    flow = world.start(child("s", "quick"))
    flow.child("s").retry()
    assert (flow.status, flow.standing) == ("FAILED", ["s FAILED"])


def test_a_completed_child_that_is_run_again_completes_its_task_again(world: World) -> None:
    world.workflow("quick", inline("i", "1"))
    flow = world.start(child("s", "quick"), node("b"))
    flow.child("s").rerun()
    flow.complete("b")
    assert (flow.status, flow.standing) == ("COMPLETED", ["s COMPLETED", "b COMPLETED"])


def test_news_of_a_task_that_is_gone_changes_nothing(world: World) -> None:
    flow = world.start(node("a"))
    flow.do(words.ChildRevived, task_id="gone", child_id="c", child_name="leaf", child_version=1, verb="retried")
    assert flow.standing == ["a SCHEDULED"]


def test_a_failed_loop_elsewhere_in_a_running_parent_is_left_alone(world: World) -> None:
    flow = world.start(
        fork("f", [child("s", "leaf", permissive=True)], [loop("l", 2, node("a", permissive=True), optional=True)], [node("b")])
    )
    kid = flow.child("s")
    kid.fail("x")
    flow.fail("a__1")
    kid.retry().complete_all("x", "y")
    flow.complete("b")
    assert flow.status == "FAILED"  # because of the permissive task in the loop


def test_the_loop_around_a_revived_task_goes_on(world: World) -> None:
    flow = world.start(loop("l", 2, child("s", "leaf")))
    kid = flow.child("s__1")
    kid.fail("x")
    kid.retry().complete_all("x", "y")
    assert (flow.standing[0], flow.refs) == ("l IN_PROGRESS", ["l", "s__1", "s__2"])
