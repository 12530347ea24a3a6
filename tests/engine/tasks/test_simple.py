"""SIMPLE, user-defined and DYNAMIC tasks: work for workers (spec/engine.md §3.8.1-3)."""

from __future__ import annotations

import pytest

from podium.model.status import TaskStatus
from tests.engine.given import child, node
from tests.engine.world import World


def test_the_stored_type_of_a_simple_task_is_its_name(world: World) -> None:
    flow = world.start({**node("a"), "name": "pay"})
    task = flow.task("a")
    assert (task.task_type, task.def_name, task.status, task.system) == ("pay", "pay", TaskStatus.SCHEDULED, False)


def test_a_task_without_definition_runs_with_three_retries_and_an_hour_for_an_answer(world: World) -> None:
    flow = world.start(node("a"))
    policy = flow.run.node_of(flow.task("a")).task_definition
    assert policy is not None
    assert (policy.retry_count, policy.response_timeout_seconds) == (3, 3600)
    assert flow.task("a").response_timeout_seconds == 3600


def test_an_unknown_type_waits_in_the_queue_of_its_type_without_retries(world: World) -> None:
    flow = world.start(node("a", "MINE"))
    task = flow.task("a")
    assert (task.task_type, task.system, task.status) == ("MINE", False, TaskStatus.SCHEDULED)
    flow.fail("a")
    assert flow.status == "FAILED"


def test_an_embedded_task_definition_wins_over_a_registered_one(world: World) -> None:
    world.task("a", retryCount=5)
    flow = world.start(node("a", taskDefinition={"name": "a", "retryCount": 0}))
    flow.fail("a")
    assert flow.status == "FAILED"


def test_start_delay_hides_the_task_and_is_its_callback(world: World) -> None:
    flow = world.start(node("a", startDelay=9))
    task = flow.task("a")
    assert (task.callback_after_seconds, task.start_delay_seconds) == (9, 9)
    assert world.ready("a") == []
    world.advance(9)
    assert [t.ref for t in world.ready("a")] == ["a"]


def test_an_input_template_fills_absent_and_null_keys_and_explicit_values_win(world: World) -> None:
    world.task("a", inputTemplate={"x": 1, "y": 2, "z": 3})
    flow = world.start(node("a", inputParameters={"x": 10, "y": None, "z": "${workflow.input.none}"}))
    assert flow.task("a").input.value == {"x": 10, "y": 2, "z": 3}


def test_the_task_knows_its_own_id(world: World) -> None:
    flow = world.start(node("a", inputParameters={"me": "${CPEWF_TASK_ID}"}))
    assert flow.task("a").input.value == {"me": flow.task("a").task_id}


def test_tasks_copy_priority_and_correlation_of_the_workflow(world: World) -> None:
    flow = world.start(node("a"), started={"priority": 7, "correlation_id": "c"})
    assert (flow.task("a").priority, flow.task("a").correlation_id) == (7, "c")


def test_rate_limits_are_copied_onto_the_task(world: World) -> None:
    world.task("a", rateLimitPerFrequency=3, rateLimitFrequencyInSeconds=5)
    task = world.start(node("a")).task("a")
    assert (task.rate_limit_per_frequency, task.rate_limit_frequency_in_seconds) == (3, 5)


def test_the_name_of_a_dynamic_task_is_an_input(world: World) -> None:
    flow = world.start(
        node("a", "DYNAMIC", inputParameters={"kind": "${workflow.input.k}"}, dynamicTaskNameParam="kind"), input_={"k": "pay"}
    )
    assert (flow.task("a").task_type, flow.task("a").ref, flow.task("a").system) == ("pay", "a", False)
    assert [task.ref for task in world.ready("pay")] == ["a"]


def test_a_dynamic_task_without_a_name_fails_the_workflow(world: World) -> None:
    flow = world.start(node("a", "DYNAMIC", dynamicTaskNameParam="kind"))
    assert flow.status == "FAILED"
    assert flow.reason is not None
    assert flow.reason.startswith("Cannot map a dynamic task based on the parameter and input. Parameter= kind")


def test_a_dynamic_task_has_the_retries_of_the_task_it_becomes(world: World) -> None:
    world.task("pay", retryCount=1, retryDelaySeconds=0)
    flow = world.start(node("a", "DYNAMIC", inputParameters={"kind": "pay"}, dynamicTaskNameParam="kind"))
    flow.fail("a")
    assert flow.standing == ["a FAILED", "a SCHEDULED"]


@pytest.mark.parametrize(("mapping", "domain"), [({"pay": "d1"}, "d1"), ({"*": "d2"}, "d2"), ({"*": "d2", "pay": "d1"}, "d1"), ({}, None)])
def test_a_worker_task_gets_the_domain_of_its_type_or_of_all(world: World, mapping: dict[str, str], domain: str | None) -> None:
    flow = world.start({**node("a"), "name": "pay"}, started={"task_to_domain": mapping})
    assert flow.task("a").domain == domain


def test_the_entry_of_a_type_overrides_even_to_no_domain(world: World) -> None:
    flow = world.start({**node("a"), "name": "pay"}, started={"task_to_domain": {"*": "d", "pay": "NO_DOMAIN"}})
    assert flow.task("a").domain is None


def test_system_tasks_never_get_a_domain(world: World) -> None:
    flow = world.start(node("w", "WAIT"), started={"task_to_domain": {"*": "d"}})
    assert flow.task("w").domain is None


def test_a_retry_resolves_its_domain_again(world: World) -> None:
    world.task("pay", retryCount=1, retryDelaySeconds=0)
    flow = world.start({**node("a"), "name": "pay"}, started={"task_to_domain": {"pay": "d1, d2"}})
    assert flow.task("a").domain == "d2"
    world.shelf.polled_domains.add(("pay", "d1"))
    flow.fail("a")
    assert flow.task("a").domain == "d1"


def test_a_child_inherits_the_domains_unless_it_has_its_own(world: World) -> None:
    world.workflow("c", {**node("x"), "name": "pay"})
    own = child("t", "c", subWorkflowParam={"name": "c", "taskToDomain": {"pay": "own"}})
    flow = world.start(child("s", "c"), started={"task_to_domain": {"pay": "d"}})
    assert flow.child("s").task("x").domain == "d"
    assert world.start(own, started={"task_to_domain": {"pay": "d"}}).child("t").task("x").domain == "own"
