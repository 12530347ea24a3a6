"""TERMINATE ends the workflow as it says (spec/tasks.md §3.10, spec/engine.md §3.10)."""

from __future__ import annotations

import pytest

from podium.model.json import Json
from podium.model.status import TaskStatus
from tests.engine.given import child, ending, fork, node
from tests.engine.world import World


@pytest.mark.parametrize("status", ["COMPLETED", "FAILED", "TERMINATED"])
def test_the_workflow_ends_with_the_given_status_and_reason(world: World, status: str) -> None:
    flow = world.start(ending("t", status, terminationReason="enough"), node("never"))
    assert (flow.status, flow.reason, flow.refs) == (status, "enough", ["t"])
    assert flow.task("t").status is TaskStatus.COMPLETED


@pytest.mark.parametrize("given", [{}, {"terminationReason": " "}])
def test_without_a_reason_it_says_which_task_it_was(world: World, given: dict[str, Json]) -> None:
    flow = world.start(ending("t", **given))
    assert flow.reason == f"Workflow is COMPLETED by TERMINATE task: {flow.task('t').task_id}"


@pytest.mark.parametrize(("given", "output"), [({"a": 1}, {"a": 1}), (7, {"output": 7}), ([1], {"output": [1]}), (None, {})])
def test_its_output_is_the_workflow_s(world: World, given: Json, output: Json) -> None:
    flow = world.start(ending("t", workflowOutput=given), outputParameters={"other": 1})
    assert (flow.output, flow.task("t").output.value) == (output, output)


def test_open_siblings_are_cancelled_and_children_terminated(world: World) -> None:
    world.workflow("c", node("x"))
    flow = world.start(fork("f", [node("a")], [child("s", "c")], [node("go"), ending("t")]))
    kid = flow.child("s")
    flow.complete("go")
    assert flow.status == "COMPLETED"
    assert [task.status for task in flow.tasks if task.ref in ("a", "s", "f_join")] == [TaskStatus.CANCELED] * 3
    assert (kid.status, kid.standing) == ("TERMINATED", ["x CANCELED"])


def test_a_status_that_is_none_fails_the_task(world: World) -> None:
    flow = world.start(ending("t", "${workflow.input.status}"), input_={"status": "PAUSED"})
    assert (flow.status, flow.task("t").reason) == ("FAILED", "given termination status is not valid")


def test_a_successful_one_wins_over_everything_else_in_the_same_turn(world: World) -> None:
    flow = world.start(fork("f", [ending("t")], [node("x", "TERMINATE", inputParameters={"terminationStatus": "nonsense"})]))
    assert flow.status == "COMPLETED"


def test_permissive_failures_turn_completed_into_failed(world: World) -> None:
    world.task("a", retryCount=0)
    flow = world.start(node("a", permissive=True), ending("t"))
    flow.fail("a", "broken")
    assert (flow.status, flow.reason) == ("FAILED", f"Task {flow.task('a').task_id} failed with status: FAILED and reason: 'broken'")


def test_a_retry_of_what_it_cancelled_ends_again_because_it_still_stands(world: World) -> None:
    flow = world.start(fork("f", [node("a")], [node("go"), ending("t", "FAILED")]))
    flow.complete("go").retry()
    assert flow.status == "FAILED"
