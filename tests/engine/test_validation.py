"""Which definitions may be registered."""

from __future__ import annotations

from typing import Any

import pytest

from podium.engine.validation import refuse, validate_event_handler, validate_task_definition, validate_workflow_definition
from podium.errors import Invalid, Problem
from podium.model.definition import TaskDef, WorkflowDef
from podium.model.event import EventHandler
from podium.model.shape import shape


class Known:
    """A catalog with one task definition and one process variable."""

    def task_definition(self, name: str) -> TaskDef | None:
        return (
            TaskDef(name=name, input_template={"http_request": {}, "kafka_request": {}, "queryExpression": "."})
            if name == "templated"
            else None
        )

    def variable(self, name: str) -> str | None:
        return "x" if name == "REGION" else None


def task(ref: str = "x", type_: str = "SIMPLE", **fields: Any) -> dict[str, Any]:
    return {"name": "x", "taskReferenceName": ref, "type": type_, **fields}


def found(*tasks: dict[str, Any], **fields: Any) -> list[Problem]:
    definition = shape({"name": "w", "tasks": list(tasks), **fields}, WorkflowDef)
    return validate_workflow_definition(definition, Known())


def messages(*tasks: dict[str, Any], **fields: Any) -> list[tuple[str, str]]:
    return [(problem.path, problem.message) for problem in found(*tasks, **fields)]


ONE_CASE = {"a": [task("in_case")]}


@pytest.mark.parametrize(
    "node",
    [
        task(type_="EVENT", sink="conductor"),
        task(type_="SWITCH", evaluatorType="value-param", expression="k", decisionCases=ONE_CASE),
        task(type_="SWITCH", evaluatorType="javascript", expression="$.a > 1 ? 'a' : 'b'", decisionCases=ONE_CASE),
        task(type_="SWITCH", evaluatorType="graaljs", expression="if (", decisionCases=ONE_CASE),
        task(type_="DECISION", caseValueParam="k", decisionCases=ONE_CASE),
        task(type_="DECISION", caseExpression="1", decisionCases=ONE_CASE),
        task(type_="DYNAMIC", dynamicTaskNameParam="k"),
        task(type_="FORK_JOIN", forkTasks=[[task("b")]]),
        task(type_="FORK_JOIN_DYNAMIC", dynamicForkJoinTasksParam="a"),
        task(type_="FORK_JOIN_DYNAMIC", dynamicForkTasksParam="a", dynamicForkTasksInputParamName="b"),
        task(type_="FORK_JOIN_DYNAMIC", inputParameters={"forkTaskInputs": 1}),
        task(type_="HTTP", inputParameters={"uri": "http://x/"}),
        task(type_="HTTP", inputParameters={"method": "GET"}),
        task(type_="HTTP", inputParameters={"http_request": {}}),
        {**task(type_="HTTP"), "name": "templated"},
        {**task(type_="KAFKA_PUBLISH"), "name": "templated"},
        {**task(type_="JSON_JQ_TRANSFORM"), "name": "templated"},
        task(type_="HTTP", taskDefinition={"inputTemplate": {"http_request": {}}}),
        task(type_="TERMINATE", inputParameters={"terminationStatus": "TERMINATED"}),
        task(type_="DO_WHILE", loopCondition="", loopOver=[task("b")]),
        task(type_="DO_WHILE", loopCondition="1", loopOver=[task("b", "EVENT")]),
        task(type_="SUB_WORKFLOW", subWorkflowParam={}),
        task(type_="WAIT", inputParameters={"duration": "2 days 5h 1 min 3secs"}),
        task(type_="WAIT", inputParameters={"duration": "${workflow.input.d}"}),
        task(type_="WAIT", inputParameters={"until": "2030-01-31 10:00 GMT+04:00"}),
        task(type_="WAIT", inputParameters={"until": "2030-01-31"}),
        task(type_="WAIT"),
        task(type_="GET_WORKFLOW", inputParameters={"id": "${workflow.input.id}"}),
        task(type_="TERMINATE_WORKFLOW", inputParameters={"workflowId": []}),
        task(type_="UPDATE_TASK", inputParameters={"taskStatus": "${workflow.input.s}", "taskId": "t"}),
        task(type_="UPDATE_TASK", inputParameters={"taskStatus": "FAILED", "workflowId": "w", "taskRefName": "r"}),
        task(type_="WAIT_FOR_WEBHOOK", inputParameters={"matches": {"$['event']['type']": "x"}}),
        task(type_="WAIT_FOR_WEBHOOK", inputParameters={"matches": "${workflow.input.matches}"}),
        task(type_="WAIT_FOR_WEBHOOK", inputParameters={"$.event.type": "x"}),
        task(type_="HTTP_POLL", inputParameters={"http_request": {"uri": "u", "terminationCondition": "$.output.a === 1"}}),
        task(type_="HTTP_POLL", inputParameters={"http_request": {"uri": "u"}, "terminationCondition": "${workflow.input.c}"}),
        task(type_="HTTP_POLL", inputParameters={"http_request": "${workflow.input.request}", "pollingStrategy": "FIXED"}),
        task(type_="BUSINESS_RULE", inputParameters={"ruleFileLocation": "http://x/r.csv", "executionStrategy": "FIRE_ALL"}),
        task(type_="JDBC", inputParameters={"connectionId": "c", "statement": "SELECT 1", "type": "SELECT"}),
        *[task(type_=type_) for type_ in ("YIELD", "PULL_WORKFLOW_MESSAGES", "WAIT_FOR_WEBHOOK")],
        *[task(type_=type_) for type_ in ("INLINE", "JOIN", "SET_VARIABLE", "LAMBDA", "HUMAN", "START_WORKFLOW", "", "NEVER_HEARD_OF")],
    ],
)
def test_a_node_with_what_its_type_demands_is_accepted(node: dict[str, Any]) -> None:
    assert found(node) == []


REQUIRED = "{0} field is required for taskType: {1} taskName: x"
CASES = "decisionCases should have atleast one task for taskType: {0} taskName: x"
TERMINATION = "terminate task must have an terminationStatus parameter and must be set to COMPLETED or FAILED, taskName: x"
EXCLUSIVE = (
    "dynamicForkJoinTasksParam or combination of dynamicForkTasksInputParamName and dynamicForkTasksParam cam be used for "
    "taskType: FORK_JOIN_DYNAMIC taskName: x"
)


@pytest.mark.parametrize(
    ("node", "expected"),
    [
        (task(type_="EVENT"), [REQUIRED.format("sink", "EVENT")]),
        (
            task(type_="SWITCH"),
            [REQUIRED.format("evaluatorType", "SWITCH"), REQUIRED.format("expression", "SWITCH"), CASES.format("SWITCH")],
        ),
        (task(type_="SWITCH", evaluatorType="value-param", expression="x", decisionCases={}), [CASES.format("SWITCH")]),
        (task(type_="DECISION"), [REQUIRED.format("caseValueParam or caseExpression", "DECISION"), CASES.format("DECISION")]),
        (task(type_="DYNAMIC"), [REQUIRED.format("dynamicTaskNameParam", "DYNAMIC")]),
        (task(type_="FORK_JOIN"), [REQUIRED.format("forkTasks", "FORK_JOIN")]),
        (
            task(type_="FORK_JOIN_DYNAMIC"),
            [REQUIRED.format(field, "FORK_JOIN_DYNAMIC") for field in ("dynamicForkTasksParam", "dynamicForkTasksInputParamName")],
        ),
        (
            task(type_="FORK_JOIN_DYNAMIC", dynamicForkTasksParam="b"),
            [REQUIRED.format("dynamicForkTasksInputParamName", "FORK_JOIN_DYNAMIC")],
        ),
        (
            task(type_="FORK_JOIN_DYNAMIC", dynamicForkJoinTasksParam="a", dynamicForkTasksParam="b", dynamicForkTasksInputParamName="c"),
            [EXCLUSIVE],
        ),
        (task(type_="HTTP"), [REQUIRED.format("inputParameters.http_request or inputParameters.uri", "HTTP")]),
        (task(type_="KAFKA_PUBLISH"), [REQUIRED.format("inputParameters.kafka_request", "KAFKA_PUBLISH")]),
        (task(type_="JSON_JQ_TRANSFORM"), [REQUIRED.format("inputParameters.queryExpression", "JSON_JQ_TRANSFORM")]),
        (task(type_="TERMINATE"), [TERMINATION]),
        (task(type_="TERMINATE", inputParameters={"terminationStatus": "RUNNING"}), [TERMINATION]),
        (task(type_="TERMINATE", inputParameters={"terminationStatus": "${workflow.input.s}"}), [TERMINATION]),
        (
            task(type_="TERMINATE", optional=True, inputParameters={"terminationStatus": "FAILED"}),
            ["terminate task cannot be optional, taskName: x"],
        ),
        (task(type_="DO_WHILE"), [REQUIRED.format("loopCondition", "DO_WHILE"), REQUIRED.format("loopOver", "DO_WHILE")]),
        (task(type_="SUB_WORKFLOW"), [REQUIRED.format("subWorkflowParam", "SUB_WORKFLOW")]),
        (
            task(type_="WAIT", inputParameters={"duration": "1 s", "until": "2020-01-01"}),
            ["Both 'duration' and 'until' specified. Please provide only one input"],
        ),
        (task(type_="WAIT", inputParameters={"duration": "5"}), ["Either date or duration is passed as null "]),
        (task(type_="WAIT", inputParameters={"duration": "1s 2m"}), ["Either date or duration is passed as null "]),
        (task(type_="WAIT", inputParameters={"duration": " " * 100_000 + "x"}), ["Either date or duration is passed as null "]),
        (task(type_="WAIT", inputParameters={"until": "soon"}), ["Unable to parse date "]),
        (task(type_="GET_WORKFLOW"), [REQUIRED.format("inputParameters.id", "GET_WORKFLOW")]),
        (task(type_="TERMINATE_WORKFLOW"), [REQUIRED.format("inputParameters.workflowId", "TERMINATE_WORKFLOW")]),
        (
            task(type_="UPDATE_TASK"),
            [REQUIRED.format(f"inputParameters.{field}", "UPDATE_TASK") for field in ("taskStatus", "workflowId", "taskRefName")],
        ),
        (
            task(type_="UPDATE_TASK", inputParameters={"taskStatus": "DONE", "taskId": "t"}),
            ["taskStatus must be one of COMPLETED, FAILED, FAILED_WITH_TERMINAL_ERROR, taskName: x"],
        ),
        (task(type_="WAIT_FOR_WEBHOOK", inputParameters={"matches": [1]}), ["matches must be a map from paths to values, taskName: x"]),
        (task(type_="WAIT_FOR_WEBHOOK", inputParameters={"matches": {"$.[": 1}}), ["'$.[' is not a path, taskName: x"]),
        (
            task(type_="HTTP_POLL"),
            [
                REQUIRED.format("inputParameters.http_request or inputParameters.uri", "HTTP_POLL"),
                REQUIRED.format("inputParameters.http_request.terminationCondition", "HTTP_POLL"),
            ],
        ),
        (
            task(type_="HTTP_POLL", inputParameters={"http_request": {"terminationCondition": "1", "pollingStrategy": "SLOW"}}),
            ["pollingStrategy must be one of FIXED, LINEAR_BACKOFF, EXPONENTIAL_BACKOFF, taskName: x"],
        ),
        (task(type_="BUSINESS_RULE"), [REQUIRED.format("inputParameters.ruleFileLocation", "BUSINESS_RULE")]),
        (
            task(type_="BUSINESS_RULE", inputParameters={"ruleFileLocation": "u", "executionStrategy": "ALL"}),
            ["executionStrategy must be one of FIRE_FIRST, FIRE_ALL, taskName: x"],
        ),
        (
            task(type_="JDBC", inputParameters={"type": "MERGE"}),
            [
                REQUIRED.format("inputParameters.statement", "JDBC"),
                "type must be one of SELECT, UPDATE, PROCEDURE, taskName: x",
                REQUIRED.format("inputParameters.connectionId or inputParameters.integrationName", "JDBC"),
            ],
        ),
    ],
)
def test_a_node_without_what_its_type_demands_is_refused(node: dict[str, Any], expected: list[str]) -> None:
    assert [message for _, message in messages(node)] == expected


def test_javascript_must_parse() -> None:
    node = task(type_="SWITCH", evaluatorType="javascript", expression="if (", decisionCases=ONE_CASE)
    ((path, message),) = messages(node)
    assert path == "$.tasks[0].expression"
    assert message.startswith("Expression is not well formatted: ")
    assert message.endswith(", taskType: SWITCH taskName x")


def test_branches_are_checked_by_type_and_loop_bodies_are_not() -> None:
    bad = task("bad", "EVENT")
    branches = task("f", "FORK_JOIN", forkTasks=[[task("s", "SWITCH", evaluatorType="v", expression="k", decisionCases={"a": [bad]})]])
    assert [path for path, _ in messages(branches)] == ["$.tasks[0].forkTasks[0][0].decisionCases['a'][0].sink"]
    assert messages(task("l", "DO_WHILE", loopCondition="1", loopOver=[bad])) == []


def test_what_every_definition_must_have_is_found_all_at_once() -> None:
    definition = WorkflowDef(name=" ", schema_version=1)
    assert [(problem.path, problem.message) for problem in validate_workflow_definition(definition, Known(), "$[3]")] == [
        ("$[3].name", "WorkflowDef name cannot be null or empty"),
        ("$[3].schemaVersion", "workflowDef schemaVersion: 2 is only supported"),
        ("$[3].tasks", "WorkflowTask list cannot be empty"),
    ]


def test_what_every_node_must_have_is_found_wherever_it_stands() -> None:
    assert messages(task("l", "DO_WHILE", loopCondition="1", loopOver=[{"startDelay": -1}])) == [
        ("$.tasks[0].loopOver[0].name", "WorkflowTask name cannot be empty or null"),
        ("$.tasks[0].loopOver[0].taskReferenceName", "WorkflowTask taskReferenceName name cannot be empty or null"),
        ("$.tasks[0].loopOver[0].startDelay", "startDelay: -1 must be >= 0"),
    ]


def test_reference_names_are_unique_over_the_whole_tree() -> None:
    assert messages(task("a"), task("l", "DO_WHILE", loopCondition="1", loopOver=[task("a")])) == [
        ("$.tasks[1].loopOver[0].taskReferenceName", "taskReferenceName: a should be unique across tasks for a given workflowDefinition: w")
    ]


@pytest.mark.parametrize(
    "value",
    [
        "${workflow.input.x}",
        "${later.output.y}",
        "${inner.output}",
        "${CPEWF_TASK_ID}",
        "${REGION}",
        "plain",
        "$${nope.x}",
        {"a": ["${x.output}"]},
    ],
)
def test_a_reference_to_something_known_is_accepted(value: object) -> None:
    loop = task("later", "DO_WHILE", loopCondition="1", loopOver=[task("inner")])
    assert messages(task(inputParameters={"k": value}), loop) == []


def test_a_reference_to_something_unknown_is_refused_with_the_nearest_name() -> None:
    ((path, message),) = messages(task("order", inputParameters={"k": {"deep": ["a ${oder.output.x}"]}}))
    assert path == "$.tasks[0].inputParameters.k.deep[0]"
    assert message.startswith("taskReferenceName: oder for given task: x input value: oder.output.x of input parameter: k is not defined")
    assert message.endswith("; did you mean order?")


@pytest.mark.parametrize(
    "value",
    ["${}", "x${  }y", "${workflow.input.b.}", "${workflow.input.l[(@.length-1)]}", "${ workflow.input.x }", "${$.workflow.input.b}"],
)
def test_an_expression_that_is_no_path_or_begins_with_nothing_known_is_refused(value: str) -> None:
    assert len(messages(task(inputParameters={"k": value}))) == 1


def test_only_inputs_of_top_level_tasks_are_looked_at() -> None:
    assert messages(task("l", "DO_WHILE", loopCondition="1", loopOver=[task("a", inputParameters={"k": "${nope.output}"})])) == []


@pytest.mark.parametrize(
    ("fields", "paths"),
    [
        ({"name": ""}, ["$.name"]),
        (
            {"retry_count": -1, "backoff_scale_factor": 0, "response_timeout_seconds": 0},
            ["$.retryCount", "$.backoffScaleFactor", "$.responseTimeoutSeconds"],
        ),
        ({"poll_timeout_seconds": -2, "max_retry_delay_seconds": -3}, ["$.pollTimeoutSeconds", "$.maxRetryDelaySeconds"]),
        ({"backoff_jitter_ms": -4, "total_timeout_seconds": -5}, ["$.backoffJitterMs", "$.totalTimeoutSeconds"]),
        ({"timeout_seconds": 10}, ["$.responseTimeoutSeconds"]),
        ({"timeout_seconds": 10, "response_timeout_seconds": 5, "total_timeout_seconds": 9}, ["$.timeoutSeconds"]),
        ({"timeout_seconds": 10, "response_timeout_seconds": 10, "total_timeout_seconds": 10}, []),
        ({"timeout_seconds": -1, "concurrent_exec_limit": -1, "retry_delay_seconds": -1, "rate_limit_per_frequency": -1}, []),
    ],
)
def test_the_bounds_of_a_task_definition(fields: dict[str, Any], paths: list[str]) -> None:
    assert [problem.path for problem in validate_task_definition(TaskDef(**{"name": "t", **fields}))] == paths


def test_a_response_timeout_above_the_timeout_is_told_with_both() -> None:
    (problem,) = validate_task_definition(TaskDef(name="t", timeout_seconds=10))
    assert problem.message == "TaskDef: t responseTimeoutSeconds: 3600 must be less than timeoutSeconds: 10"


def test_an_unknown_action_is_refused_with_the_nearest_name() -> None:
    handler = shape({"name": "h", "event": "conductor:x", "actions": [{"action": "start_workflows"}]}, EventHandler)
    (problem,) = validate_event_handler(handler)
    assert (problem.path, problem.invalid_value) == ("$.actions[0].action", "start_workflows")
    assert problem.message.endswith("did you mean start_workflow?")


def test_refusing_nothing_is_no_error() -> None:
    refuse([])
    with pytest.raises(Invalid, match="Validation failed"):
        refuse([Problem("$", "x")])


def test_a_join_status_names_statuses_with_which_tasks_end() -> None:
    assert messages(task(type_="JOIN", joinStatus="COMPLETED, FAILED")) == []
    (problem,) = found(task(type_="JOIN", joinStatus="COMPLETED,RUNNING"))
    assert problem.path == "$.tasks[0].joinStatus"
    assert problem.message.endswith("; found 'RUNNING'")


def test_how_long_executions_are_kept_must_be_numbers() -> None:
    def places(**metadata: Any) -> list[str]:
        return [problem.path for problem in found(task(), metadata=metadata)]

    assert places(retentionDays=0.5, retentionCount=3) == places(retentionDays=0, other="x") == []
    assert places(retentionDays="30", retentionCount=1.5) == ["$.metadata.retentionDays", "$.metadata.retentionCount"]
    assert places(retentionDays=-1, retentionCount=True) == places(retentionDays=[], retentionCount={})
