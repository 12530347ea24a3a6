"""Schemas of inputs and outputs (spec/engine.md §10.8, spec/platform.md §5)."""

from __future__ import annotations

import pytest

from podium.engine.schema import compile_schema, schema_problem
from podium.errors import Invalid
from podium.model.definition import SchemaDef, SchemaType
from podium.model.json import Json, JsonObject
from podium.model.status import TaskStatus, WorkflowStatus
from tests.engine.given import child, dynamic_fork, fork, inline, node
from tests.engine.world import World

NUMBER: JsonObject = {"type": "object", "required": ["n"], "properties": {"n": {"type": "integer", "minimum": 3}}}
GIVEN = {"type": "JSON", "data": NUMBER}


def messages(data: JsonObject, value: Json) -> list[str]:
    compiled = compile_schema(SchemaDef(type=SchemaType.JSON, data=data))
    assert compiled is not None
    return [problem.message for problem in compiled.violations(value)]


@pytest.mark.parametrize(
    ("rule", "value", "message"),
    [
        ({"type": ["integer", "null"]}, "x", "$.v: expected a value of type null or integer, found 'x'"),
        ({"enum": [1, "a"]}, 2, '$.v: expected one of 1, "a", found 2'),
        ({"const": 4}, 5, "$.v: expected 4, found 5"),
        ({"minimum": 3}, 1, "$.v: expected at least 3, found 1"),
        ({"exclusiveMaximum": 3}, 3, "$.v: expected less than 3, found 3"),
        ({"multipleOf": 2}, 3, "$.v: expected a multiple of 2, found 3"),
        ({"minLength": 2}, "x", "$.v: expected at least 2 characters, found 'x'"),
        ({"maxItems": 1}, [1, 2], "$.v: expected at most 1 elements, found a list"),
        ({"minProperties": 1}, {}, "$.v: expected at least 1 properties, found an object"),
        ({"pattern": "^a"}, "b", "$.v: expected text that matches ^a, found 'b'"),
        ({"uniqueItems": True}, [1, 1], "$.v: expected elements that are all different, found a list"),
        ({"items": {"type": "string"}}, ["a", 1], "$.v[1]: expected a value of type string, found 1"),
        ({"required": ["a b"]}, {}, "$.v['a b']: expected a value, found nothing"),
        ({"properties": {"a": {}}, "additionalProperties": False}, {"z": None}, "$.v.z: expected no such property, found null"),
        ({"anyOf": [{"type": "string"}, {"type": "null"}]}, 1, "$.v: expected a value that satisfies `anyOf`, found 1"),
        ({"not": {}}, 1, "$.v: expected a value that satisfies `not`, found 1"),
    ],
)
def test_a_violation_says_where_what_was_expected_and_what_was_found(rule: JsonObject, value: Json, message: str) -> None:
    assert messages({"properties": {"v": rule}}, {"v": value}) == [message]


def test_all_violations_are_told() -> None:
    assert len(messages({"properties": {"a": {"const": 1}, "b": {"const": 1}}}, {"a": 2, "b": 2})) == 2


def test_a_schema_that_cannot_be_used_refuses_everything_and_says_why() -> None:
    assert messages({"type": "strin"}, {})[0].startswith("$: expected a schema that can be used, found one that is wrong: $.type: ")
    assert schema_problem({"$ref": "http://127.0.0.1:9/x"}) is not None
    assert schema_problem({"$ref": "file:///etc/passwd"}) is not None
    assert schema_problem({"$defs": {"x": {"type": "string"}}, "$ref": "#/$defs/x"}) is None


def test_a_value_that_cannot_be_checked_is_a_violation() -> None:
    assert messages({"items": {"type": "integer"}}, ["\ud800"])[0].startswith("$: ")


@pytest.mark.parametrize("kind", [SchemaType.AVRO, SchemaType.PROTOBUF])
def test_only_json_schemas_are_enforced(kind: SchemaType) -> None:
    assert compile_schema(SchemaDef(name="s", type=kind, data=NUMBER)) is None


# Workflows


def test_a_start_whose_input_does_not_satisfy_the_schema_leaves_no_run(world: World) -> None:
    with pytest.raises(Invalid) as refused:
        world.start(node("a"), input_={"n": 1}, inputSchema=GIVEN)
    assert [problem.message for problem in refused.value.problems] == ["$.input.n: expected at least 3, found 1"]
    assert world.runs == {}


def test_a_refused_start_does_not_take_in_the_message_that_asked_for_it(world: World) -> None:
    with pytest.raises(Invalid):
        world.start(node("a"), inputSchema=GIVEN, started={"message_id": "m"})
    assert world.last is not None
    assert world.last.decision is None


def test_the_template_of_the_input_counts(world: World) -> None:
    assert world.start(node("a"), input_={"x": 1}, inputTemplate={"n": 3}, inputSchema=GIVEN).status == "RUNNING"


def test_enforcement_may_be_switched_off(world: World) -> None:
    assert world.start(node("a"), inputSchema=GIVEN, outputSchema=GIVEN, enforceSchema=False).complete("a").status == "COMPLETED"


def test_an_input_that_lies_elsewhere_is_not_looked_into(world: World) -> None:
    assert world.start(node("a"), inputSchema=GIVEN, started={"input_path": "stored/1"}).status == "RUNNING"


def test_an_output_that_does_not_satisfy_the_schema_fails_the_workflow(world: World) -> None:
    flow = world.start(node("a"), outputSchema=GIVEN, outputParameters={"n": "${a.output.n}"})
    flow.complete("a", {"n": "many"})
    assert (flow.status, flow.output) == ("FAILED", {"n": "many"})
    assert flow.reason == "The output does not satisfy its schema: $.n: expected a value of type integer, found 'many'"


def test_an_output_that_satisfies_the_schema_completes_it(world: World) -> None:
    flow = world.start(node("a"), outputSchema=GIVEN)
    assert flow.complete("a", {"n": 3}).status == "COMPLETED"


def test_a_schema_by_name_is_the_registered_one_and_the_latest_without_a_version(world: World) -> None:
    world.schema("s", {}, version=1)
    world.schema("s", NUMBER, version=2)
    assert world.start(node("a"), inputSchema={"name": "s", "version": 1}).status == "RUNNING"
    with pytest.raises(Invalid, match=r"\$\.input\.n: expected a value, found nothing"):
        world.start(node("a"), inputSchema={"name": "s"})


def test_a_run_keeps_the_schema_that_it_began_with(world: World) -> None:
    world.schema("s", NUMBER)
    flow = world.start(node("a"), outputSchema={"name": "s"})
    world.schema("s", {})
    assert flow.complete("a").status == "FAILED"


def test_a_schema_that_is_not_registered_refuses_the_start(world: World) -> None:
    with pytest.raises(Invalid, match=r"\$\.input: expected the schema s in version 7, found none registered"):
        world.start(node("a"), inputSchema={"name": "s", "version": 7})


def test_a_rerun_with_another_input_must_satisfy_the_schema(world: World) -> None:
    flow = world.start(node("a"), input_={"n": 3}, inputSchema=GIVEN).complete("a")
    with pytest.raises(Invalid):
        flow.rerun(workflow_input={"n": 2})
    assert flow.status == "COMPLETED"
    flow.rerun(workflow_input={"n": 4})
    assert flow.status == "RUNNING"


def test_a_child_whose_input_is_refused_fails_its_task(world: World) -> None:
    world.workflow("c", node("x"), inputSchema=GIVEN)
    flow = world.start(child("s", "c", {"n": 1}))
    assert flow.task("s").status is TaskStatus.FAILED
    assert flow.task("s").reason == "$.input.n: expected at least 3, found 1"


# Tasks


def test_a_task_whose_input_does_not_satisfy_the_schema_reaches_no_worker(world: World) -> None:
    world.task("a", inputSchema=GIVEN, enforceSchema=True)
    flow = world.start(node("a", inputParameters={"n": "${workflow.input.n}"}), input_={"n": "x"})
    task = flow.task("a")
    assert (task.status, task.ready_at, world.ready()) == (TaskStatus.FAILED_WITH_TERMINAL_ERROR, 0, [])
    assert task.reason == "The input does not satisfy its schema: $.n: expected a value of type integer, found 'x'"
    assert flow.status == "FAILED"


def test_a_task_definition_does_not_enforce_unless_it_says_so(world: World) -> None:
    world.task("a", inputSchema=GIVEN, outputSchema=GIVEN)
    assert world.start(node("a")).complete("a").status == "COMPLETED"


def test_an_output_that_does_not_satisfy_the_schema_fails_the_task_for_good(world: World) -> None:
    world.task("a", outputSchema=GIVEN, enforceSchema=True, retryCount=3)
    flow = world.start(node("a")).complete("a", {"n": 1})
    assert flow.standing == ["a FAILED_WITH_TERMINAL_ERROR"]
    assert flow.task("a").output.value == {"n": 1}
    assert flow.run.workflow.status is WorkflowStatus.FAILED


def test_an_optional_task_with_a_wrong_output_does_not_end_the_run(world: World) -> None:
    world.task("a", outputSchema=GIVEN, enforceSchema=True)
    flow = world.start(node("a", optional=True), node("b")).complete("a")
    assert flow.standing == ["a COMPLETED_WITH_ERRORS", "b SCHEDULED"]


def test_a_task_of_the_server_is_held_to_its_schemas_too(world: World) -> None:
    world.task("i", outputSchema={"data": {"properties": {"result": {"type": "string"}}}}, enforceSchema=True)
    assert world.start(inline("i", "1")).standing == ["i FAILED_WITH_TERMINAL_ERROR"]


def test_the_schema_of_an_embedded_task_definition_is_looked_up(world: World) -> None:
    world.schema("s", NUMBER)
    flow = world.start(node("a", taskDefinition={"name": "a", "inputSchema": {"name": "s"}, "enforceSchema": True}))
    assert flow.standing == ["a FAILED_WITH_TERMINAL_ERROR"]


def test_tasks_that_data_decides_are_held_to_theirs(world: World) -> None:
    world.schema("s", NUMBER)
    world.task("x", inputSchema={"name": "s"}, enforceSchema=True)
    flow = world.start(node("d", "DYNAMIC", dynamicTaskNameParam="t", inputParameters={"t": "x", "n": 1}))
    assert flow.standing == ["d FAILED_WITH_TERMINAL_ERROR"]
    branches = [{"name": "x", "taskReferenceName": ref, "type": "SIMPLE"} for ref in ("p", "q")]
    flow = world.start(*dynamic_fork("f", {"tasks": branches, "inputs": {"p": {"n": 3}, "q": {"n": 0}}}))
    assert flow.standing == ["f COMPLETED", "p CANCELED", "q FAILED_WITH_TERMINAL_ERROR", "f_join CANCELED"]


def test_a_branch_that_fails_by_its_schema_fails_its_join(world: World) -> None:
    world.task("b", outputSchema=GIVEN, enforceSchema=True)
    flow = world.start(*fork("f", [node("a")], [node("b", permissive=True)])).complete_all("a", "b")
    assert flow.standing[-1] == "f_join FAILED"


def test_a_task_that_runs_again_with_another_input_is_checked_again(world: World) -> None:
    world.task("a", inputSchema=GIVEN, enforceSchema=True)
    flow = world.start(node("a", inputParameters={"n": 3})).complete("a")
    flow.rerun("a", task_input={"n": 1})
    assert flow.standing == ["a FAILED_WITH_TERMINAL_ERROR"]
