"""Start: a run begins with its first tasks already there (spec/engine.md §2)."""

from __future__ import annotations

import pytest

from podium.engine.decide import decide
from podium.engine.definitions import complete, definition_hash
from podium.errors import Conflict, Invalid, NotFound
from podium.model import command as words
from podium.model.status import WorkflowStatus
from tests.engine.given import child, defined, inline, node, setting
from tests.engine.world import NOW, World


def test_the_first_tasks_are_there_when_start_returns(world: World) -> None:
    flow = world.start(inline("a", "1"), node("b"))
    assert flow.standing == ["a COMPLETED", "b SCHEDULED"]
    workflow = flow.run.workflow
    assert (workflow.status, workflow.create_time, workflow.revision) == (WorkflowStatus.RUNNING, NOW, 1)


def test_the_input_template_fills_absent_and_null_keys_only(world: World) -> None:
    flow = world.start(node("a"), input_={"x": 1, "y": None}, inputTemplate={"x": 9, "y": 2, "z": {"raw": "${workflow.input.x}"}})
    assert flow.run.workflow.input.value == {"x": 1, "y": 2, "z": {"raw": "${workflow.input.x}"}}


def test_an_empty_input_gets_no_template_and_keeps_its_external_path(world: World) -> None:
    flow = world.start(node("a"), started={"input_path": "stored/1"}, inputTemplate={"x": 9})
    assert (flow.run.workflow.input.value, flow.run.workflow.input_path) == ({}, "stored/1")


def test_an_external_path_beside_an_input_is_ignored(world: World) -> None:
    flow = world.start(node("a"), input_={"x": 1}, started={"input_path": "stored/1"})
    assert flow.run.workflow.input_path is None


def test_variables_begin_as_the_definition_says(world: World) -> None:
    assert world.start(node("a"), variables={"v": 1}).variables == {"v": 1}


def test_a_definition_without_tasks_completes_and_says_so(world: World) -> None:
    world.workflow("f", node("x"))
    flow = world.start(failureWorkflow="f")
    assert (flow.status, flow.refs, flow.reason) == ("COMPLETED", [], "No tasks found to be executed")
    assert len(world.of_name("f")) == 1  # it ends as a failure does, so this is started all the same


def test_starting_twice_is_refused(world: World) -> None:
    flow = world.start(node("a"))
    again = words.StartWorkflow(workflow_id=flow.id, definition=flow.program.definition, definition_hash="h", input={})
    error = decide(flow.run, [again], world.now).results[0].error
    assert isinstance(error, Conflict)


def test_the_snapshot_holds_every_task_definition(world: World) -> None:
    world.task("known", retryCount=7)
    completed = complete(defined("w", node("known"), node("unknown"), node("q", "HTTP")), world.shelf)
    policies = [task.task_definition for task in completed.tasks]
    assert [(policy.retry_count, policy.response_timeout_seconds) for policy in policies if policy] == [(7, 3600), (3, 3600), (0, 0)]


def test_the_snapshot_reaches_into_every_container(world: World) -> None:
    from tests.engine.given import fork, loop, switch

    tasks = [switch("s", "a", {"a": [node("c1")]}, [node("c2")]), *fork("f", [node("c3")]), loop("l", 1, node("c4"))]
    completed = complete(defined("w", tasks), world.shelf)
    nested = [completed.tasks[0].decision_cases["a"][0], completed.tasks[0].default_case[0]]
    nested += [completed.tasks[1].fork_tasks[0][0], completed.tasks[3].loop_over[0]]
    assert all(task.task_definition is not None for task in nested)


def test_the_latest_child_version_is_pinned_at_the_parent_s_start(world: World) -> None:
    world.workflow("c", node("x"), version=1)
    world.workflow("c", node("x"), version=2)
    flow = world.start(node("a"), child("s", "c"))
    world.workflow("c", node("x"), version=3)
    flow.complete("a")
    assert flow.child("s").run.workflow.version == 2


def test_an_unknown_child_refuses_the_start(world: World) -> None:
    with pytest.raises(NotFound, match="The Task nobody defined as a sub-workflow has no workflow definition available "):
        world.start(child("s", "nobody"))
    assert world.runs == {}


def test_a_simple_task_without_a_name_refuses_the_start(world: World) -> None:
    with pytest.raises(Invalid, match="WorkflowTask name cannot be empty or null"):
        world.start({**node("a"), "name": " "})


def test_the_hash_names_the_content(world: World) -> None:
    first, same, other = (complete(defined("w", node(ref)), world.shelf) for ref in ("a", "a", "b"))
    assert definition_hash(first) == definition_hash(same) != definition_hash(other)


def test_runs_share_a_definition_that_is_never_edited(world: World) -> None:
    definition = world.workflow("w", setting("s", v="${workflow.input.v}"), node("a", inputParameters={"v": "${workflow.variables.v}"}))
    flows = [world.start_named("w", input_={"v": n}) for n in range(3)]
    assert [flow.task("a").input.value for flow in flows] == [{"v": 0}, {"v": 1}, {"v": 2}]
    assert definition == world.shelf.workflow_definition("w", 1)


def test_a_mapping_error_creates_a_failed_workflow(world: World) -> None:
    flow = world.start(node("f", "FORK_JOIN", forkTasks=[[node("a")]]))
    assert (flow.status, flow.refs) == ("FAILED", [])
