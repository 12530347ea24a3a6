"""FORK_JOIN_DYNAMIC: number and kind of branches are data (spec/engine.md §3.8.6, spec/tasks.md §3.2)."""

from __future__ import annotations

from typing import Any

import pytest

from podium.model.json import Json
from podium.model.status import TaskStatus
from tests.engine.given import dynamic_fork, fork, loop, node, switch
from tests.engine.world import World


def explicit(tasks: Json, inputs: Json) -> list[dict[str, Any]]:
    return dynamic_fork("f", {"tasks": tasks, "inputs": inputs})


def test_the_fork_is_executed_from_birth_and_names_its_branches(world: World) -> None:
    flow = world.start(explicit([node("a"), node("b")], {"a": {"n": 1}, "b": {}}))
    marker = flow.task("f")
    assert (marker.task_type, marker.status, marker.executed) == ("FORK", TaskStatus.COMPLETED, True)
    assert marker.input.value["forkedTasks"] == ["a", "b"]
    assert flow.standing == ["f COMPLETED", "a SCHEDULED", "b SCHEDULED", "f_join IN_PROGRESS"]


def test_the_join_keeps_its_own_parameters_and_names_the_branches(world: World) -> None:
    flow = world.start(dynamic_fork("f", {"tasks": [node("a")], "inputs": {}}, inputParameters={"kept": 1}))
    assert flow.task("f_join").input.value == {"kept": 1, "joinOn": ["a"]}


def test_the_input_of_a_branch_is_merged_over_its_parameters_and_resolved(world: World) -> None:
    branch = node("a", inputParameters={"x": 1, "y": 2})
    tasks, inputs = "${workflow.input.tasks}", {"a": {"y": 3, "z": "${workflow.input.v}"}}
    flow = world.start(dynamic_fork("f", {"tasks": tasks, "inputs": inputs}), input_={"tasks": [branch], "v": 9})
    assert flow.task("a").input.value == {"x": 1, "y": 3, "z": 9}


def test_expressions_that_came_with_the_data_are_resolved_too(world: World) -> None:
    given = {"tasks": [node("a")], "inputs": {"a": {"z": "${workflow.input.v}"}}, "v": 9}
    flow = world.start(dynamic_fork("f", {"tasks": "${workflow.input.tasks}", "inputs": "${workflow.input.inputs}"}), input_=given)
    assert flow.task("a").input.value == {"z": 9}


def test_no_branches_complete_the_join_at_once(world: World) -> None:
    flow = world.start(explicit([], {}), node("z"))
    assert flow.standing == ["f COMPLETED", "f_join COMPLETED", "z SCHEDULED"]


@pytest.mark.parametrize("tasks", [None, "text", [1], [{"name": "x"}]])
def test_a_list_that_is_none_fails_the_workflow_and_names_the_parameter(world: World, tasks: Json) -> None:
    flow = world.start(explicit(tasks, {}))
    assert flow.status == "FAILED"
    assert flow.reason is not None
    assert flow.reason.startswith("Input 'tasks' is invalid. Cannot deserialize a list of Workflow Tasks from '")


@pytest.mark.parametrize("inputs", [None, [1], "text"])
def test_inputs_that_are_no_map_fail_the_workflow(world: World, inputs: Json) -> None:
    flow = world.start(explicit([node("a")], inputs))
    assert flow.reason is not None
    assert flow.reason.startswith("Input to the dynamically forked tasks is not a map -> expecting a map of K,V  but found ")


def test_the_input_of_a_branch_must_be_a_map(world: World) -> None:
    flow = world.start(explicit([node("a")], {"a": 3}))
    assert flow.reason == "Tasks could not be dynamically forked due to invalid input: 3"


def test_a_reference_that_is_used_up_fails_the_workflow_and_names_it(world: World) -> None:
    flow = world.start(node("a", "NOOP"), explicit([node("a")], {}))
    assert flow.status == "FAILED"
    assert flow.reason is not None
    assert flow.reason.endswith("attempted to create a duplicate task reference name: a")


def test_two_branches_with_one_reference_become_one_task_that_is_named_twice(world: World) -> None:
    flow = world.start(explicit([node("a"), node("a", inputParameters={"second": True})], {}))
    assert flow.refs == ["f", "a", "f_join"]
    assert flow.task("f_join").input.value == {"joinOn": ["a", "a"]}
    flow.complete("a")
    assert flow.status == "COMPLETED"


def test_one_task_for_many_inputs(world: World) -> None:
    flow = world.start(dynamic_fork("f", {"forkTaskName": "pay", "forkTaskInputs": [{"n": 1}, 2, None]}))
    assert flow.refs == ["f", "_pay_0", "_pay_1", "_pay_2", "f_join"]
    assert flow.task("_pay_0").input.value == {"n": 1, "__index": 0}
    assert flow.task("_pay_1").input.value == {"input": 2, "__index": 1}
    assert flow.task("_pay_2").input.value == {"input": None, "__index": 2}


def test_the_second_dynamic_fork_prefixes_its_references(world: World) -> None:
    inputs = {"forkTaskName": "pay", "forkTaskInputs": [1]}
    flow = world.start(dynamic_fork("f", inputs), dynamic_fork("g", inputs))
    flow.complete("_pay_0")
    assert flow.task("_g_pay_0").status is TaskStatus.SCHEDULED


def test_iterations_of_one_fork_prefix_their_references(world: World) -> None:
    flow = world.start(loop("l", 2, *dynamic_fork("f", {"forkTaskName": "pay", "forkTaskInputs": [1]})))
    flow.complete("_pay_0__1")
    assert flow.task("_f_pay_0__2").status is TaskStatus.SCHEDULED
    flow.complete("_f_pay_0__2")
    assert flow.status == "COMPLETED"


def test_after_a_restart_the_first_fork_has_no_prefix_again(world: World) -> None:
    flow = world.start(dynamic_fork("f", {"forkTaskName": "pay", "forkTaskInputs": [1]}))
    flow.terminate().restart()
    assert flow.refs == ["f", "_pay_0", "f_join"]


def test_branches_may_be_children(world: World) -> None:
    world.workflow("c", node("x"))
    flow = world.start(dynamic_fork("f", {"forkTaskWorkflow": "c", "forkTaskWorkflowVersion": "1", "forkTaskInputs": [{"v": 1}, {"v": 2}]}))
    assert flow.child("_f_0").run.workflow.input.value == {"v": 1, "__index": 0}
    assert flow.task("_f_0").def_name == "c"
    flow.child("_f_0").complete("x")
    flow.child("_f_1").complete("x")
    assert flow.status == "COMPLETED"


def test_children_without_a_version_are_of_the_latest_and_say_so(world: World) -> None:
    world.workflow("c", node("x"))
    flow = world.start(dynamic_fork("f", {"forkTaskWorkflow": "c", "forkTaskName": "n", "forkTaskInputs": [{}]}))
    assert flow.task("_n_0").input.value["subWorkflowVersion"] == 1


def test_a_branch_without_definition_says_the_usual_response_timeout_and_is_not_held_to_it(world: World) -> None:
    flow = world.start(dynamic_fork("f", {"tasks": [node("a")], "inputs": {}}))
    assert flow.task("a").response_timeout_seconds == 3600
    assert flow.task("a").lease_ms == 0


def test_an_optional_fork_makes_its_branches_optional(world: World) -> None:
    world.task("pay", retryCount=0)
    made = dynamic_fork("f", {"forkTaskName": "pay", "forkTaskInputs": [1, 2]})
    made[0]["optional"] = True
    flow = world.start(made, node("z"))
    flow.fail("_pay_0").complete("_pay_1")
    assert flow.standing[1:] == ["_pay_0 COMPLETED_WITH_ERRORS", "_pay_1 COMPLETED", "f_join COMPLETED_WITH_ERRORS", "z SCHEDULED"]


def test_the_older_form_lists_its_tasks_in_one_object(world: World) -> None:
    given = {"dynamicTasks": [{"taskName": "pay", "referenceName": "p", "input": {"n": 1}}]}
    made = node("f", "FORK_JOIN_DYNAMIC", inputParameters={"d": given}, dynamicForkJoinTasksParam="d")
    flow = world.start(made, node("j", "JOIN"))
    assert (flow.task("p").task_type, flow.task("p").input.value) == ("pay", {"n": 1})


def test_a_dynamic_fork_without_a_join_fails_the_workflow(world: World) -> None:
    flow = world.start(explicit([node("a")], {})[0], node("z"))
    assert flow.reason == "Dynamic join definition is not followed by a join task.  Check the workflow definition."


def test_a_branch_has_the_registered_definition_of_its_name_and_retries(world: World) -> None:
    world.task("pay", retryCount=1, retryDelaySeconds=0)
    flow = world.start(explicit([{**node("a"), "name": "pay"}], {"a": {"me": "${CPEWF_TASK_ID}"}}))
    flow.fail("a")
    first, second = flow.attempts("a")
    assert second.status is TaskStatus.SCHEDULED
    assert (first.input.value["me"], second.input.value["me"]) == (first.task_id, second.task_id)


def test_a_branch_without_definition_has_no_retries_whatever_it_says(world: World) -> None:
    flow = world.start(explicit([node("a", retryCount=3)], {}))
    flow.fail("a")
    assert flow.status == "FAILED"


def test_a_branch_may_hold_branches(world: World) -> None:
    flow = world.start(explicit([switch("s", "a", {"a": [node("x")]}), node("b")], {}))
    assert flow.refs == ["f", "s", "x", "b", "f_join"]
    assert flow.task("f_join").input.value == {"joinOn": ["x", "b"]}
    flow.complete_all("x", "b")
    assert flow.status == "COMPLETED"


def test_a_dynamic_fork_in_a_branch_of_another(world: World) -> None:
    inner = node("g", "FORK_JOIN_DYNAMIC", inputParameters={"forkTaskName": "pay", "forkTaskInputs": [1]})
    flow = world.start(fork("h", explicit([node("a")], {}), [inner, node("g_join", "JOIN")]))
    for ref in ("a", "_h_pay_0", "_g_pay_0", "_pay_0"):
        if ref in flow.refs:
            flow.complete(ref)
    assert flow.status == "COMPLETED"
