"""WAIT and HUMAN: time, signals, people (spec/engine.md §3.8.10, spec/tasks.md §3.12-3.13)."""

from __future__ import annotations

import pytest

from podium.model.status import TaskStatus
from podium.model.task import FOREVER_SECONDS
from tests.engine.given import node, wait
from tests.engine.world import NOW, World


def test_a_duration_ends_it_in_time(world: World) -> None:
    flow = world.start(wait("w", "2 minutes 5s"), node("a"))
    task = flow.task("w")
    assert (task.status, task.wait_timeout, task.callback_after_seconds) == (TaskStatus.IN_PROGRESS, NOW + 125_000, 125)
    assert flow.run.workflow.wake_at == NOW + 125_000
    world.advance(124)
    assert flow.standing == ["w IN_PROGRESS"]
    world.advance(1)
    assert flow.standing == ["w COMPLETED", "a SCHEDULED"]


@pytest.mark.parametrize("parameters", [{"until": "2001-01-01"}, {"duration": "0 seconds"}])
def test_a_time_that_has_passed_ends_it_at_once(world: World, parameters: dict[str, str]) -> None:
    flow = world.start(node("w", "WAIT", inputParameters=parameters), node("a"))
    assert flow.standing == ["w COMPLETED", "a SCHEDULED"]


@pytest.mark.parametrize("parameters", [{}, {"duration": ""}, {"until": " "}, {"duration": "${workflow.input.none}"}])
def test_without_a_time_it_waits_for_ever(world: World, parameters: dict[str, str]) -> None:
    flow = world.start(node("w", "WAIT", inputParameters=parameters))
    task = flow.task("w")
    assert (task.status, task.wait_timeout, task.callback_after_seconds) == (TaskStatus.IN_PROGRESS, 0, FOREVER_SECONDS)
    assert flow.run.workflow.wake_at == 0


def test_both_times_fail_it_for_good_and_the_workflow_at_once(world: World) -> None:
    given = {"duration": "${workflow.input.d}", "until": "${workflow.input.u}"}
    flow = world.start(node("w", "WAIT", inputParameters=given), input_={"d": "1s", "u": "2030-01-01"})
    assert flow.task("w").status is TaskStatus.FAILED_WITH_TERMINAL_ERROR
    assert flow.task("w").reason == "Both 'duration' and 'until' specified. Please provide only one input"
    assert flow.status == "FAILED"


@pytest.mark.parametrize("text", ["5", "1.5s", "PT5S", "5 parsecs", "3s 2d"])
def test_a_bad_duration_fails_it_for_good(world: World, text: str) -> None:
    flow = world.start(wait("w", "${workflow.input.d}"), input_={"d": text})
    assert (flow.task("w").status, flow.status) == (TaskStatus.FAILED_WITH_TERMINAL_ERROR, "FAILED")
    assert flow.task("w").reason == f"Not valid duration: {text}"


def test_a_bad_date_fails_it_for_good(world: World) -> None:
    flow = world.start(node("w", "WAIT", inputParameters={"until": "soon"}))
    assert flow.task("w").reason == "Invalid/Unsupported Wait Until format.  Provided: soon"


def test_an_update_ends_it_early(world: World) -> None:
    flow = world.start(wait("w", "1 hour"), node("a"))
    flow.complete("w", {"k": 1})
    assert flow.task("w").output.value == {"k": 1}
    assert "a" in flow.refs


def test_it_ends_during_a_pause_but_nothing_follows(world: World) -> None:
    flow = world.start(wait("w", "5s"), node("a")).pause()
    world.advance(5)
    assert flow.standing == ["w COMPLETED"]
    flow.resume()
    assert flow.standing == ["w COMPLETED", "a SCHEDULED"]


def test_a_retried_wait_keeps_its_time_and_is_scheduled_until_its_delay_is_over(world: World) -> None:
    world.task("w", retryCount=1, retryDelaySeconds=5)
    flow = world.start(wait("w", "20s"))
    flow.fail("w")
    first, second = flow.attempts("w")
    assert (second.status, second.wait_timeout) == (TaskStatus.SCHEDULED, first.wait_timeout)
    world.advance(5)
    assert flow.task("w").status is TaskStatus.IN_PROGRESS
    world.advance(15)
    assert flow.status == "COMPLETED"


def test_a_wait_retried_after_its_time_completes_when_its_delay_is_over(world: World) -> None:
    world.task("w", retryCount=1, retryDelaySeconds=30)
    flow = world.start(wait("w", "20s"))
    flow.fail("w")
    world.advance(29)
    assert flow.task("w").status is TaskStatus.SCHEDULED
    world.advance(1)
    assert flow.status == "COMPLETED"


def test_a_wait_retried_by_hand_after_its_time_completes_at_once(world: World) -> None:
    flow = world.start(wait("w", "20s"))
    flow.fail("w")
    world.advance(60)
    flow.retry()
    assert flow.standing == ["w FAILED", "w COMPLETED"]


def test_a_wait_with_a_definition_can_time_out_and_be_retried(world: World) -> None:
    world.task("w", retryCount=1, retryDelaySeconds=0, timeoutSeconds=10, timeoutPolicy="RETRY", responseTimeoutSeconds=10)
    flow = world.start(wait("w", "15s"))
    world.advance(10)
    assert flow.standing == ["w TIMED_OUT", "w IN_PROGRESS"]
    world.advance(5)
    assert flow.status == "COMPLETED"


def test_a_human_task_waits_for_an_update(world: World) -> None:
    flow = world.start(node("h", "HUMAN", inputParameters={"form": 1}), node("a"))
    assert (flow.task("h").status, flow.task("h").input.value) == (TaskStatus.IN_PROGRESS, {"form": 1})
    flow.report("h", "IN_PROGRESS", {"draft": 1})
    assert flow.task("h").status is TaskStatus.IN_PROGRESS
    flow.complete("h")
    assert "a" in flow.refs


def test_a_retried_human_task_waits_again(world: World) -> None:
    flow = world.start(node("h", "HUMAN", retryCount=1))
    flow.fail("h")
    assert flow.standing == ["h FAILED", "h IN_PROGRESS"]
