"""Pause, resume, terminate, skip, reset, variables, remove (spec/engine.md §7.1-7.3, §7.7)."""

from __future__ import annotations

import pytest

from podium.errors import Conflict, NotFound
from podium.model import command as words
from podium.model.status import TaskStatus, WorkflowStatus
from tests.engine.given import child, dynamic_fork, ending, fork, loop, node, switch, wait
from tests.engine.world import World


def test_a_pause_lets_open_tasks_finish_and_holds_what_follows(world: World) -> None:
    flow = world.start(node("a"), node("b")).pause()
    assert world.poll("a").ref == "a"
    flow.complete("a")
    assert (flow.status, flow.standing) == ("PAUSED", ["a COMPLETED"])
    assert flow.resume().standing == ["a COMPLETED", "b SCHEDULED"]


def test_a_paused_workflow_does_not_end(world: World) -> None:
    flow = world.start(node("a")).pause()
    flow.complete("a")
    assert flow.status == "PAUSED"
    assert flow.resume().status == "COMPLETED"


def test_a_failure_during_a_pause_is_decided_at_resume(world: World) -> None:
    world.task("a", retryCount=1, retryDelaySeconds=0)
    flow = world.start(node("a")).pause()
    flow.fail("a")
    assert flow.standing == ["a FAILED"]
    assert flow.resume().standing == ["a FAILED", "a SCHEDULED"]


def test_a_resume_by_a_clock_that_is_behind_forgets_no_deadline(world: World) -> None:
    world.task("a", retryCount=1, retryDelaySeconds=0, responseTimeoutSeconds=5)
    flow = world.start(node("a"))
    world.poll("a")
    due = flow.run.workflow.wake_at
    world.now = due + 1
    flow.pause()
    world.now = due - 100
    assert flow.resume().run.workflow.wake_at == due


def test_pausing_a_paused_workflow_changes_nothing(world: World) -> None:
    flow = world.start(node("a")).pause()
    revision = flow.run.workflow.revision
    assert flow.pause().run.workflow.revision == revision


def test_a_pause_does_not_reach_children(world: World) -> None:
    world.workflow("c", node("x"))
    flow = world.start(child("s", "c"), node("b")).pause()
    flow.child("s").complete("x")
    assert flow.standing == ["s COMPLETED"]
    assert flow.resume().standing == ["s COMPLETED", "b SCHEDULED"]


def test_an_ended_workflow_cannot_be_paused(world: World) -> None:
    with pytest.raises(Conflict):
        world.start(node("a", "NOOP")).pause()


def test_only_a_paused_workflow_can_be_resumed(world: World) -> None:
    with pytest.raises(Conflict):
        world.start(node("a")).resume()


def test_the_previous_status_changes_only_when_the_status_does(world: World) -> None:
    flow = world.start(node("a"))
    assert flow.run.workflow.previous_status is None
    assert flow.pause().run.workflow.previous_status is WorkflowStatus.RUNNING
    flow.do(words.UpdateVariables, variables={"k": 1})
    assert flow.run.workflow.previous_status is WorkflowStatus.RUNNING


# Terminate


def test_terminate_cancels_all_open_tasks_and_computes_the_output(world: World) -> None:
    flow = world.start(
        fork("f", [node("a")], [wait("w", "1 hour")], [node("h", "HUMAN")]), outputParameters={"v": "${a.output.v}", "z": "${z.x}"}
    )
    flow.complete("a", {"v": 3}).terminate("enough")
    assert (flow.status, flow.reason, flow.output) == ("TERMINATED", "enough", {"v": 3, "z": None})
    assert flow.standing == ["f COMPLETED", "a COMPLETED", "w CANCELED", "h CANCELED", "f_join CANCELED"]


def test_a_cancelled_task_leaves_its_queue(world: World) -> None:
    world.start(node("a")).terminate()
    assert world.ready("a") == []


def test_a_completed_workflow_cannot_be_terminated(world: World) -> None:
    with pytest.raises(Conflict, match=r"Cannot terminate a COMPLETED workflow\."):
        world.start(node("a", "NOOP")).terminate()


def test_terminating_twice_has_no_effect_at_all(world: World) -> None:
    flow = world.start(node("a")).terminate("first")
    revision = flow.run.workflow.revision
    flow.terminate("second")
    assert (flow.run.workflow.revision, flow.reason) == (revision, "first")


def test_a_failed_workflow_may_be_terminated(world: World) -> None:
    flow = world.start(node("a"))
    flow.fail("a", status="FAILED_WITH_TERMINAL_ERROR").terminate("r")
    assert (flow.status, flow.reason, flow.run.workflow.previous_status) == ("TERMINATED", "r", WorkflowStatus.FAILED)


def test_a_paused_workflow_may_be_terminated(world: World) -> None:
    assert world.start(node("a")).pause().terminate().status == "TERMINATED"


# Skip


def test_a_skipped_task_comes_first_in_the_list_and_is_stepped_over(world: World) -> None:
    flow = world.start(node("a"), node("b"), node("c", inputParameters={"s": "${b.status}", "o": "${b.output.k}"}))
    flow.skip("b", input={"i": 1}, output={"k": 2})
    assert flow.standing == ["b SKIPPED", "a SCHEDULED"]
    skipped = flow.task("b")
    assert (skipped.seq, skipped.input.value, skipped.output.value) == (0, {"i": 1}, {"k": 2})
    flow.complete("a")
    assert flow.task("c").input.value == {"s": "SKIPPED", "o": 2}


def test_several_skipped_tasks_in_a_row_are_stepped_over(world: World) -> None:
    flow = world.start(node("a"), node("b"), node("c"), node("d"))
    flow.skip("b").skip("c").complete("a")
    assert flow.refs[-1] == "d"


def test_skipping_the_last_task_lets_the_run_complete(world: World) -> None:
    flow = world.start(node("a"), node("b"))
    flow.skip("b").complete("a")
    assert flow.status == "COMPLETED"


def test_what_was_scheduled_cannot_be_skipped(world: World) -> None:
    with pytest.raises(Conflict):
        world.start(node("a")).skip("a")


def test_a_reference_that_does_not_exist_cannot_be_skipped(world: World) -> None:
    with pytest.raises(NotFound):
        world.start(node("a")).skip("nobody")


def test_only_a_running_workflow_skips(world: World) -> None:
    with pytest.raises(Conflict):
        world.start(node("a"), node("b")).pause().skip("b")


def test_a_skipped_fork_is_skipped_with_its_join(world: World) -> None:
    flow = world.start(node("a"), fork("f", [node("b")], [node("c")]), node("z"))
    flow.skip("f").complete("a")
    assert flow.standing[2:] == ["a COMPLETED", "z SCHEDULED"]


def test_a_branch_starts_after_its_skipped_tasks(world: World) -> None:
    flow = world.start(node("a"), fork("f", [node("b"), node("b2")], [node("c")]))
    flow.skip("b").complete("a")
    assert "b2 SCHEDULED" in flow.standing
    flow.complete_all("b2", "c")
    assert flow.status == "COMPLETED"


def test_a_switch_whose_whole_branch_is_skipped_goes_on(world: World) -> None:
    flow = world.start(node("a"), switch("s", "x", {"x": [node("b")]}), node("z"))
    flow.skip("b").complete("a")
    assert flow.refs == ["b", "a", "s", "z"]


def test_a_skipped_terminate_is_stepped_over_like_any_other(world: World) -> None:
    flow = world.start(node("a"), ending("t"), node("b"))
    flow.skip("t").complete("a")
    assert flow.standing == ["t SKIPPED", "a COMPLETED", "b SCHEDULED"]


def test_a_dynamic_fork_whose_join_is_skipped_goes_on_at_once(world: World) -> None:
    flow = world.start(node("a"), dynamic_fork("f", {"tasks": [node("b")], "inputs": {}}), node("z"))
    flow.skip("f_join").complete("a")
    assert "z SCHEDULED" in flow.standing


# The rest


def test_reset_reveals_delayed_worker_tasks_and_leaves_others_alone(world: World) -> None:
    flow = world.start(fork("f", [node("a", startDelay=60)], [node("h", "HTTP", startDelay=60)]))
    flow.do(words.ResetCallbacks)
    assert [task.ref for task in world.ready()] == ["a"]
    assert (flow.task("a").callback_after_seconds, flow.task("h").callback_after_seconds) == (0, 60)


def test_reset_of_an_ended_workflow_is_refused(world: World) -> None:
    with pytest.raises(Conflict):
        world.start(node("a", "NOOP")).do(words.ResetCallbacks)


def test_variables_are_merged_from_outside_and_lists_may_grow(world: World) -> None:
    flow = world.start(node("a"), variables={"list": [1], "k": 1})
    flow.do(words.UpdateVariables, variables={"list": [2], "k": 2}, append_array=True)
    assert flow.variables == {"list": [1, 2], "k": 2}


def test_a_removed_run_is_gone_and_sends_nothing(world: World) -> None:
    world.workflow("c", node("x"))
    flow = world.start(child("s", "c"))
    kid = flow.child("s")
    flow.do(words.RemoveWorkflow)
    assert flow.id not in world.runs
    assert kid.status == "RUNNING"


def test_the_iterations_of_a_loop_cannot_be_skipped(world: World) -> None:
    with pytest.raises(NotFound):
        world.start(node("a"), loop("l", 2, node("b"))).skip("b__1")


def test_an_update_of_a_cancelled_task_is_late(world: World) -> None:
    flow = world.start(node("a")).terminate()
    flow.complete("a")
    assert flow.task("a").status is TaskStatus.CANCELED
