"""Timeouts and wake-ups (spec/engine.md §5)."""

from __future__ import annotations

import pytest

from podium.engine.decide import decide
from podium.model import command as words
from podium.model.status import TaskStatus
from tests.engine.given import child, fork, node, wait
from tests.engine.world import NOW, World


def test_a_workflow_times_out_and_says_when(world: World) -> None:
    flow = world.start(node("a"), timeoutSeconds=10, timeoutPolicy="TIME_OUT_WF")
    world.advance(10)
    assert (flow.status, flow.standing) == ("TIMED_OUT", ["a CANCELED"])
    assert flow.reason == (
        "Workflow timed out after 10 seconds. Timeout configured as 10 seconds. Timeout policy configured to TIME_OUT_WF"
    )


def test_alert_only_never_times_a_workflow_out(world: World) -> None:
    flow = world.start(node("a"), timeoutSeconds=10)
    world.advance(1_000)
    flow.do(words.Evaluate)
    assert (flow.status, flow.run.workflow.wake_at) == ("RUNNING", 0)


def test_a_paused_workflow_times_out_like_a_running_one(world: World) -> None:
    flow = world.start(node("a"), timeoutSeconds=10, timeoutPolicy="TIME_OUT_WF").pause()
    world.advance(10)
    assert flow.status == "TIMED_OUT"


def test_resume_starts_the_clock_of_the_workflow_again(world: World) -> None:
    flow = world.start(node("a"), timeoutSeconds=10, timeoutPolicy="TIME_OUT_WF")
    world.advance(8)
    flow.pause().resume()
    world.advance(9)
    assert flow.status == "RUNNING"
    world.advance(1)
    assert flow.status == "TIMED_OUT"


def test_children_of_a_timed_out_workflow_are_terminated(world: World) -> None:
    world.workflow("c", node("x"))
    flow = world.start(child("s", "c"), timeoutSeconds=10, timeoutPolicy="TIME_OUT_WF")
    kid = flow.child("s")
    world.advance(10)
    assert (kid.status, flow.standing) == ("TERMINATED", ["s CANCELED"])
    assert (kid.reason or "").startswith("Parent workflow has been terminated with reason: Workflow timed out after")


def test_a_missed_answer_is_timed_out_and_retried_whatever_the_policy(world: World) -> None:
    world.task("a", retryCount=1, retryDelaySeconds=0, responseTimeoutSeconds=5, timeoutPolicy="TIME_OUT_WF")
    flow = world.start(node("a"))
    old = world.poll("a")
    assert flow.run.workflow.wake_at == NOW + 5_000
    world.advance(5)
    assert flow.standing == ["a TIMED_OUT", "a SCHEDULED"]
    assert flow.attempts("a")[0].reason == f"responseTimeout: 5 exceeded for the taskId: {old.task_id} with Task Definition: a"


def test_a_late_result_of_a_timed_out_attempt_is_ignored(world: World) -> None:
    world.task("a", retryCount=1, retryDelaySeconds=0, responseTimeoutSeconds=5)
    flow = world.start(node("a"))
    old = world.poll("a")
    world.advance(5)
    answer = world.report(old, "COMPLETED", {"late": 1})
    assert answer.status is TaskStatus.TIMED_OUT
    assert flow.standing == ["a TIMED_OUT", "a SCHEDULED"]


def test_an_exhausted_missed_answer_times_the_workflow_out(world: World) -> None:
    world.task("a", retryCount=0, responseTimeoutSeconds=5)
    flow = world.start(node("a"))
    world.poll("a")
    world.advance(5)
    assert flow.status == "TIMED_OUT"


def test_an_unpolled_task_has_no_response_timeout(world: World) -> None:
    world.task("a", responseTimeoutSeconds=5)
    flow = world.start(node("a"))
    world.advance(1_000)
    assert flow.standing == ["a SCHEDULED"]


def test_a_lease_extension_postpones_only_the_missed_answer(world: World) -> None:
    world.task("a", retryCount=0, responseTimeoutSeconds=5)
    flow = world.start(node("a"))
    task = world.poll("a")
    world.advance(4)
    assert world.report(task, "IN_PROGRESS", {"ignored": 1}, extend_lease=True) is None
    after = flow.task("a")
    assert (after.status, after.output.value, after.worker_id) == (TaskStatus.IN_PROGRESS, {}, "worker")
    world.advance(4)
    assert flow.status == "RUNNING"
    world.advance(1)
    assert flow.status == "TIMED_OUT"


def test_a_lease_extension_of_a_task_that_is_over_changes_nothing(world: World) -> None:
    flow = world.start(node("a"), node("b"))
    task = world.poll("a")
    flow.complete("a")
    before = flow.task("a")
    world.report(task, "IN_PROGRESS", extend_lease=True)
    assert flow.task("a") == before


def test_the_task_timeout_runs_from_the_first_poll_over_all_callbacks(world: World) -> None:
    world.task("a", retryCount=0, timeoutSeconds=10, responseTimeoutSeconds=9)
    flow = world.start(node("a"))
    world.advance(100)
    world.poll("a")
    world.advance(6)
    flow.report("a", "IN_PROGRESS")
    world.advance(1)
    world.poll("a")
    world.advance(3)
    assert flow.status == "TIMED_OUT"
    assert flow.task("a").reason == (
        "Task timed out after 10 seconds. Timeout configured as 10 seconds. Timeout policy configured to TIME_OUT_WF"
    )


def test_time_out_wf_ends_the_workflow_even_if_retries_remain(world: World) -> None:
    world.task("a", retryCount=3, timeoutSeconds=5, responseTimeoutSeconds=5, timeoutPolicy="TIME_OUT_WF")
    flow = world.start(node("a"))
    world.poll("a")
    world.advance(5)
    assert (flow.status, flow.standing) == ("TIMED_OUT", ["a TIMED_OUT"])


def test_the_retry_policy_retries_and_then_times_the_workflow_out(world: World) -> None:
    world.task("a", retryCount=1, retryDelaySeconds=0, timeoutSeconds=5, responseTimeoutSeconds=5, timeoutPolicy="RETRY")
    flow = world.start(node("a"))
    for _ in range(2):
        assert flow.status == "RUNNING"
        world.poll("a")
        world.advance(5)
    assert (flow.status, flow.standing) == ("TIMED_OUT", ["a TIMED_OUT", "a TIMED_OUT"])


def test_alert_only_leaves_the_task_as_it_is(world: World) -> None:
    world.task("a", timeoutSeconds=5, responseTimeoutSeconds=1_000, pollTimeoutSeconds=5, timeoutPolicy="ALERT_ONLY")
    flow = world.start(node("a"))
    world.poll("a")
    world.advance(500)
    assert flow.standing == ["a IN_PROGRESS"]


def test_a_poll_timeout_strikes_only_a_task_that_nobody_took(world: World) -> None:
    world.task("a", retryCount=0, pollTimeoutSeconds=5)
    taken, left = world.start(node("a")), world.start(node("a"))
    world.poll("a")
    world.advance(5)
    assert (taken.status, left.status) == ("RUNNING", "TIMED_OUT")
    assert (left.task("a").reason or "").startswith("Task poll timed out after 5 seconds.")


def test_the_poll_timeout_of_a_retry_counts_its_delay_twice(world: World) -> None:
    world.task("a", retryCount=2, retryDelaySeconds=10, pollTimeoutSeconds=5, timeoutPolicy="RETRY")
    flow = world.start(node("a"))
    flow.fail("a")
    world.advance(24)
    assert flow.standing == ["a FAILED", "a SCHEDULED"]
    world.advance(1)
    assert flow.standing == ["a FAILED", "a TIMED_OUT", "a SCHEDULED"]


def test_a_task_polled_long_ago_and_given_back_may_poll_time_out_right_away(world: World) -> None:
    world.task("a", retryCount=0, pollTimeoutSeconds=5, responseTimeoutSeconds=100)
    flow = world.start(node("a"))
    world.poll("a")
    world.advance(20)
    flow.report("a", "IN_PROGRESS")
    world.advance(0)
    assert flow.status == "TIMED_OUT"


def test_the_total_timeout_strikes_any_open_attempt(world: World) -> None:
    world.task("a", retryCount=9, retryDelaySeconds=0, totalTimeoutSeconds=10, responseTimeoutSeconds=5)
    flow = world.start(node("a"))
    flow.fail("a")
    world.advance(10)
    assert (flow.status, flow.standing) == ("TIMED_OUT", ["a FAILED", "a TIMED_OUT"])
    assert "exceeded total timeout of 10 seconds" in (flow.reason or "")


def test_the_start_delay_shifts_poll_and_task_timeouts(world: World) -> None:
    world.task("a", retryCount=0, pollTimeoutSeconds=5)
    flow = world.start(node("a", startDelay=10))
    world.advance(24)
    assert flow.status == "RUNNING"
    world.advance(1)
    assert flow.status == "TIMED_OUT"


def test_a_server_that_gives_no_sign_of_life_loses_its_system_task_to_another(world: World) -> None:
    flow = world.start(node("h", "HTTP"))
    world.poll("HTTP")
    assert flow.task("h").status is TaskStatus.IN_PROGRESS
    world.advance(60)
    assert flow.task("h").status is TaskStatus.SCHEDULED
    assert [task.ref for task in world.ready("HTTP")] == ["h"]


def test_system_tasks_have_no_response_timeout_of_their_own(world: World) -> None:
    flow = world.start(node("h", "HUMAN"))
    world.advance(10_000)
    assert flow.status == "RUNNING"


def test_deadlines_that_pass_during_a_pause_strike_at_resume(world: World) -> None:
    world.task("a", retryCount=1, retryDelaySeconds=0, responseTimeoutSeconds=5)
    flow = world.start(node("a"))
    world.poll("a")
    flow.pause()
    world.advance(50)
    assert flow.standing == ["a IN_PROGRESS"]
    flow.resume()
    assert flow.standing == ["a TIMED_OUT", "a SCHEDULED"]


def test_the_run_is_woken_for_its_earliest_deadline_and_a_later_one_never_postpones_it(world: World) -> None:
    flow = world.start(fork("f", [wait("w", "30s")], [node("a"), wait("v", "40s")], [node("b"), wait("u", "10s")]))
    assert flow.run.workflow.wake_at == NOW + 30_000
    flow.complete("a")
    assert flow.run.workflow.wake_at == NOW + 30_000
    flow.complete("b")
    assert flow.run.workflow.wake_at == NOW + 10_000


def test_an_update_that_comes_before_an_overdue_tick_does_not_lose_the_wake_up(world: World) -> None:
    flow = world.start(fork("f", [wait("w", "5s")], [node("a"), node("b")]))
    world.now += 6_000
    flow.complete("a")
    assert 0 < flow.run.workflow.wake_at <= world.now
    world.tick()
    assert flow.task("w").status is TaskStatus.COMPLETED


def test_a_tick_with_nothing_to_do_moves_the_wake_up(world: World) -> None:
    flow = world.start(fork("f", [wait("w", "5s")], [wait("v", "9s")]))
    flow.complete("w")
    world.now += 5_000
    decision = decide(flow.run, [words.Tick(workflow_id=flow.id)], world.now).decision
    assert decision is not None
    assert (decision.tasks, decision.workflow.wake_at) == ((), NOW + 9_000)


def test_a_tick_before_its_time_changes_nothing(world: World) -> None:
    flow = world.start(wait("w", "5s"))
    assert decide(flow.run, [words.Tick(workflow_id=flow.id)], world.now).decision is None


@pytest.mark.parametrize("kind", [words.Tick, words.Evaluate])
def test_looking_at_a_closed_run_changes_nothing(world: World, kind: type[words.Tick]) -> None:
    flow = world.start(node("a", "NOOP"))
    assert decide(flow.run, [kind(workflow_id=flow.id)], world.now + 99).decision is None


def test_looking_at_a_healthy_run_changes_nothing(world: World) -> None:
    flow = world.start(fork("f", [node("a")], [wait("w")]))
    assert decide(flow.run, [words.Evaluate(workflow_id=flow.id)], world.now).decision is None
