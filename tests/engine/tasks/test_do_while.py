"""DO_WHILE runs its body until a condition is false or its items are used up (spec/engine.md §3.7)."""

from __future__ import annotations

from typing import Any

import pytest

from podium.model.command import TerminateWorkflow
from podium.model.json import Json
from podium.model.status import TaskStatus
from tests.engine.given import child, dynamic_fork, ending, fork, inline, loop, node, setting, switch, wait
from tests.engine.world import World


def test_iterations_have_suffixed_references_and_the_loop_counts_them(world: World) -> None:
    flow = world.start(loop("l", 2, node("a")))
    assert flow.refs == ["l", "a__1"]
    assert (flow.task("l").iteration, flow.task("a__1").iteration) == (1, 1)
    flow.complete("a__1")
    assert flow.refs == ["l", "a__1", "a__2"]
    flow.complete("a__2")
    assert flow.status == "COMPLETED"


def test_the_output_has_the_iterations_and_their_number(world: World) -> None:
    flow = world.start(loop("l", 2, node("a"), node("b")))
    for ref in ("a__1", "b__1", "a__2", "b__2"):
        flow.complete(ref, {"of": ref})
    assert flow.task("l").output.value == {
        "1": {"a": {"of": "a__1"}, "b": {"of": "b__1"}},
        "2": {"a": {"of": "a__2"}, "b": {"of": "b__2"}},
        "iteration": 2,
    }


def test_an_open_loop_shows_the_iterations_that_are_over(world: World) -> None:
    flow = world.start(loop("l", 2, node("a"), node("b")))
    flow.complete("a__1", {"n": 1})
    assert flow.task("l").output.value == {"iteration": 1}
    flow.complete("b__1", {"n": 2})
    assert flow.task("l").output.value == {"1": {"a": {"n": 1}, "b": {"n": 2}}, "iteration": 2}


def test_a_canceled_loop_shows_the_iterations_that_were_over(world: World) -> None:
    world.task("a", retryCount=0)
    flow = world.start(loop("l", 3, node("a")))
    flow.complete("a__1", {"n": 1})
    flow.fail("a__2")
    assert flow.task("l").status is TaskStatus.CANCELED
    assert flow.task("l").output.value == {"1": {"a": {"n": 1}}, "iteration": 2}


def test_older_iterations_are_forgotten_when_the_next_one_begins(world: World) -> None:
    flow = world.start(loop("l", 3, node("a"), inputParameters={"keepLastN": 1}))
    flow.complete("a__1", {"n": 1})
    assert flow.refs == ["l", "a__2"]
    assert flow.task("l").output.value == {"1": {"a": {"n": 1}}, "iteration": 2}
    flow.complete("a__2", {"n": 2})
    assert flow.refs == ["l", "a__3"]
    assert flow.task("l").output.value == {"2": {"a": {"n": 2}}, "iteration": 3}
    flow.complete("a__3", {"n": 3})
    assert flow.task("l").output.value == {"3": {"a": {"n": 3}}, "iteration": 3}


def test_a_loop_that_was_looked_at_in_the_decision_that_ends_it_shows_its_open_iteration(world: World) -> None:
    flow = world.start(loop("l", 3, node("a"), ending("e", "COMPLETED", workflowOutput={"o": 1})))
    flow.complete("a__1", {"n": 1})
    assert flow.task("l").status is TaskStatus.CANCELED
    assert flow.task("l").output.value == {"1": {"a": {"n": 1}, "e": {}}, "iteration": 1}


def test_a_permissive_failure_without_a_reason_fails_the_loop_for_null(world: World) -> None:
    world.task("a", retryCount=0)
    flow = world.start(loop("l", 3, node("a", permissive=True)))
    flow.fail("a__1")
    assert flow.task("l").reason == "null "


def test_a_condition_sees_the_iteration_that_is_over_by_its_number(world: World) -> None:
    flow = world.start(node("l", "DO_WHILE", loopCondition="$.l['1'].a.n > 1 && $.l.iteration < 2", loopOver=[node("a")]))
    flow.complete("a__1", {"n": 2})
    assert "a__2" in flow.refs


def test_branches_of_a_dynamic_fork_are_not_in_the_output_of_a_loop(world: World) -> None:
    forked = dynamic_fork("f", {"tasks": [node("a")], "inputs": {}})
    flow = world.start(loop("l", 1, *forked))
    flow.complete("a__1", {"n": 1})
    assert flow.task("l").output.value == {"1": {"f": {}, "f_join": {"a__1": {"n": 1}}}, "iteration": 1}


def test_it_runs_once_when_the_condition_is_false(world: World) -> None:
    flow = world.start(node("l", "DO_WHILE", loopCondition="false", loopOver=[inline("a", "1")]))
    assert flow.task("l").output.value == {"1": {"a": {"result": 1}}, "iteration": 1}


@pytest.mark.parametrize(
    ("condition", "more"), [("true", True), ("1", True), ("0", False), ("'yes'", False), ("null", False), ("({})", False)]
)
def test_only_true_and_positive_numbers_go_on(world: World, condition: str, more: bool) -> None:
    flow = world.start(node("l", "DO_WHILE", loopCondition=condition, loopOver=[node("a")]))
    flow.complete("a__1")
    assert ("a__2" in flow.refs) is more


def test_a_condition_that_breaks_fails_the_loop_for_good(world: World) -> None:
    flow = world.start(node("l", "DO_WHILE", loopCondition="nothing.here", loopOver=[inline("a", "1")]))
    assert flow.task("l").status is TaskStatus.FAILED_WITH_TERMINAL_ERROR
    assert (flow.task("l").reason or "").startswith("Unable to evaluate condition nothing.here, exception ")
    assert flow.status == "FAILED"


def test_the_condition_sees_body_outputs_variables_and_its_inputs_as_they_are_now(world: World) -> None:
    made = node(
        "l",
        "DO_WHILE",
        inputParameters={"top": "${workflow.variables.top}"},
        loopCondition="$.a.result < $.top",
        loopOver=[inline("a", "$.i", i="${l.output.iteration}"), setting("s", top=3)],
    )
    flow = world.start(made)
    assert flow.task("l").iteration == 3
    assert flow.status == "COMPLETED"


def test_outside_of_the_loop_a_bare_reference_is_the_latest_iteration(world: World) -> None:
    made = setting("s", latest="${a.output.result}", first="${l.output.1.a.result}")
    assert world.start(loop("l", 3, inline("a", "$.i", i="${l.output.iteration}")), made).variables == {"latest": 3, "first": 1}


def test_500_iterations_without_a_worker_complete_in_one_decision(world: World) -> None:
    flow = world.start(loop("l", 500, setting("s", i="${l.output.iteration}")))
    assert (flow.status, flow.variables, flow.run.workflow.revision) == ("COMPLETED", {"i": 500}, 1)


def test_the_condition_waits_for_the_whole_iteration(world: World) -> None:
    flow = world.start(loop("l", 2, inline("a", "1"), switch("s", "x", {"x": [inline("b", "2"), node("c")]})))
    assert flow.refs == ["l", "a__1", "s__1", "b__1", "c__1"]
    assert flow.task("l").iteration == 1
    flow.complete("c__1")
    assert flow.refs[5:] == ["a__2", "s__2", "b__2", "c__2"]


def test_wait_and_switch_in_a_body_advance_over_iterations(world: World) -> None:
    flow = world.start(loop("l", 2, wait("w", "5s"), switch("s", "${l.output.iteration}", {"1": [node("a")]})))
    world.advance(5)
    flow.complete("a__1")
    world.advance(5)
    assert flow.refs == ["l", "w__1", "s__1", "a__1", "w__2", "s__2"]
    assert flow.status == "COMPLETED"


def test_forks_in_a_body(world: World) -> None:
    flow = world.start(loop("l", 2, *fork("f", [node("a")], [node("b"), node("c")])), node("z"))
    flow.complete_all("a__1", "b__1", "c__1", "b__2", "c__2", "a__2", "z")
    assert flow.status == "COMPLETED"
    assert flow.task("l").output.value["2"] == {"f": {}, "a": {}, "b": {}, "c": {}, "f_join": {}}


def test_dynamic_forks_in_a_body(world: World) -> None:
    flow = world.start(loop("l", 2, *dynamic_fork("f", {"tasks": [node("a"), node("b")], "inputs": {}})), node("z"))
    flow.complete_all("a__1", "b__1", "b__2", "a__2", "z")
    assert flow.status == "COMPLETED"


def test_children_in_a_body(world: World) -> None:
    world.workflow("c", node("x"))
    flow = world.start(loop("l", 2, child("s", "c")))
    flow.child("s__1").complete("x", {"v": 1})
    flow.child("s__2").complete("x", {"v": 2})
    assert flow.status == "COMPLETED"
    assert flow.child("s__1").id != flow.child("s__2").id


def test_a_loop_may_be_a_branch(world: World) -> None:
    flow = world.start(fork("f", [loop("l", 2, node("a"))], [node("b")]), node("z"))
    flow.complete_all("a__1", "b", "a__2", "z")
    assert flow.status == "COMPLETED"


def test_two_loops_in_a_row_do_not_interfere(world: World) -> None:
    flow = world.start(loop("l", 2, node("a")), loop("m", 2, node("b")))
    flow.complete_all("a__1", "a__2", "b__1", "b__2")
    assert flow.status == "COMPLETED"


def test_loops_nest_and_name_every_iteration_around(world: World) -> None:
    flow = world.start(loop("outer", 2, loop("inner", 2, node("a")), node("b")))
    flow.complete_all("a__1__1", "a__1__2", "b__1", "a__2__1", "a__2__2", "b__2")
    assert flow.status == "COMPLETED"
    assert [task.ref for task in flow.tasks if task.task_type == "DO_WHILE"] == ["outer", "inner__1", "inner__2"]
    assert flow.task("inner__2").output.value == {"1": {"a": {}}, "2": {"a": {}}, "iteration": 2}


def test_the_condition_of_an_inner_loop_sees_the_inner_loop(world: World) -> None:
    body = loop("inner", 3, inline("a", "$.i * 10 + $.o", i="${inner.output.iteration}", o="${outer.output.iteration}"))
    flow = world.start(loop("outer", 2, body))
    assert [task.output.value["result"] for task in flow.tasks if task.base_ref == "a"] == [11, 21, 31, 12, 22, 32]


def test_an_update_by_reference_finds_the_current_iteration(world: World) -> None:
    from podium.model import command as words

    flow = world.start(loop("l", 2, node("a")))
    flow.complete("a__1")
    task = flow.do(words.UpdateTaskByRef, ref="a", status=TaskStatus.COMPLETED, output={"k": 1})
    assert (task.ref, flow.status) == ("a__2", "COMPLETED")


def test_a_failed_body_task_is_retried_in_its_iteration(world: World) -> None:
    world.task("a", retryCount=1, retryDelaySeconds=0)
    flow = world.start(loop("l", 2, node("a")))
    flow.complete("a__1").fail("a__2")
    first, second = flow.attempts("a__2")
    assert (first.retried, second.iteration, second.status) == (True, 2, TaskStatus.SCHEDULED)
    assert flow.task("l").status is TaskStatus.IN_PROGRESS
    flow.complete("a__2")
    assert flow.status == "COMPLETED"


def test_a_body_task_that_fails_for_good_cancels_the_loop(world: World) -> None:
    world.task("a", retryCount=0)
    flow = world.start(loop("l", 2, node("a")))
    flow.fail("a__1")
    assert flow.standing == ["l CANCELED", "a__1 FAILED"]


def test_a_permissive_body_task_that_fails_lets_the_iteration_end_and_fails_the_loop(world: World) -> None:
    world.task("a", retryCount=0)
    flow = world.start(loop("l", 2, node("a", permissive=True), node("b")))
    flow.fail("a__1", "broken").complete("b__1")
    assert (flow.task("l").status, flow.task("l").reason) == (TaskStatus.FAILED, "broken ")
    assert flow.status == "FAILED"


def test_an_optional_body_task_that_fails_does_not_break_the_loop(world: World) -> None:
    world.task("a", retryCount=0)
    flow = world.start(loop("l", 2, node("a", optional=True)))
    flow.fail("a__1").fail("a__2")
    assert flow.status == "COMPLETED"


def test_keep_last_n_drops_the_tasks_and_outputs_of_older_iterations(world: World) -> None:
    flow = world.start(loop("l", 5, inline("a", "$.i", i="${l.output.iteration}"), inputParameters={"keepLastN": 2}))
    assert flow.refs == ["l", "a__4", "a__5"]
    assert flow.task("l").output.value == {"4": {"a": {"result": 4}}, "5": {"a": {"result": 5}}, "iteration": 5}


def test_keep_last_n_drops_what_loops_in_dropped_iterations_held(world: World) -> None:
    flow = world.start(loop("l", 3, loop("m", 2, setting("s", k=1)), inputParameters={"keepLastN": 1}))
    assert flow.refs == ["l", "m__3", "s__3__1", "s__3__2"]


def test_keep_last_n_leaves_no_traces_in_memory(world: World) -> None:
    flow = world.start(loop("l", 200, setting("s", k=1), *fork("f", [inline("a", "1")]), inputParameters={"keepLastN": 1}))
    assert len(flow.run.index.loop_tasks) == len(flow.refs) - 1
    assert len(flow.run.index.last) == len(flow.refs)


def test_the_list_decides_how_often_and_the_body_sees_index_and_item(world: World) -> None:
    body = inline("a", "$.i + ':' + $.x", i="${l.output.loopIndex}", x="${l.output.loopItem}")
    flow = world.start(
        node("l", "DO_WHILE", items="${workflow.input.list}", loopCondition="", loopOver=[body]), input_={"list": ["x", "y"]}
    )
    assert [task.output.value["result"] for task in flow.tasks if task.base_ref == "a"] == ["0:x", "1:y"]
    assert flow.task("l").output.value["loopIndex"] == 1


@pytest.mark.parametrize("items", [[], None])
def test_an_empty_list_completes_with_iteration_0_and_no_tasks(world: World, items: Json) -> None:
    made = node("l", "DO_WHILE", items="${workflow.input.list}", loopCondition="", loopOver=[node("a")])
    flow = world.start(made, input_={"list": items, "k": 1})
    assert (flow.standing, flow.task("l").output.value) == (["l COMPLETED"], {"iteration": 0})


def test_a_scalar_is_a_list_of_one(world: World) -> None:
    made = node("l", "DO_WHILE", items="${workflow.input.list}", loopCondition="", loopOver=[inline("a", "1")])
    assert world.start(made, input_={"list": "x"}).task("l").output.value["loopItem"] == "x"


def test_a_list_ends_early_when_its_condition_is_false(world: World) -> None:
    made = node("l", "DO_WHILE", items="${workflow.input.list}", loopCondition="$.loopIndex < 1", loopOver=[inline("a", "1")])
    assert world.start(made, input_={"list": [1, 2, 3, 4]}).task("l").iteration == 2


@pytest.mark.parametrize("parameters", [{"_items": [1, 2, 3]}, {"_items": "${workflow.input.list}"}])
def test_items_may_be_a_parameter(world: World, parameters: dict[str, Any]) -> None:
    made = node("l", "DO_WHILE", inputParameters=parameters, loopCondition="", loopOver=[inline("a", "1")])
    assert world.start(made, input_={"list": [1, 2, 3]}).task("l").iteration == 3


def test_the_documented_items_parameter_decides_alone(world: World) -> None:
    made = node("l", "DO_WHILE", inputParameters={"items": [1, 2]}, loopCondition="$.l['iteration'] < 0", loopOver=[inline("a", "1")])
    assert world.start(made).task("l").iteration == 2


def test_domains_apply_in_every_iteration(world: World) -> None:
    flow = world.start(loop("l", 2, node("a")), started={"task_to_domain": {"a": "d"}})
    flow.complete("a__1")
    assert [task.domain for task in flow.tasks if task.base_ref == "a"] == ["d", "d"]


def test_a_terminate_in_the_body_ends_the_workflow(world: World) -> None:
    flow = world.start(loop("l", 100, switch("s", "${l.output.iteration}", {"3": [ending("t", workflowOutput={"n": 3})]})))
    assert (flow.status, flow.output) == ("COMPLETED", {"n": 3})


def test_a_loop_without_any_waiting_is_decided_in_pieces_and_can_be_ended_between_them(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("podium.engine.advance.MOST_WORK", 30)
    world.holding = True  # nothing goes on by itself
    flow = world.start(node("l", "DO_WHILE", loopCondition="true", loopOver=[setting("s", k=1)]))
    pieces = [flow.task("l").iteration]
    for _ in range(3):
        assert (flow.status, flow.run.workflow.unfinished, flow.run.workflow.wake_at) == ("RUNNING", True, world.now)
        world.tick()
        pieces.append(flow.task("l").iteration)
    assert pieces == sorted(set(pieces))
    world.do(TerminateWorkflow(workflow_id=flow.id))
    assert (flow.status, flow.run.workflow.wake_at) == ("TERMINATED", 0)


def test_a_long_loop_decided_in_pieces_comes_to_the_same_end(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("podium.engine.advance.MOST_WORK", 7)
    world.holding = True  # nothing goes on by itself
    flow = world.start(loop("l", 20, setting("s", i="${l.output.iteration}")), node("z"))
    while flow.run.workflow.unfinished:
        world.tick()
    assert flow.task("l").iteration == 20
    assert flow.run.workflow.variables.value == {"i": 20}
    assert [task.ref for task in flow.run.listed()] == ["l", *(f"s__{n}" for n in range(1, 21)), "z"]


def test_a_body_without_tasks_is_over_at_once(world: World) -> None:
    flow = world.start(loop("l", 2, loop("empty", 3), node("a")))
    flow.complete_all("a__1", "a__2")
    assert (flow.status, flow.task("empty__1").iteration) == ("COMPLETED", 3)


def test_a_retried_loop_gathers_its_iteration_anew(world: World) -> None:
    world.task("a", retryCount=0)
    flow = world.start(loop("l", 1, node("a")))
    flow.report("a__1", "FAILED", {"n": "old"})
    flow.retry().complete("a__1", {"n": "new"})
    assert flow.task("l").output.value == {"1": {"a": {"n": "new"}}, "iteration": 1}
