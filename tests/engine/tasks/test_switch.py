"""SWITCH and DECISION take the branch that an expression names (spec/engine.md §3.8.4)."""

from __future__ import annotations

import pytest

from podium.model.json import Json
from tests.engine.given import inline, node, switch
from tests.engine.world import World


def test_the_matching_case_runs_and_then_what_follows(world: World) -> None:
    flow = world.start(switch("s", "a", {"a": [node("x"), node("y")], "b": [node("z")]}), node("end"))
    assert flow.standing == ["s COMPLETED", "x SCHEDULED"]
    flow.complete_all("x", "y", "end")
    assert flow.refs == ["s", "x", "y", "end"]
    assert flow.status == "COMPLETED"


def test_the_switch_says_what_it_chose(world: World) -> None:
    task = world.start(switch("s", "a", {"a": [node("x")]})).task("s")
    assert task.input.value == {"on": "a", "case": "a", "hasChildren": "true"}
    assert task.output.value == {"evaluationResult": ["a"], "selectedCase": "a"}


def test_an_absent_case_takes_the_default(world: World) -> None:
    assert world.start(switch("s", "c", {"a": [node("x")]}, [node("d")])).refs == ["s", "d"]


def test_a_present_but_empty_case_means_nothing(world: World) -> None:
    flow = world.start(switch("s", "a", {"a": [], "b": [node("x")]}, [node("d")]), node("end"))
    assert flow.refs == ["s", "end"]
    assert "hasChildren" not in flow.task("s").input.value


def test_no_match_and_no_default_completes_and_goes_on(world: World) -> None:
    assert world.start(switch("s", "c", {"a": [node("x")]}), node("end")).refs == ["s", "end"]


@pytest.mark.parametrize(("value", "case"), [(None, "null"), (True, "true"), (1, "1"), (1.5, "1.5")])
def test_the_case_is_the_text_of_the_value(world: World, value: Json, case: str) -> None:
    flow = world.start(switch("s", "${workflow.input.v}", {"a": []}), input_={"v": value})
    assert flow.task("s").output.value["selectedCase"] == case


def test_a_script_decides(world: World) -> None:
    script = {"evaluatorType": "javascript", "expression": "$.n > 3 ? 'big' : 'small'", "decisionCases": {"big": [node("x")]}}
    assert world.start(node("s", "SWITCH", inputParameters={"n": 5}, **script)).refs == ["s", "x"]


def test_a_script_error_creates_a_failed_switch(world: World) -> None:
    script = {"evaluatorType": "javascript", "expression": "nothing.here", "decisionCases": {"a": [node("x")]}}
    flow = world.start(node("s", "SWITCH", **script))
    assert flow.standing == ["s FAILED"]
    assert flow.status == "FAILED"


def test_the_failed_switch_may_be_optional(world: World) -> None:
    script = {"evaluatorType": "javascript", "expression": "nothing.here", "decisionCases": {"a": [node("x")]}, "optional": True}
    assert world.start(node("s", "SWITCH", **script), node("end")).standing == ["s COMPLETED_WITH_ERRORS", "end SCHEDULED"]


def test_an_unknown_evaluator_fails_the_workflow(world: World) -> None:
    flow = world.start(node("s", "SWITCH", evaluatorType="cobol", expression="x", decisionCases={"a": [node("x")]}))
    assert (flow.status, flow.reason, flow.refs) == ("FAILED", "No evaluator registered for type: cobol", [])


def test_switches_nest(world: World) -> None:
    inner = switch("t", "b", {"b": [node("x")]})
    flow = world.start(switch("s", "a", {"a": [inner, node("y")]}), node("end"))
    flow.complete_all("x", "y", "end")
    assert flow.refs == ["s", "t", "x", "y", "end"]
    assert flow.status == "COMPLETED"


def test_a_branch_that_ends_in_a_switch_without_children_goes_on(world: World) -> None:
    flow = world.start(switch("s", "a", {"a": [inline("x", "1"), switch("t", "none", {"b": []})]}), node("end"))
    assert flow.refs == ["s", "x", "t", "end"]


def decision(ref: str, value: Json, cases: dict[str, Json], **fields: Json) -> dict[str, Json]:
    return node(ref, "DECISION", inputParameters={"on": value}, caseValueParam="on", decisionCases=cases, **fields)


def test_a_decision_shows_its_case(world: World) -> None:
    task = world.start(decision("s", "a", {"a": [node("x")]})).task("s")
    assert task.output.value == {"caseOutput": ["a"]}
    assert task.input.value == {"case": "a", "hasChildren": "true"}


def test_an_empty_case_of_a_decision_takes_the_default(world: World) -> None:
    assert world.start(decision("s", "a", {"a": []}, defaultCase=[node("d")])).refs == ["s", "d"]


def test_a_null_value_of_a_decision_is_the_text_null(world: World) -> None:
    assert world.start(decision("s", None, {"null": [node("x")]})).refs == ["s", "x"]


def test_a_script_error_of_a_decision_fails_the_workflow(world: World) -> None:
    flow = world.start(node("s", "DECISION", caseExpression="nothing.here", decisionCases={"a": [node("x")]}))
    assert (flow.status, flow.refs) == ("FAILED", [])


def test_control_tasks_are_never_retried(world: World) -> None:
    script = {"evaluatorType": "javascript", "expression": "nothing.here", "decisionCases": {"a": [node("x")]}, "retryCount": 3}
    flow = world.start(node("s", "SWITCH", **script))
    assert flow.standing == ["s FAILED"]
