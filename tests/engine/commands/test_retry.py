"""Retry by hand: what failed is tried again, JOINs and loops in place (spec/engine.md §7.5)."""

from __future__ import annotations

import pytest

from podium.errors import Conflict, NotFound
from podium.model.status import TaskStatus
from tests.engine.given import child, dynamic_fork, ending, fork, inline, loop, node
from tests.engine.world import World


@pytest.fixture(autouse=True)
def _no_retries(world: World) -> None:
    for name in ("a", "b", "c", "d", "x", "y"):
        world.task(name, retryCount=0)


def test_a_new_attempt_without_delay_beyond_the_limit_each_time(world: World) -> None:
    world.task("a", retryCount=0, retryDelaySeconds=60)
    flow = world.start(node("a"))
    flow.report("a", "FAILED", {"n": 0}, reason="broken").retry()
    old, new = flow.attempts("a")
    assert (old.retried, old.executed, new.retried, new.executed, new.retry_count) == (True, True, False, False, 1)
    assert (new.status, new.reason, new.callback_after_seconds, new.output.value) == (TaskStatus.SCHEDULED, None, 0, {})
    assert world.ready("a") == [new]
    flow.fail("a").retry().complete("a", {"ok": 1})
    assert [task.retry_count for task in flow.attempts("a")] == [0, 1, 2]
    assert (flow.status, flow.output) == ("COMPLETED", {"ok": 1})


def test_the_workflow_forgets_its_reason_and_keeps_the_failed_names_and_its_end(world: World) -> None:
    flow = world.start(node("a"))
    flow.fail("a")
    end = flow.run.workflow.end_time
    world.now += 5_000
    workflow = flow.retry().run.workflow
    assert (flow.status, flow.reason, workflow.failed_refs, workflow.end_time) == ("RUNNING", None, ("a",), end)
    assert (workflow.last_retried_time, workflow.failed_task_id) == (world.now, flow.attempts("a")[0].task_id)


def test_completed_tasks_keep_their_results(world: World) -> None:
    flow = world.start(node("a"), node("b"))
    flow.complete("a", {"k": 1}).fail("b").retry()
    assert flow.standing == ["a COMPLETED", "b FAILED", "b SCHEDULED"]


def test_every_failed_or_cancelled_branch_is_renewed_and_the_join_stays_the_same_task(world: World) -> None:
    flow = world.start(fork("f", [node("a")], [node("b")], [node("c")]))
    join = flow.task("f_join").task_id
    flow.complete("a").fail("b").retry()
    assert flow.standing == [
        *("f COMPLETED", "a COMPLETED", "b FAILED", "c CANCELED"),
        *("f_join IN_PROGRESS", "b SCHEDULED", "c SCHEDULED"),
    ]
    flow.complete_all("b", "c")
    assert (flow.status, flow.task("f_join").task_id) == ("COMPLETED", join)


def test_branches_of_a_dynamic_fork_are_renewed(world: World) -> None:
    flow = world.start(dynamic_fork("f", {"tasks": [node("a"), node("b")], "inputs": {"a": {"n": 1}}}))
    flow.fail("a").retry().complete_all("a", "b")
    assert flow.status == "COMPLETED"
    assert flow.task("a").input.value == {"n": 1}


def test_a_join_is_never_scheduled(world: World) -> None:
    flow = world.start(fork("f", [node("a", permissive=True)], [node("b")]))
    flow.fail("a").complete("b").retry()
    assert flow.task("f_join").status is TaskStatus.IN_PROGRESS
    flow.complete("a")
    assert flow.status == "COMPLETED"


def test_a_loop_goes_on_in_the_iteration_in_which_it_failed(world: World) -> None:
    flow = world.start(loop("l", 2, node("a"), node("b")))
    flow.complete_all("a__1", "b__1", "a__2").fail("b__2").retry()
    assert flow.standing[0] == "l IN_PROGRESS"
    assert (flow.task("l").iteration, flow.task("b__2").retry_count) == (2, 1)
    flow.complete("b__2")
    assert flow.status == "COMPLETED"


def test_a_loop_that_failed_itself_is_tried_again_in_place(world: World) -> None:
    flow = world.start(loop("l", 2, node("a", permissive=True)))
    flow.fail("a__1")
    assert flow.standing == ["l FAILED", "a__1 FAILED"]
    flow.retry()
    assert (flow.task("l").retry_count, len(flow.attempts("l"))) == (1, 1)
    flow.complete_all("a__1", "a__2")
    assert flow.status == "COMPLETED"


def test_a_permissive_failure_is_tried_again_and_then_everything_is_well(world: World) -> None:
    flow = world.start(node("a", permissive=True), node("b"))
    flow.fail("a").complete("b").retry().complete("a")
    assert flow.status == "COMPLETED"


def test_a_reference_whose_latest_attempt_is_well_is_left_alone(world: World) -> None:
    world.task("a", retryCount=1, retryDelaySeconds=0)
    flow = world.start(node("a"), node("b"))
    flow.fail("a").complete("a").fail("b").retry()
    assert flow.standing == ["a FAILED", "a COMPLETED", "b FAILED", "b SCHEDULED"]


def test_a_failed_system_task_runs_at_once(world: World) -> None:
    flow = world.start(inline("a", "throw 'no'"))
    flow.retry()
    assert flow.standing == ["a FAILED_WITH_TERMINAL_ERROR", "a FAILED_WITH_TERMINAL_ERROR"]


def test_a_workflow_that_timed_out_without_failed_tasks_goes_on_and_its_clock_starts_again(world: World) -> None:
    flow = world.start(node("a"), timeoutSeconds=10, timeoutPolicy="TIME_OUT_WF")
    world.advance(10)
    flow.retry()
    assert flow.standing == ["a CANCELED", "a SCHEDULED"]
    world.advance(9)
    assert flow.status == "RUNNING"
    world.advance(1)
    assert flow.status == "TIMED_OUT"


def test_a_running_workflow_is_not_found(world: World) -> None:
    with pytest.raises(NotFound, match="still running"):
        world.start(node("a")).retry()


def test_a_workflow_without_failed_tasks_is_refused(world: World) -> None:
    flow = world.start(node("a"))
    flow.complete("a")
    with pytest.raises(Conflict, match="There are no retryable tasks"):
        flow.retry()


def test_a_workflow_without_tasks_has_not_started(world: World) -> None:
    with pytest.raises(Conflict, match="has not started"):
        world.start().retry()


def test_a_workflow_that_a_terminate_task_ended_has_nothing_to_retry(world: World) -> None:
    with pytest.raises(Conflict):
        world.start(ending("t", "FAILED")).retry()


# Children


@pytest.fixture
def _children(world: World) -> None:
    world.workflow("leaf", node("x"), node("y"))
    world.workflow("middle", child("t", "leaf"))


@pytest.mark.usefixtures("_children")
def test_without_resume_the_parent_gets_a_fresh_child(world: World) -> None:
    flow = world.start(child("s", "leaf"))
    old = flow.child("s")
    old.complete("x").fail("y")
    flow.retry()
    assert flow.standing == ["s FAILED", "s IN_PROGRESS"]
    assert (flow.child("s").standing, old.status) == (["x SCHEDULED"], "FAILED")


@pytest.mark.usefixtures("_children")
def test_with_resume_the_same_children_go_on_in_place_two_levels_down(world: World) -> None:
    flow = world.start(child("s", "middle"))
    middle = flow.child("s")
    leaf = middle.child("t")
    leaf.complete("x").fail("y")
    flow.retry(resume=True)
    assert [one.status for one in (flow, middle, leaf)] == ["RUNNING"] * 3
    assert (flow.standing, middle.standing) == (["s IN_PROGRESS"], ["t IN_PROGRESS"])
    assert leaf.standing == ["x COMPLETED", "y FAILED", "y SCHEDULED"]
    leaf.complete("y")
    assert flow.status == "COMPLETED"


@pytest.mark.usefixtures("_children")
def test_with_resume_cancelled_siblings_go_on_in_place_too(world: World) -> None:
    flow = world.start(fork("f", [child("s", "leaf")], [child("t", "leaf")], [node("a")]))
    failed, cancelled = flow.child("s"), flow.child("t")
    cancelled.complete("x")
    failed.fail("x")
    assert (flow.status, cancelled.status) == ("FAILED", "TERMINATED")
    flow.retry(resume=True)
    assert [one.status for one in (flow, failed, cancelled)] == ["RUNNING"] * 3
    assert cancelled.standing == ["x COMPLETED", "y CANCELED", "y SCHEDULED"]
    assert flow.task("a").status is TaskStatus.SCHEDULED
    failed.complete_all("x", "y")
    cancelled.complete("y")
    flow.complete("a")
    assert flow.status == "COMPLETED"


@pytest.mark.usefixtures("_children")
def test_with_resume_and_nothing_failed_nothing_happens(world: World) -> None:
    flow = world.start(node("a"))
    flow.complete("a").retry(resume=True)
    assert flow.status == "COMPLETED"


def test_with_resume_a_failed_worker_task_is_simply_tried_again(world: World) -> None:
    flow = world.start(node("a"))
    flow.fail("a").retry(resume=True)
    assert flow.standing == ["a FAILED", "a SCHEDULED"]


@pytest.mark.usefixtures("_children")
def test_retrying_twice_makes_one_new_attempt_each(world: World) -> None:
    flow = world.start(child("s", "leaf"))
    for number in range(3):
        flow.child("s").fail("x")
        flow.retry()
        assert [task.retry_count for task in flow.attempts("s")] == list(range(number + 2))
    assert len(world.of_name("leaf")) == 4
