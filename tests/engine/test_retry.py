"""Automatic retries: whether, when, and as what (spec/engine.md §4)."""

from __future__ import annotations

from typing import Any

import pytest

from podium.engine.retry import jitter_ms, retry_seconds
from podium.model.definition import RetryLogic, TaskDef
from podium.model.status import TaskStatus
from tests.engine.given import child, fork, inline, node, setting
from tests.engine.world import NOW, World


def policy(logic: str = "FIXED", **fields: Any) -> TaskDef:
    return TaskDef(name="a", retry_logic=RetryLogic(logic), **{"retry_delay_seconds": 60, **fields})


@pytest.mark.parametrize(
    ("logic", "fields", "delays"),
    [
        ("FIXED", {}, [60, 60, 60]),
        ("LINEAR_BACKOFF", {"backoff_scale_factor": 2}, [120, 240, 360]),
        ("EXPONENTIAL_BACKOFF", {}, [60, 120, 240]),
        ("EXPONENTIAL_BACKOFF", {"backoff_scale_factor": 5}, [60, 120, 240]),
        ("FIXED", {"max_retry_delay_seconds": 10}, [10, 10, 10]),
        ("LINEAR_BACKOFF", {"max_retry_delay_seconds": 100}, [60, 100, 100]),
        ("EXPONENTIAL_BACKOFF", {"max_retry_delay_seconds": 60}, [60, 60, 60]),
        ("FIXED", {"max_retry_delay_seconds": 0}, [60, 60, 60]),
    ],
)
def test_the_delay_grows_by_its_logic_and_is_capped_for_all_of_them(logic: str, fields: dict[str, int], delays: list[int]) -> None:
    assert [retry_seconds(policy(logic, **fields), count) for count in range(3)] == delays


@pytest.mark.parametrize("count", [26, 30, 31, 62, 63, 1000])
def test_a_delay_never_overflows(count: int) -> None:
    assert retry_seconds(policy("EXPONENTIAL_BACKOFF"), count) == 2**31 - 1


def test_jitter_lies_between_nothing_and_its_maximum_and_varies() -> None:
    found = {jitter_ms(policy(backoff_jitter_ms=50), f"task-{n}") for n in range(300)}
    assert min(found) >= 0
    assert max(found) <= 50
    assert len(found) > 20


def test_no_jitter_is_exactly_the_delay(world: World) -> None:
    world.task("a", retryCount=1, retryDelaySeconds=7)
    flow = world.start(node("a"))
    flow.fail("a")
    assert flow.task("a").callback_after_ms == 7_000


def test_jitter_comes_on_top_of_the_cap_and_is_not_in_the_whole_seconds(world: World) -> None:
    world.task("a", retryCount=1, retryDelaySeconds=60, maxRetryDelaySeconds=2, backoffJitterMs=900)
    flow = world.start(node("a"))
    flow.fail("a")
    task = flow.task("a")
    assert (task.callback_after_seconds, task.start_delay_seconds) == (2, 2)
    assert 2_000 <= task.callback_after_ms <= 2_900
    assert task.ready_at == NOW + task.callback_after_ms


def test_the_count_is_retries_not_attempts(world: World) -> None:
    world.task("a", retryCount=3, retryDelaySeconds=0)
    flow = world.start(node("a"))
    for _ in range(4):
        assert flow.status == "RUNNING"
        flow.fail("a")
    assert [task.retry_count for task in flow.attempts("a")] == [0, 1, 2, 3]
    assert flow.status == "FAILED"


def test_a_new_attempt_is_hidden_until_its_delay_is_over(world: World) -> None:
    world.task("a", retryCount=1, retryDelaySeconds=5)
    flow = world.start(node("a"))
    flow.fail("a")
    assert world.ready("a") == []
    world.advance(5)
    assert world.ready("a") == [flow.task("a")]


def test_the_new_attempt_starts_clean(world: World) -> None:
    world.task("a", retryCount=1, retryDelaySeconds=0)
    flow = world.start(node("a"))
    world.poll("a", "ada")
    world.now += 1_000
    flow.report("a", "FAILED", {"out": 1}, reason="broken", worker_id="ada")
    old, new = flow.attempts("a")
    assert (old.retried, old.executed, new.retried, new.executed) == (True, False, False, False)
    assert (new.retried_task_id, new.retry_count, new.status, new.poll_count) == (old.task_id, 1, TaskStatus.SCHEDULED, 0)
    assert (new.start_time, new.end_time, new.worker_id, new.output.value) == (0, 0, None, {})
    assert new.scheduled_time == world.now
    assert new.task_id != old.task_id


def test_a_new_attempt_sorts_last_and_keeps_the_first_time_and_the_reason(world: World) -> None:
    world.task("a", retryCount=1, retryDelaySeconds=0)
    flow = world.start(fork("f", [node("a")], [node("b")]))
    world.now += 5_000
    flow.fail("a", "broken")
    assert flow.refs == ["f", "a", "b", "f_join", "a"]
    assert [task.first_scheduled_time for task in flow.attempts("a")] == [NOW, NOW]
    assert flow.task("a").reason == "broken"


def test_the_input_is_resolved_again_over_the_old_one_with_the_new_id(world: World) -> None:
    world.task("a", retryCount=1, retryDelaySeconds=0)
    parameters = {"me": "${CPEWF_TASK_ID}", "v": "${workflow.variables.v}"}
    flow = world.start(fork("f", [node("a", inputParameters=parameters)], [node("b"), setting("s", v=2)]), variables={"v": 1})
    flow.complete("b").fail("a")
    assert flow.task("a").input.value == {"me": flow.task("a").task_id, "v": 2}


def test_a_terminal_error_is_not_retried(world: World) -> None:
    flow = world.start(node("a"))
    flow.fail("a", "for good", "FAILED_WITH_TERMINAL_ERROR")
    assert (flow.status, flow.refs) == ("FAILED", ["a"])


def test_a_cancelled_task_is_not_retried_and_terminates_the_workflow(world: World) -> None:
    flow = world.start(node("a"))
    flow.fail("a", "no", "CANCELED")
    assert (flow.status, flow.reason) == ("TERMINATED", f"Task {flow.task('a').task_id} failed with status: TERMINATED and reason: 'no'")


@pytest.mark.parametrize("count", [0, 2])
def test_the_count_on_the_node_overrides_that_of_the_definition(world: World, count: int) -> None:
    world.task("a", retryCount=1, retryDelaySeconds=0)
    flow = world.start(node("a", retryCount=count))
    while flow.status == "RUNNING":
        flow.fail("a")
    assert len(flow.attempts("a")) == count + 1


def test_a_system_task_is_retried_only_where_somebody_says_so(world: World) -> None:
    assert failing_http(world, node("h", "HTTP")) == ["h FAILED"]
    assert failing_http(world, node("h", "HTTP", retryCount=1)) == ["h FAILED", "h SCHEDULED"]
    world.task("h", retryCount=1)
    assert failing_http(world, node("h", "HTTP")) == ["h FAILED", "h SCHEDULED"]


def failing_http(world: World, made: dict[str, Any]) -> list[str]:
    return world.start(made).fail("h").standing


def test_the_total_time_refuses_more_retries_whatever_the_policy(world: World) -> None:
    world.task("a", retryCount=5, retryDelaySeconds=0, totalTimeoutSeconds=10, timeoutPolicy="ALERT_ONLY")
    flow = world.start(node("a"))
    world.now += 9_999
    flow.fail("a")
    assert flow.status == "RUNNING"
    world.now += 1
    flow.fail("a")
    assert flow.status == "FAILED"
    assert "exceeded total timeout of 10 seconds" in (flow.reason or "")


def test_the_total_time_ends_the_workflow_even_when_the_task_is_optional(world: World) -> None:
    world.task("a", retryCount=5, totalTimeoutSeconds=10, timeoutPolicy="ALERT_ONLY")
    flow = world.start(node("a", optional=True))
    world.now += 10_000
    flow.fail("a")
    assert flow.status == "FAILED"


def test_the_reason_of_the_workflow_names_the_task_and_a_missing_reason_is_null(world: World) -> None:
    world.task("a", retryCount=0)
    flow = world.start(node("a"))
    flow.fail("a")
    task_id = flow.task("a").task_id
    assert flow.reason == f"Task {task_id} failed with status: FAILED and reason: 'null'"
    assert flow.run.workflow.failed_task_id == task_id


def test_failed_names_hold_every_attempt_that_failed_also_those_that_were_retried(world: World) -> None:
    world.task("pay", retryCount=1, retryDelaySeconds=0)
    flow = world.start({**node("a"), "name": "pay"}, {**node("b"), "name": "pay"})
    flow.fail("a").complete("a").fail("b").complete("b")
    assert flow.status == "COMPLETED"
    assert (flow.run.workflow.failed_refs, flow.run.workflow.failed_task_names) == (("a", "b"), ("pay",))


# optional and permissive (spec/engine.md §3.2)


def test_an_optional_task_is_retried_first_and_only_the_exhausted_attempt_is_completed_with_errors(world: World) -> None:
    world.task("a", retryCount=1, retryDelaySeconds=0)
    flow = world.start(node("a", optional=True), node("b"))
    flow.fail("a").fail("a")
    assert flow.standing == ["a FAILED", "a COMPLETED_WITH_ERRORS", "b SCHEDULED"]


@pytest.mark.parametrize("status", ["FAILED", "FAILED_WITH_TERMINAL_ERROR", "CANCELED"])
def test_optional_absorbs_every_failure(world: World, status: str) -> None:
    world.task("a", retryCount=0)
    flow = world.start(node("a", optional=True), node("b"))
    flow.fail("a", status=status).complete("b")
    assert (flow.status, flow.standing[0]) == ("COMPLETED", "a COMPLETED_WITH_ERRORS")


def test_an_optional_task_that_fails_last_is_completed_with_errors_too(world: World) -> None:
    flow = world.start(inline("a", "throw 'no'") | {"optional": True})
    assert (flow.status, flow.standing) == ("COMPLETED", ["a COMPLETED_WITH_ERRORS"])


def test_optional_does_not_absorb_a_timeout_that_ends_the_workflow(world: World) -> None:
    world.task("a", retryCount=3, timeoutSeconds=5, responseTimeoutSeconds=5)
    flow = world.start(node("a", optional=True))
    world.poll("a")
    world.advance(5)
    assert (flow.status, flow.standing) == ("TIMED_OUT", ["a TIMED_OUT"])


def test_permissive_goes_on_and_fails_the_workflow_at_the_end(world: World) -> None:
    world.task("a", retryCount=0)
    world.task("c", retryCount=0)
    flow = world.start(node("a", permissive=True), node("b"), node("c", permissive=True))
    flow.fail("a", "x").complete("b").fail("c", "y")
    ids = [flow.task(ref).task_id for ref in ("a", "c")]
    assert flow.standing == ["a FAILED", "b COMPLETED", "c FAILED"]
    assert flow.status == "FAILED"
    assert flow.reason == ". ".join(f"Task {i} failed with status: FAILED and reason: '{r}'" for i, r in zip(ids, "xy", strict=True))


def test_permissive_tasks_are_retried_first_and_a_good_attempt_counts(world: World) -> None:
    world.task("a", retryCount=1, retryDelaySeconds=0)
    flow = world.start(node("a", permissive=True), node("b"))
    flow.fail("a").complete("a").complete("b")
    assert flow.status == "COMPLETED"


def test_optional_and_permissive_is_optional(world: World) -> None:
    world.task("a", retryCount=0)
    flow = world.start(node("a", optional=True, permissive=True), node("b"))
    flow.fail("a").complete("b")
    assert (flow.status, flow.standing[0]) == ("COMPLETED", "a COMPLETED_WITH_ERRORS")


def test_a_workflow_in_which_everything_optional_failed_completes(world: World) -> None:
    flow = world.start(*[inline(ref, "throw 'no'") | {"optional": True} for ref in "abc"])
    assert flow.status == "COMPLETED"


# children


def test_each_retry_of_a_sub_workflow_is_a_fresh_child_with_the_input_of_the_first(world: World) -> None:
    world.task("s", retryCount=1, retryDelaySeconds=0)
    world.task("x", retryCount=0)
    world.workflow("c", node("x"))
    made = child("s", "c", {"v": "${workflow.variables.v}"})
    flow = world.start(fork("f", [made], [node("b"), setting("set", v=2)]), variables={"v": 1})
    first = flow.child("s")
    flow.complete("b")
    first.fail("x")
    second = flow.child("s")
    assert second.id != first.id
    assert (first.run.workflow.input.value, second.run.workflow.input.value) == ({"v": 1}, {"v": 1})
    assert flow.task("s").input.value["v"] == 2
    assert (first.status, second.status, flow.status) == ("FAILED", "RUNNING", "RUNNING")


def test_a_retried_child_comes_after_its_delay(world: World) -> None:
    world.task("s", retryCount=1, retryDelaySeconds=9)
    world.task("x", retryCount=0)
    world.workflow("c", node("x"))
    flow = world.start(child("s", "c"))
    flow.child("s").fail("x")
    assert len(world.of_name("c")) == 1
    world.advance(9)
    assert len(world.of_name("c")) == 2
