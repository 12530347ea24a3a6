"""SUB_WORKFLOW and START_WORKFLOW (spec/engine.md §9)."""

from __future__ import annotations

import pytest

from podium.model import command as words
from podium.model.json import Json
from podium.model.message import StartChild
from podium.model.status import TaskStatus, WorkflowStatus
from tests.engine.given import child, fork, node
from tests.engine.world import World, expected_child_id


@pytest.fixture(autouse=True)
def _a_child(world: World) -> None:
    world.task("x", retryCount=0)
    world.workflow("c", node("x"))


def test_the_task_is_scheduled_until_its_child_runs_and_points_to_it_then(world: World) -> None:
    world.holding = True
    flow = world.start(child("s", "c"))
    assert flow.task("s").status is TaskStatus.SCHEDULED
    world.holding = False
    world.settle()
    task = flow.task("s")
    assert (task.status, task.output.value) == (TaskStatus.IN_PROGRESS, {"subWorkflowId": task.sub_workflow_id})


def test_the_child_s_id_is_derived_from_its_parent_and_the_attempt(world: World) -> None:
    flow = world.start(child("s", "c"))
    assert flow.child("s").id == expected_child_id(flow, "s")


def test_the_child_knows_its_parent_and_inherits_the_correlation_but_not_the_priority(world: World) -> None:
    flow = world.start(child("s", "c"), started={"correlation_id": "k", "priority": 7})
    kid = flow.child("s").run.workflow
    assert (kid.parent_workflow_id, kid.parent_task_id) == (flow.id, flow.task("s").task_id)
    assert (kid.correlation_id, kid.priority) == ("k", 0)


@pytest.mark.parametrize(("given", "priority"), [(5, 5), (5.0, 5), ("${workflow.input.p}", 3), ("high", 0)])
def test_a_numeric_priority_reaches_the_child(world: World, given: Json, priority: int) -> None:
    flow = world.start(child("s", "c", subWorkflowParam={"name": "c", "priority": given}), input_={"p": 3})
    assert flow.child("s").run.workflow.priority == priority


def test_the_parameters_are_the_child_s_input(world: World) -> None:
    flow = world.start(child("s", "c", {"v": "${workflow.input.v}"}), input_={"v": 1})
    assert flow.task("s").input.value == {
        "subWorkflowName": "c",
        "subWorkflowVersion": 1,
        "subWorkflowDefinition": None,
        "subWorkflowTaskToDomain": None,
        "priority": None,
        "idempotencyKey": None,
        "idempotencyStrategy": None,
        "workflowInput": {"v": 1},
    }
    assert flow.child("s").run.workflow.input.value == {"v": 1}


def test_a_child_that_comes_with_its_definition_has_no_version_in_the_task(world: World) -> None:
    own = {"name": "d", "version": 2, "tasks": [node("x")]}
    flow = world.start(child("s", "d", {"v": 1}, subWorkflowParam={"name": "d", "version": 2, "workflowDefinition": own}))
    assert flow.task("s").input.value["subWorkflowName"] == "d"
    assert flow.task("s").input.value["subWorkflowVersion"] is None
    assert flow.child("s").run.workflow.version == 2


def test_without_parameters_the_whole_task_input_is_the_child_s(world: World) -> None:
    assert world.start(child("s", "c")).child("s").run.workflow.input.value["subWorkflowName"] == "c"


def test_the_child_s_output_joins_its_id_in_the_task_s(world: World) -> None:
    flow = world.start(child("s", "c"), node("b", inputParameters={"v": "${s.output.v}"}))
    kid = flow.child("s")
    kid.complete("x", {"v": 1})
    assert flow.task("s").output.value == {"subWorkflowId": kid.id, "v": 1}
    assert flow.task("b").input.value == {"v": 1}


def test_a_failed_child_fails_the_task_with_a_reason_that_nests(world: World) -> None:
    flow = world.start(child("s", "c"))
    kid = flow.child("s")
    kid.fail("x", "broken")
    assert flow.task("s").reason == f"Sub workflow c.1/{kid.id} failure reason: {kid.reason}"
    assert (flow.status, kid.status) == ("FAILED", "FAILED")
    assert "broken" in (flow.reason or "")


def test_a_terminated_child_terminates_its_parent(world: World) -> None:
    flow = world.start(child("s", "c"))
    flow.child("s").terminate("enough")
    assert (flow.status, flow.standing) == ("TERMINATED", ["s CANCELED"])
    assert "enough" in (flow.reason or "")


def test_a_child_that_timed_out_times_its_parent_out(world: World) -> None:
    world.workflow("quick", node("x"), timeoutSeconds=5, timeoutPolicy="TIME_OUT_WF")
    flow = world.start(child("s", "quick"))
    world.advance(5)
    assert (flow.status, flow.standing) == ("TIMED_OUT", ["s TIMED_OUT"])


@pytest.mark.parametrize(("flag", "status"), [("optional", "COMPLETED_WITH_ERRORS"), ("permissive", "FAILED")])
def test_a_child_may_fail_without_its_parent(world: World, flag: str, status: str) -> None:
    flow = world.start(child("s", "c", **{flag: True}), node("b"))
    flow.child("s").fail("x")
    assert flow.standing == [f"s {status}", "b SCHEDULED"]


def test_a_paused_child_is_a_running_one(world: World) -> None:
    flow = world.start(child("s", "c"))
    flow.child("s").pause()
    assert flow.task("s").status is TaskStatus.IN_PROGRESS


def test_terminating_a_parent_terminates_its_children_all_the_way_down(world: World) -> None:
    world.workflow("middle", child("t", "c"))
    flow = world.start(child("s", "middle"))
    middle = flow.child("s")
    leaf = middle.child("t")
    flow.terminate("enough")
    assert (middle.status, leaf.status) == ("TERMINATED", "TERMINATED")
    assert middle.reason == "Parent workflow has been terminated with reason: enough"


def test_without_a_reason_the_child_hears_the_status(world: World) -> None:
    flow = world.start(child("s", "c"))
    kid = flow.child("s")
    flow.terminate()
    assert kid.reason == "Parent workflow has been terminated with status TERMINATED"


def test_a_child_that_has_completed_stays_completed_when_its_parent_is_terminated(world: World) -> None:
    flow = world.start(child("s", "c"), node("b"))
    kid = flow.child("s")
    kid.complete("x")
    flow.terminate()
    assert kid.status == "COMPLETED"


def test_a_parent_terminated_before_its_child_was_attached_terminates_it_by_its_derived_id(world: World) -> None:
    world.holding = True
    flow = world.start(child("s", "c"))
    world.deliver(world.outbox.pop(0))  # the child starts; its news does not arrive yet
    kid = world.flow(expected_child_id(flow, "s"))
    assert flow.task("s").sub_workflow_id is None
    flow.terminate()
    world.holding = False
    world.settle()
    assert kid.status == "TERMINATED"


def test_a_child_that_was_never_started_is_not_started_after_its_parent_has_ended(world: World) -> None:
    world.holding = True
    flow = world.start(child("s", "c"))
    flow.terminate()
    world.holding = False
    world.settle()
    assert world.of_name("c") == []


def test_a_second_delivery_of_a_start_finds_the_first_child(world: World) -> None:
    world.holding = True
    flow = world.start(child("s", "c"))
    start = next(row for row in world.outbox if isinstance(row.message, StartChild))
    world.outbox.clear()
    world.deliver(start)
    world.deliver(start)
    world.holding = False
    world.settle()
    assert len(world.of_name("c")) == 1
    assert flow.child("s").status == "RUNNING"


def test_news_of_another_child_changes_nothing(world: World) -> None:
    flow = world.start(child("s", "c"))
    common = {"task_id": flow.task("s").task_id, "child_name": "c", "child_version": 1, "output": {}}
    flow.do(words.ChildChanged, child_id="stranger", status=WorkflowStatus.FAILED, **common)
    assert flow.status == "RUNNING"


def test_news_for_an_attempt_that_was_retried_changes_nothing(world: World) -> None:
    flow = world.start(child("s", "c"))
    old = flow.child("s")
    old.fail("x")
    flow.retry()
    common = {"task_id": flow.attempts("s")[0].task_id, "child_name": "c", "child_version": 1, "output": {}}
    flow.do(words.ChildChanged, child_id=old.id, status=WorkflowStatus.COMPLETED, **common)
    assert flow.standing == ["s FAILED", "s IN_PROGRESS"]


def test_a_child_that_cannot_be_started_fails_the_task(world: World) -> None:
    flow = world.start(child("s", "c", subWorkflowParam={"name": "c", "version": 99}))
    assert flow.standing == ["s FAILED"]
    assert "No such workflow defined" in (flow.reason or "")


def test_a_sub_workflow_without_parameters_fails_the_workflow(world: World) -> None:
    flow = world.start(node("s", "SUB_WORKFLOW"))
    assert (flow.status, flow.refs) == ("FAILED", [])
    assert "is missing subWorkflowParams" in (flow.reason or "")


def inner() -> dict[str, Json]:
    return {"name": "inner", "version": 3, "tasks": [node("y", inputParameters={"v": "${workflow.input.v}"})]}


def test_an_inline_definition_runs_without_being_registered_and_keeps_its_own_expressions(world: World) -> None:
    flow = world.start(child("s", "any", {"v": 1}, subWorkflowParam={"workflowDefinition": inner()}))
    kid = flow.child("s")
    assert (kid.run.workflow.name, kid.run.workflow.version) == ("inner", 3)
    assert kid.task("y").input.value == {"v": 1}
    assert world.shelf.workflow_definition("inner", None) is None


@pytest.mark.parametrize("given", [inner(), "${workflow.input.definition}"])
def test_children_with_a_definition_of_their_own_are_marked_dynamic(world: World, given: Json) -> None:
    made = child("s", "any", {"v": 1}, subWorkflowParam={"name": "any", "version": 1, "workflowDefinition": given})
    flow = world.start(made, input_={"definition": inner()})
    assert flow.child("s").run.workflow.input.value == {"v": 1, "_systemMetadata": {"dynamic": True}}
    assert "_systemMetadata" not in world.start(child("t", "c", {"v": 1})).child("t").run.workflow.input.value


def test_what_is_no_definition_fails_the_workflow(world: World) -> None:
    made = child("s", "any", subWorkflowParam={"name": "any", "version": 1, "workflowDefinition": "${workflow.input.definition}"})
    flow = world.start(made, input_={"definition": {"name": "x", "tasks": 7}})
    assert flow.status == "FAILED"
    assert "is not a workflow definition" in (flow.reason or "")


@pytest.mark.parametrize("version", ["1", 1, "${workflow.input.v}"])
def test_the_version_may_be_a_number_its_text_or_an_expression(world: World, version: Json) -> None:
    world.workflow("c", node("y"), version=2)
    flow = world.start(child("s", "c", subWorkflowParam={"name": "c", "version": version}), input_={"v": 1})
    assert flow.child("s").run.workflow.version == 1


def test_version_0_is_the_latest(world: World) -> None:
    world.workflow("c", node("y"), version=2)
    assert world.start(child("s", "c", subWorkflowParam={"name": "c", "version": 0})).child("s").run.workflow.version == 2


def test_a_start_delay_postpones_the_child(world: World) -> None:
    world.start(child("s", "c", startDelay=9))
    assert world.of_name("c") == []
    world.advance(9)
    assert len(world.of_name("c")) == 1


def test_secrets_stay_literal_on_their_way_into_a_child(world: World) -> None:
    flow = world.start(child("s", "c", {"key": "${workflow.secrets.KEY}"}))
    assert flow.child("s").run.workflow.input.value == {"key": "${workflow.secrets.KEY}"}


# START_WORKFLOW


def test_start_workflow_is_done_when_the_other_exists_and_does_not_wait_for_it(world: World) -> None:
    flow = world.start(node("o", "START_WORKFLOW", inputParameters={"startWorkflow": {"name": "c", "input": {"v": 1}}}), node("b"))
    (other,) = world.of_name("c")
    assert flow.standing == ["o COMPLETED", "b SCHEDULED"]
    assert flow.task("o").output.value == {"workflowId": other.id}
    assert (other.run.workflow.parent_workflow_id, other.run.workflow.input.value) == (None, {"v": 1})
    flow.terminate()
    assert other.status == "RUNNING"


@pytest.mark.parametrize("given", [{}, {"startWorkflow": None}])
def test_start_workflow_without_a_request_fails(world: World, given: dict[str, Json]) -> None:
    flow = world.start(node("o", "START_WORKFLOW", inputParameters=given))
    assert flow.task("o").reason == "Missing 'startWorkflow' in input data."


def test_start_workflow_of_a_workflow_that_does_not_exist_fails(world: World) -> None:
    flow = world.start(node("o", "START_WORKFLOW", inputParameters={"startWorkflow": {"name": "nobody"}}))
    assert flow.status == "FAILED"


def test_start_workflow_run_again_starts_another(world: World) -> None:
    flow = world.start(node("o", "START_WORKFLOW", inputParameters={"startWorkflow": {"name": "c"}}))
    flow.rerun("o")
    assert len(world.of_name("c")) == 2


def test_every_branch_has_its_own_child(world: World) -> None:
    flow = world.start(fork("f", [child("s", "c")], [child("t", "c")]))
    assert len({flow.child(ref).id for ref in "st"}) == 2
