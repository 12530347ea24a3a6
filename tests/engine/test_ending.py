"""The end of a workflow: output, failure workflow, parents (spec/engine.md §3.4, §3.9, §3.10, §7.8)."""

from __future__ import annotations

import pytest

from tests.engine.given import ending, fork, inline, loop, node, switch
from tests.engine.world import World


def test_the_output_is_that_of_the_last_task(world: World) -> None:
    flow = world.start(node("a"), node("b"))
    flow.complete("a", {"a": 1}).complete("b", {"b": 2})
    assert flow.output == {"b": 2}


def test_output_parameters_are_resolved_and_missing_references_are_null(world: World) -> None:
    flow = world.start(node("a"), outputParameters={"x": "${a.output.x}", "none": "${a.output.none}", "text": "x=${a.output.x}"})
    flow.complete("a", {"x": 1})
    assert flow.output == {"x": 1, "none": None, "text": "x=1"}


def test_the_output_of_a_workflow_that_fails_within_a_loop_has_the_iterations_that_are_over(world: World) -> None:
    world.task("a", retryCount=0)
    flow = world.start(loop("l", 3, node("a")), outputParameters={"o": "${l.output}"})
    flow.complete("a__1", {"n": 1})
    flow.fail("a__2")
    assert flow.run.workflow.output.value == {"o": {"1": {"a": {"n": 1}}, "iteration": 2}}


@pytest.mark.parametrize(("status", "seen"), [("COMPLETED", "RUNNING"), ("FAILED", "FAILED"), ("TERMINATED", "TERMINATED")])
def test_the_output_reads_the_status_of_a_workflow_that_ends_badly_only(world: World, status: str, seen: str) -> None:
    world.task("a", retryCount=0)
    flow = world.start(node("a"), outputParameters={"s": "${workflow.status}"})
    if status == "TERMINATED":
        flow.terminate()
    else:
        flow.report("a", status)
    assert flow.output == {"s": seen}


def test_a_workflow_that_fails_before_its_first_task_has_no_output(world: World) -> None:
    first = node("d", "DYNAMIC", dynamicTaskNameParam="name")
    flow = world.start(first, outputParameters={"o": 1})
    assert (flow.status, flow.refs, flow.output) == ("FAILED", [], {})


def test_permissive_failures_outweigh_a_terminate_task(world: World) -> None:
    world.task("a", retryCount=0)
    flow = world.start(node("a", permissive=True), ending("e", "TERMINATED"))
    flow.fail("a", "oops")
    assert flow.status == "FAILED"
    assert flow.reason == f"Task {flow.task('a').task_id} failed with status: FAILED and reason: 'oops'"


def test_the_end_time_of_a_finished_task_can_be_read(world: World) -> None:
    flow = world.start(node("a"), node("b", inputParameters={"at": "${a.endTime}"}))
    world.now += 5_000
    flow.complete("a")
    assert flow.task("b").input.value == {"at": world.now}


def test_expressions_read_the_last_attempt(world: World) -> None:
    world.task("a", retryCount=1, retryDelaySeconds=0)
    flow = world.start(node("a"), node("b", inputParameters={"n": "${a.retryCount}", "o": "${a.output.o}"}))
    flow.report("a", "FAILED", {"o": "first"}).complete("a", {"o": "second"})
    assert flow.task("b").input.value == {"n": 1, "o": "second"}


def test_a_workflow_whose_last_task_is_a_switch_without_children_completes(world: World) -> None:
    assert world.start(inline("a", "1"), switch("s", "none", {"b": []})).status == "COMPLETED"


def test_the_failure_workflow_gets_the_input_and_why_and_its_id_stands_in_the_output(world: World) -> None:
    world.workflow("f", node("x"))
    flow = world.start(node("a"), input_={"k": 1}, started={"correlation_id": "c"}, failureWorkflow="f")
    flow.fail("a", "broken", "FAILED_WITH_TERMINAL_ERROR")
    (failure,) = world.of_name("f")
    assert flow.output["conductor.failure_workflow"] == failure.id
    assert failure.run.workflow.input.value == {"k": 1, "workflowId": flow.id, "reason": flow.reason}
    assert failure.run.workflow.correlation_id == "c"
    assert failure.run.workflow.parent_workflow_id is None


def test_its_version_is_honoured(world: World) -> None:
    world.workflow("f", node("x"), version=1)
    world.workflow("f", node("x"), version=2)
    world.start(ending("t", "FAILED"), failureWorkflow="f", failureWorkflowVersion=1)
    assert [flow.run.workflow.version for flow in world.of_name("f")] == [1]


@pytest.mark.parametrize("named", ["$workflow.input.fw", "${workflow.input.fw}"])
def test_its_name_may_be_an_input(world: World, named: str) -> None:
    world.workflow("f", node("x"))
    world.start(ending("t", "FAILED"), input_={"fw": "f"}, failureWorkflow=named)
    assert len(world.of_name("f")) == 1


def test_one_that_does_not_exist_leaves_a_text_and_does_not_hinder_the_end(world: World) -> None:
    flow = world.start(ending("t", "FAILED"), failureWorkflow="nobody")
    assert flow.status == "FAILED"
    assert str(flow.output["conductor.failure_workflow"]).startswith("Error workflow nobody failed to start.  reason: ")


@pytest.mark.parametrize("status", ["FAILED", "TERMINATED"])
def test_a_terminate_task_that_ends_badly_starts_it(world: World, status: str) -> None:
    world.workflow("f", node("x"))
    world.start(ending("t", status, terminationReason="r"), failureWorkflow="f")
    assert [flow.run.workflow.input.value["reason"] for flow in world.of_name("f")] == ["r"]


def test_neither_a_good_end_nor_terminate_by_hand_start_it(world: World) -> None:
    world.workflow("f", node("x"))
    world.start(ending("t"), failureWorkflow="f")
    world.start(node("a"), failureWorkflow="f").terminate()
    assert world.of_name("f") == []


def test_a_timed_out_workflow_starts_it(world: World) -> None:
    world.workflow("f", node("x"))
    world.start(node("a"), failureWorkflow="f", timeoutSeconds=5, timeoutPolicy="TIME_OUT_WF")
    world.advance(5)
    assert len(world.of_name("f")) == 1


def test_failing_again_after_a_retry_starts_another_one(world: World) -> None:
    world.workflow("f", node("x"))
    world.task("a", retryCount=0)
    flow = world.start(node("a"), failureWorkflow="f")
    flow.fail("a")
    first = flow.output["conductor.failure_workflow"]
    assert flow.retry().output["conductor.failure_workflow"] == first
    flow.fail("a")
    assert flow.output["conductor.failure_workflow"] != first
    assert len(world.of_name("f")) == 2


def test_the_first_failure_in_order_ends_the_workflow(world: World) -> None:
    flow = world.start(fork("f", [inline("a", "throw 'first'")], [inline("b", "throw 'second'")]))
    assert flow.run.workflow.failed_task_id == flow.task("a").task_id
