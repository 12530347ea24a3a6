"""Compiling: what comes out is plain, and what cannot be compiled is refused on registration."""

from __future__ import annotations

import pytest

from podium.engine.operators import has_operators, plain
from podium.engine.operators.rewriting import rename
from podium.engine.operators.scope import nodes_of
from podium.engine.tasks import TASK_TYPES
from podium.engine.validation import validate_workflow_definition
from podium.model.definition import WorkflowDef, WorkflowTask
from podium.model.shape import shape
from tests.engine.given import Node, child, defined, dynamic_fork, fork, inline, loop, node, setting, switch
from tests.engine.operators.given import for_each, try_catch
from tests.engine.world import World

EVERYTHING = [
    setting("set", v=1),
    try_catch("safe", [node("a"), setting("more", w="${workflow.variables.v}")], [inline("c", "1")], [node("z")]),
    for_each("each", "${workflow.input.xs}", try_catch("inner", [node("b")], [node("d")]), concurrency=3),
    switch("sw", "${a.output.x}", {"1": [for_each("other", [1], node("e"))]}),
]


def problems(world: World, *tasks: Node) -> list[tuple[str, str]]:
    return [(problem.path, problem.message) for problem in validate_workflow_definition(defined("w", *tasks), world.shelf)]


def types_in(definition: WorkflowDef) -> set[str]:
    found: set[str] = set()
    for one in nodes_of(definition.tasks):
        found.add(one.type)
        inner = one.sub_workflow_param.workflow_definition if one.sub_workflow_param else None
        found |= types_in(inner) if isinstance(inner, WorkflowDef) else set()
    return found


def test_a_plain_definition_is_left_as_it_is() -> None:
    definition = defined("w", node("a"), *fork("f", [node("b")]))
    assert plain(definition) is definition


def test_what_comes_out_is_plain_all_the_way_down(world: World) -> None:
    compiled = plain(defined("w", *EVERYTHING))
    assert not has_operators(compiled)
    assert types_in(compiled) <= set(TASK_TYPES)
    assert plain(compiled) is compiled
    assert validate_workflow_definition(compiled, world.shelf) == []


def test_the_definition_of_a_child_is_compiled_too() -> None:
    inner = {"name": "inner", "tasks": [for_each("each", [1], node("a"))]}
    definition = defined("w", child("c", "inner", subWorkflowParam={"name": "inner", "workflowDefinition": inner}))
    assert has_operators(definition)
    assert not has_operators(plain(definition))


def test_secrets_and_the_environment_are_read_where_they_are_used() -> None:
    tried = node("a", inputParameters={"k": "${workflow.secrets.key}", "e": "${workflow.env.e}", "i": "${workflow.input.i}"})
    (task, *_) = plain(defined("w", try_catch("safe", [tried], [node("c")]))).tasks
    assert task.input_parameters == {"outer": {"workflow_input_i": "${workflow.input.i}"}}
    assert task.sub_workflow_param is not None
    assert isinstance(task.sub_workflow_param.workflow_definition, WorkflowDef)
    assert task.sub_workflow_param.workflow_definition.tasks[0].input_parameters == {
        "k": "${workflow.secrets.key}",
        "e": "${workflow.env.e}",
        "i": "${workflow.input.outer.workflow_input_i}",
    }


def test_expressions_with_like_words_are_told_apart(world: World) -> None:
    read = inline("i", "[$.a, $.b]", a="${workflow.input.x_y}", b="${workflow.input.x.y}")
    flow = world.start(try_catch("safe", [read], [node("c")]), input_={"x_y": 1, "x": {"y": 2}})
    assert flow.child("safe_try").task("i").output.value["result"] == [1, 2]


def test_an_expression_that_reads_inside_and_outside_at_once_is_refused(world: World) -> None:
    tried = [node("a"), node("b", inputParameters={"x": "${workflow.input.${a.output.key}}"})]
    ((path, message),) = problems(world, try_catch("safe", tried, [node("c")]))
    assert path == "$.tasks"
    assert "${workflow.input.${a.output.key}} reads from inside and from outside of the block 'safe_try'" in message


def test_nested_expressions_of_one_side_are_fine(world: World) -> None:
    given = {"x": "${workflow.input.${workflow.input.key}}", "y": "${a.output.${workflow.input.field}}"}
    tried = [inline("a", "'k'"), node("b", "INLINE", inputParameters={"evaluatorType": "javascript", "expression": "[$.x, $.y]", **given})]
    flow = world.start(try_catch("safe", tried, [node("c")]), input_={"key": "v", "v": 3, "field": "result"})
    assert flow.child("safe_try").task("b").output.value["result"] == [3, "k"]


@pytest.mark.parametrize(
    ("task", "path"),
    [
        (for_each("each", None, node("a")), "inputParameters.items"),
        (for_each("each", [1]), "loopOver"),
        (for_each("each", [1], node("a"), concurrency=0), "inputParameters.concurrency"),
        (for_each("each", [1], node("a"), concurrency=101), "inputParameters.concurrency"),
        (for_each("each", [1], node("a"), concurrency="${workflow.input.n}"), "inputParameters.concurrency"),
        (for_each("each", [1], node("a"), concurrency=True), "inputParameters.concurrency"),
        (for_each("each", [1], node("a"), optional=True), "optional"),
        (for_each("each", [1], node("s", "SWITCH", expression="x", decisionCases={"1": [node("b")]})), "loopOver[0].evaluatorType"),
        (try_catch("safe", [], [node("a")]), "decisionCases['try']"),
        (try_catch("safe", [node("a")]), "decisionCases"),
        (try_catch("safe", [node("a")], [node("b")], optional=True), "optional"),
        (node("safe", "TRY_CATCH", decisionCases={"try": [node("a")], "catch": [node("b")], "else": [node("c")]}), "decisionCases['else']"),
    ],
)
def test_what_an_operator_lacks_is_said_on_registration(world: World, task: Node, path: str) -> None:
    assert [place for place, _ in problems(world, task)] == [f"$.tasks[0].{path}"]


def test_lanes_in_lanes_are_bounded(world: World) -> None:
    body = node("a")
    for number in range(8):
        body = for_each(f"each{number}", [1], body, concurrency=100)
    ((_, message),) = problems(world, body)
    assert "more than 20000 tasks; lower the concurrency" in message


def test_blocks_in_blocks_are_bounded(world: World) -> None:
    body = node("a")
    for number in range(40):
        body = try_catch(f"t{number}", [body], [node(f"c{number}")])
    ((_, message),) = problems(world, body)
    assert "is nested too deeply" in message


@pytest.mark.parametrize("ref", ["each_items", "each_lane2", "a_lane1"])
def test_a_name_that_an_operator_needs_is_taken(world: World, ref: str) -> None:
    ((_, message),) = problems(world, for_each("each", [1], node("a"), concurrency=2), node(ref))
    assert message == f"{ref} is the name of a task that an operator needs"


def test_an_operator_cannot_be_forked_dynamically(world: World) -> None:
    flow = world.start(*dynamic_fork("f", {"tasks": [for_each("each", [1], node("a"))], "inputs": {}}))
    assert flow.status == "FAILED"
    assert "Task 'each' of type FOR_EACH cannot be forked dynamically; fork a SUB_WORKFLOW" in (flow.reason or "")


def test_scripts_of_loops_follow_the_names_and_those_over_own_inputs_do_not(world: World) -> None:
    body = loop("l", 0, inline("n", "$.n", n="${l.output.iteration}"), loopCondition="$['n'].result < 2")
    flow = world.start(for_each("each", [1, 2], body, concurrency=2))
    assert flow.status == "COMPLETED", flow.reason
    assert [flow.task(f"l_lane{lane}__1").iteration for lane in (1, 2)] == [2, 2]


def test_a_script_of_a_join_follows_the_names() -> None:
    join = shape(node("j", "JOIN", joinOn=["a", "b"], expression="$.a.outputData && $['b'] && $.ab && '${a.output}'"), WorkflowTask)
    renamed = rename(join, {"a": "a_lane1", "b": "b_lane1", "j": "j_lane1"})
    assert (renamed.task_reference_name, renamed.join_on) == ("j_lane1", ["a_lane1", "b_lane1"])
    assert renamed.expression == "$['a_lane1'].outputData && $['b_lane1'] && $.ab && '${a.output}'"
