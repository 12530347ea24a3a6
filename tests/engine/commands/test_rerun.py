"""Rerun: an ended run goes again, from its start or from a task (spec/engine.md §7.6)."""

from __future__ import annotations

import pytest

from podium.errors import Conflict, Invalid
from podium.model import command as words
from podium.model.status import TaskStatus
from tests.engine.given import child, dynamic_fork, fork, inline, loop, node, setting, switch, wait
from tests.engine.world import World


@pytest.fixture(autouse=True)
def _no_retries(world: World) -> None:
    for name in ("a", "a2", "b", "b2", "c", "x", "y", "z"):
        world.task(name, retryCount=0)


# From the start


def test_without_a_task_everything_runs_again(world: World) -> None:
    flow = world.start(node("a"), node("b"), input_={"i": 1}, variables={"v": 1})
    flow.complete("a").fail("b", "broken")
    end, created = flow.run.workflow.end_time, flow.run.workflow.create_time
    world.now += 4_000
    assert flow.do(words.RerunWorkflow, workflow_input={"i": 2}, correlation_id="k") == flow.id
    workflow = flow.run.workflow
    assert (flow.status, flow.standing, flow.reason, workflow.failed_refs) == ("RUNNING", ["a SCHEDULED"], None, ())
    assert (workflow.input.value, workflow.correlation_id) == ({"i": 2}, "k")
    assert (workflow.end_time, workflow.create_time, workflow.last_retried_time) == (end, created, world.now)


def test_the_clock_of_the_workflow_starts_again(world: World) -> None:
    flow = world.start(node("a"), timeoutSeconds=10, timeoutPolicy="TIME_OUT_WF")
    world.advance(10)
    flow.rerun()
    world.advance(9)
    assert flow.status == "RUNNING"


def test_only_an_ended_run_is_run_again(world: World) -> None:
    with pytest.raises(Conflict):
        world.start(node("a")).rerun()


def test_an_unknown_task_is_refused_and_nothing_changes(world: World) -> None:
    flow = world.start(node("a"))
    flow.fail("a")
    with pytest.raises(Invalid, match="not found"):
        flow.do(words.RerunWorkflow, task_id="nobody")
    assert flow.status == "FAILED"


def test_a_skipped_task_is_refused(world: World) -> None:
    flow = world.start(node("a"), node("b"))
    flow.skip("b").complete("a")
    with pytest.raises(Invalid):
        flow.rerun("b")
    assert flow.status == "COMPLETED"


# From a task


def test_the_task_keeps_its_id_and_later_ones_are_dropped(world: World) -> None:
    flow = world.start(node("a"), node("b", inputParameters={"n": "${a.output.n}"}), node("c"))
    flow.complete("a", {"n": 1}).complete("b", {"b": 1}).fail("c")
    task_id = flow.task("b").task_id
    flow.rerun("b", task_input={"n": 9})
    task = flow.task("b")
    assert flow.standing == ["a COMPLETED", "b SCHEDULED"]
    assert (task.task_id, task.retry_count, task.input.value, task.output.value) == (task_id, 0, {"n": 9}, {})
    assert (task.poll_count, task.start_time, task.end_time) == (0, 0, 0)
    assert world.poll("b").task_id == task_id
    flow.complete_all("b", "c")
    assert flow.status == "COMPLETED"


def test_without_a_new_input_it_keeps_the_one_it_has(world: World) -> None:
    flow = world.start(node("a", inputParameters={"n": 1}))
    flow.fail("a").rerun("a")
    assert flow.task("a").input.value == {"n": 1}


def test_a_completed_run_goes_again_from_any_task(world: World) -> None:
    flow = world.start(node("a"), inline("i", "$.n * 2", n="${a.output.n}"), node("b"))
    flow.complete("a", {"n": 1}).complete("b").rerun("a").complete("a", {"n": 4})
    assert flow.task("i").output.value == {"result": 8}
    assert flow.standing == ["a COMPLETED", "i COMPLETED", "b SCHEDULED"]


def test_a_system_task_runs_in_the_same_decision_with_the_new_input(world: World) -> None:
    flow = world.start(inline("i", "$.n * 2", n=1), setting("s", k="${i.output.result}"), node("b"))
    flow.fail("b").rerun("i", task_input={"evaluatorType": "graaljs", "expression": "$.n * 2", "n": 21})
    assert (flow.variables, flow.standing) == ({"k": 42}, ["i COMPLETED", "s COMPLETED", "b SCHEDULED"])


def test_a_cancelled_task_goes_again(world: World) -> None:
    flow = world.start(node("a"), node("b"), node("c"))
    flow.complete("a").terminate().rerun("b").complete_all("b", "c")
    assert flow.status == "COMPLETED"


def test_several_reruns_in_a_row(world: World) -> None:
    flow = world.start(node("a"), node("b"))
    for _ in range(3):
        flow.complete_all(*[ref for ref in ("a", "b") if ref not in flow.refs or not flow.task(ref).status.terminal][:1])
        flow.complete("b")
        flow.rerun("b")
    flow.complete("b")
    assert (flow.status, flow.refs) == ("COMPLETED", ["a", "b"])


def test_an_old_attempt_whose_retry_is_dropped_waits_again(world: World) -> None:
    world.task("b", retryCount=1, retryDelaySeconds=0)
    flow = world.start(fork("f", [node("a")], [node("b")]))
    flow.fail("b").fail("b").rerun("f_join")
    assert flow.standing == ["f COMPLETED", "a SCHEDULED", "b SCHEDULED", "f_join IN_PROGRESS"]
    flow.complete_all("a", "b")
    assert flow.status == "COMPLETED"


def test_a_wait_starts_its_time_from_the_full_duration(world: World) -> None:
    flow = world.start(wait("w", "10s"), node("a"))
    world.advance(10)
    flow.complete("a").rerun("w")
    task = flow.task("w")
    assert (flow.standing, task.poll_count, task.wait_timeout) == (["w IN_PROGRESS"], 0, world.now + 10_000)


def test_a_human_task_waits_again_under_its_id(world: World) -> None:
    flow = world.start(node("h", "HUMAN"), node("a"))
    flow.complete("h").complete("a")
    task_id = flow.task("h").task_id
    flow.rerun("h")
    assert (flow.standing, flow.task("h").task_id, flow.task("h").output.value) == (["h IN_PROGRESS"], task_id, {})


# Containers


def test_a_switch_is_decided_anew_with_the_new_input_and_keeps_its_place(world: World) -> None:
    made = switch("s", "${workflow.input.v}", {"x": [node("a")], "y": [node("b")]})
    flow = world.start(node("p"), made, node("z"), input_={"v": "x"})
    flow.complete("p").fail("a")
    task_id = flow.task("s").task_id
    flow.rerun("s", task_input={"on": "y"})
    assert flow.standing == ["p COMPLETED", "s COMPLETED", "b SCHEDULED"]
    assert flow.task("s").task_id == task_id
    flow.complete_all("b", "z")
    assert flow.status == "COMPLETED"


def test_a_loop_starts_over_with_new_body_tasks_in_their_domain(world: World) -> None:
    flow = world.start(loop("l", 2, node("a")), node("z"), started={"task_to_domain": {"a": "d"}})
    flow.complete_all("a__1", "a__2", "z")
    old = {task.task_id for task in flow.tasks if task.base_ref == "a"}
    flow.rerun("l")
    assert flow.standing == ["l IN_PROGRESS", "a__1 SCHEDULED"]
    assert (flow.task("l").iteration, flow.task("a__1").domain) == (1, "d")
    assert flow.task("a__1").task_id not in old
    flow.complete_all("a__1", "a__2", "z")
    assert flow.status == "COMPLETED"


def test_from_a_body_task_earlier_iterations_stay_and_the_loop_goes_on_in_its_iteration(world: World) -> None:
    flow = world.start(loop("l", 2, node("a"), node("b")), node("z"))
    flow.complete_all("a__1", "b__1", "a__2").fail("b__2").rerun("a__2")
    assert flow.standing == ["l IN_PROGRESS", "a__1 COMPLETED", "b__1 COMPLETED", "a__2 SCHEDULED"]
    flow.complete_all("a__2", "b__2", "z")
    assert flow.status == "COMPLETED"


def test_from_a_body_task_of_a_completed_run_the_loop_opens_again(world: World) -> None:
    flow = world.start(loop("l", 3, node("a")), node("z"))
    flow.complete_all("a__1", "a__2", "a__3", "z").rerun("a__2")
    assert flow.standing == ["l IN_PROGRESS", "a__1 COMPLETED", "a__2 SCHEDULED"]
    assert flow.task("l").iteration == 2
    flow.complete_all("a__2", "a__3", "z")
    assert flow.status == "COMPLETED"


def test_from_a_task_of_a_nested_loop_both_loops_open_again(world: World) -> None:
    flow = world.start(loop("l", 2, loop("m", 2, node("a"))))
    flow.complete_all("a__1__1", "a__1__2", "a__2__1", "a__2__2").rerun("a__1__2")
    assert flow.standing == ["l IN_PROGRESS", "m__1 IN_PROGRESS", "a__1__1 COMPLETED", "a__1__2 SCHEDULED"]
    flow.complete_all("a__1__2", "a__2__1", "a__2__2")
    assert flow.status == "COMPLETED"


def test_from_the_last_branch_of_a_fork_the_others_stay_and_the_join_goes_on(world: World) -> None:
    flow = world.start(fork("f", [node("a")], [node("b")]), node("z"))
    flow.complete("a").fail("b").rerun("b")
    assert flow.standing == ["f COMPLETED", "a COMPLETED", "b SCHEDULED", "f_join IN_PROGRESS"]
    flow.complete_all("b", "z")
    assert flow.status == "COMPLETED"


def test_from_the_first_branch_the_others_are_scheduled_again_with_the_join(world: World) -> None:
    flow = world.start(fork("f", [node("a")], [node("b"), node("b2")]), node("z"))
    flow.complete_all("b", "b2").fail("a").rerun("a")
    assert sorted(flow.standing) == ["a SCHEDULED", "b SCHEDULED", "f COMPLETED", "f_join IN_PROGRESS"]
    flow.complete_all("a", "b", "b2", "z")
    assert flow.status == "COMPLETED"


def test_a_branch_that_lost_only_its_end_goes_on_from_there(world: World) -> None:
    flow = world.start(fork("f", [node("a"), node("a2")], [node("b"), node("b2")]), node("z"))
    flow.complete_all("a", "b", "b2").fail("a2").rerun("a2")
    assert flow.standing[:4] == ["f COMPLETED", "a COMPLETED", "b COMPLETED", "f_join IN_PROGRESS"]
    assert sorted(flow.standing[4:]) == ["a2 SCHEDULED", "b2 SCHEDULED"]
    flow.complete_all("a2", "b2", "z")
    assert flow.status == "COMPLETED"


def test_from_a_branch_of_a_completed_run_the_join_opens_again(world: World) -> None:
    flow = world.start(fork("f", [node("a"), node("a2")], [node("b")]), node("z"))
    flow.complete_all("a", "a2", "b", "z").rerun("a2")
    assert flow.task("f_join").status is TaskStatus.IN_PROGRESS
    flow.complete("a2")
    assert "z SCHEDULED" in flow.standing


def test_a_failed_sibling_waits_again(world: World) -> None:
    flow = world.start(fork("f", [node("a")], [node("b")], [node("c")]))
    flow.fail("b").rerun("c")
    assert flow.standing == ["f COMPLETED", "a SCHEDULED", "b SCHEDULED", "c SCHEDULED", "f_join IN_PROGRESS"]


def test_a_loop_in_another_branch_goes_on_after_the_iteration_that_is_left(world: World) -> None:
    flow = world.start(fork("f", [loop("l", 3, node("b"))], [node("a"), node("a2")]))
    flow.complete_all("b__1", "a", "b__2").fail("a2").rerun("a2")
    assert "b__3" in [task.ref for task in world.ready("b")]
    flow.complete_all("b__3", "a2")
    assert flow.status == "COMPLETED"


def test_inside_a_dynamic_fork_completed_branches_stay_and_failed_ones_wait_again(world: World) -> None:
    flow = world.start(dynamic_fork("f", {"tasks": [node("a"), node("b"), node("c")], "inputs": {}}), node("z"))
    flow.complete("c").fail("b").rerun("a")
    assert flow.standing == ["f COMPLETED", "a SCHEDULED", "b SCHEDULED", "c COMPLETED", "f_join IN_PROGRESS"]
    flow.complete_all("a", "b", "z")
    assert flow.status == "COMPLETED"


def test_from_the_dynamic_fork_all_branches_begin_anew_with_new_ids(world: World) -> None:
    flow = world.start(dynamic_fork("f", {"tasks": [node("a"), node("b")], "inputs": {}}))
    flow.complete("a").fail("b")
    before = {task.task_id for task in flow.tasks if task.ref in "ab"}
    flow.rerun("f")
    assert flow.standing == ["f COMPLETED", "a SCHEDULED", "b SCHEDULED", "f_join IN_PROGRESS"]
    assert before.isdisjoint(task.task_id for task in flow.tasks if task.ref in "ab")
    flow.complete_all("a", "b")
    assert flow.status == "COMPLETED"


def test_from_a_branch_before_it_a_dynamic_fork_comes_again_with_its_branches(world: World) -> None:
    inner = dynamic_fork("g", {"tasks": [node("b")], "inputs": {}})
    flow = world.start(fork("f", [node("a")], [node("c"), *inner]))
    flow.complete_all("c", "b").fail("a").rerun("a").complete_all("a", "c", "b")
    assert flow.status == "COMPLETED"


def test_a_join_opens_again(world: World) -> None:
    flow = world.start(fork("f", [node("a")], [node("b")]), node("z"))
    flow.complete_all("a", "b").fail("z").rerun("f_join")
    assert flow.standing == ["f COMPLETED", "a COMPLETED", "b COMPLETED", "f_join COMPLETED", "z SCHEDULED"]


# Children


@pytest.fixture
def _child(world: World) -> None:
    world.workflow("c1", node("x"))


@pytest.mark.usefixtures("_child")
def test_a_sub_workflow_gets_a_fresh_child_under_the_same_task(world: World) -> None:
    flow = world.start(child("s", "c1"), node("z"))
    old = flow.child("s")
    old.fail("x")
    task = flow.task("s")
    flow.rerun("s")
    assert (flow.task("s").task_id, flow.task("s").retry_count, flow.standing) == (task.task_id, 0, ["s IN_PROGRESS"])
    assert flow.child("s").id != old.id
    assert flow.child("s").standing == ["x SCHEDULED"]


@pytest.mark.usefixtures("_child")
def test_a_completed_child_is_replaced_as_well(world: World) -> None:
    flow = world.start(child("s", "c1"))
    old = flow.child("s")
    old.complete("x", {"n": 1})
    flow.rerun("s")
    assert (flow.status, flow.child("s").standing) == ("RUNNING", ["x SCHEDULED"])
    flow.child("s").complete("x", {"n": 2})
    assert flow.output["n"] == 2


@pytest.mark.usefixtures("_child")
def test_late_news_of_the_old_child_does_not_reach_the_new_one(world: World) -> None:
    flow = world.start(child("s", "c1"))
    old = flow.child("s")
    old.fail("x")
    late = next(row for row in world.delivered if getattr(row.message, "reason", None) == old.reason)
    flow.rerun("s")
    world.deliver(late)
    assert flow.standing == ["s IN_PROGRESS"]


@pytest.mark.usefixtures("_child")
def test_branches_beside_a_sub_workflow_are_left_alone_and_what_follows_it_comes_again(world: World) -> None:
    flow = world.start(fork("f", [child("s", "c1"), node("a")], [node("b"), node("b2")]), node("z"))
    flow.child("s").complete("x")
    flow.complete_all("b", "a", "b2").fail("z").rerun("s")
    assert flow.standing == [
        *("f COMPLETED", "s IN_PROGRESS", "b COMPLETED", "f_join IN_PROGRESS", "b2 COMPLETED"),
    ]
    flow.child("s").complete("x")
    flow.complete_all("a", "z")
    assert flow.status == "COMPLETED"


@pytest.mark.usefixtures("_child")
def test_failed_and_cancelled_sibling_children_are_replaced(world: World) -> None:
    flow = world.start(fork("f", [child("s", "c1")], [child("t", "c1")]))
    old = flow.child("t").id
    flow.child("s").fail("x")
    flow.rerun("s")
    assert flow.standing == ["f COMPLETED", "s IN_PROGRESS", "t IN_PROGRESS", "f_join IN_PROGRESS"]
    assert flow.child("t").id != old
    for ref in ("s", "t"):
        flow.child(ref).complete("x")
    assert flow.status == "COMPLETED"


def test_a_plan_that_fails_ends_the_run_again(world: World) -> None:
    flow = world.start(dynamic_fork("f", {"tasks": [node("a")], "inputs": {}}))
    flow.fail("a").rerun("f", task_input={"tasks": "nonsense"})
    assert flow.status == "FAILED"
    assert (flow.reason or "").startswith("Input 'tasks' is invalid.")
