"""The wire: what JSON becomes, and what becomes JSON."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from podium.errors import Invalid
from podium.model.body import BulkResponse, SearchResult, StartWorkflowRequest, TaskMock, TaskResult, WorkflowTestRequest
from podium.model.definition import RateLimitConfig, SubWorkflowParams, TaskDef, WorkflowDef, WorkflowTask
from podium.model.event import EventHandler
from podium.model.json import Json
from podium.model.payload import Payload
from podium.model.shape import MAX_DEPTH, MAX_PROBLEMS
from podium.model.task import TaskLog
from podium.model.wire import decode, decode_text, encode, parse, shape, to_wire

TYPES: list[Any] = [
    WorkflowDef,
    TaskDef,
    TaskResult,
    StartWorkflowRequest,
    WorkflowTestRequest,
    EventHandler,
    list[WorkflowDef],
    dict[str, int],
    list[str],
]


@pytest.mark.parametrize(
    ("given_", "read"),
    [
        ({"retryCount": None}, TaskDef(retry_count=0)),
        ({"enforceSchema": None, "taskStatusListenerEnabled": None}, TaskDef(task_status_listener_enabled=False)),
        ({"inputKeys": None, "timeoutPolicy": None, "name": None}, TaskDef()),
        ({"concurrentExecLimit": None, "description": None}, TaskDef()),
        ({"retryCount": "1"}, TaskDef(retry_count=1)),
        ({"retryCount": 2.7}, TaskDef(retry_count=2)),
        ({"retryCount": ""}, TaskDef(retry_count=0)),
        ({"concurrentExecLimit": ""}, TaskDef()),
        ({"enforceSchema": "true"}, TaskDef(enforce_schema=True)),
        ({"enforceSchema": 1}, TaskDef(enforce_schema=True)),
        ({"name": 12, "description": True}, TaskDef(name="12", description="true")),
        ({"inputKeys": "a"}, TaskDef(input_keys=["a"])),
        ({"unknown": {"x": 1}}, TaskDef()),
        ({"inputTemplate": {"k": None}}, TaskDef(input_template={"k": None})),
    ],
)
def test_what_clients_send_is_read_leniently(given_: dict[str, object], read: TaskDef) -> None:
    assert decode(json.dumps(given_), TaskDef) == read


@pytest.mark.parametrize(
    ("given_", "type_", "path", "words"),
    [
        ({"timeoutPolicy": "RETRYY"}, TaskDef, "$.timeoutPolicy", "did you mean RETRY?"),
        ({"retryLogic": "fixed"}, TaskDef, "$.retryLogic", "did you mean FIXED?"),
        ({"retryCount": "many"}, TaskDef, "$.retryCount", "expected a whole number, found 'many'"),
        ({"retryCount": True}, TaskDef, "$.retryCount", "expected a whole number, found true"),
        ({"timeoutSeconds": 10**16}, TaskDef, "$.timeoutSeconds", "expected a whole number from"),
        ({"enforceSchema": "perhaps"}, TaskDef, "$.enforceSchema", "expected true or false"),
        ({"name": {}}, TaskDef, "$.name", "expected text, found an object"),
        ({"inputTemplate": [1]}, TaskDef, "$.inputTemplate", "expected an object, found a list"),
        ({"tasks": [{}, None]}, WorkflowDef, "$.tasks[1]", "expected an object, found null"),
        (
            {"tasks": [{"decisionCases": {"a b": [{"optional": []}]}}]},
            WorkflowDef,
            "$.tasks[0].decisionCases['a b'][0].optional",
            "found a list",
        ),
        ({"version": 2**31}, StartWorkflowRequest, "$.version", "expected a whole number from -2147483648 to 2147483647"),
        ({"status": "COMPLETE"}, TaskResult, "$.status", "did you mean COMPLETED?"),
        ([{}], list[str], "$[0]", "expected text, found an object"),
        ({"queueName": "q", "a": 1}, dict[str, int], "$.queueName", "expected a whole number, found 'q'"),
    ],
)
def test_what_is_wrong_is_said_with_its_place(given_: object, type_: Any, path: str, words: str) -> None:
    with pytest.raises(Invalid) as caught:
        decode(json.dumps(given_), type_)
    assert caught.value.problems[0].path == path
    assert words in caught.value.problems[0].message


def test_every_problem_is_found_at_once_up_to_a_bound() -> None:
    with pytest.raises(Invalid, match=r"\(and 2 more\)") as caught:
        shape({"retryCount": "x", "timeoutPolicy": "y", "inputKeys": [{}]}, TaskDef)
    assert [one.path for one in caught.value.problems] == ["$.retryCount", "$.inputKeys[0]", "$.timeoutPolicy"]
    with pytest.raises(Invalid) as caught:
        shape([{}] * 10_000, list[str])
    assert len(caught.value.problems) == MAX_PROBLEMS


@pytest.mark.parametrize(
    ("text", "line", "column"),
    [(b'{"name": oops', 1, 10), (b'{"a": 1,\n "b" 2}', 2, 6), (b'{"taskId":', 1, 11), (b"[NaN]", 1, 2), (b'{"a": "\xc3"}', 1, 8)],
)
def test_text_that_is_no_json_is_refused_with_line_and_column(text: bytes, line: int, column: int) -> None:
    with pytest.raises(Invalid, match=f"line {line}, column {column}") as caught:
        decode(text, TaskDef)
    assert (caught.value.fields["line"], caught.value.fields["column"]) == (line, column)


@pytest.mark.parametrize("text", [b"", b" ", b"Infinity", b"1e999", b"9" * 5000, b'"\\ud800"', b"[1]x"])
def test_other_text_that_is_no_json_is_refused(text: bytes) -> None:
    with pytest.raises(Invalid):
        decode(text, dict[str, Any])


def test_a_byte_order_mark_is_no_part_of_the_text() -> None:
    assert decode(b'\xef\xbb\xbf{"name":"t"}', TaskDef).name == "t"


@pytest.mark.parametrize("opening", [b"[", b'{"a":'])
@pytest.mark.parametrize("depth", [MAX_DEPTH + 2, 990, 100_000])
def test_a_body_that_is_too_deep_is_refused(opening: bytes, depth: int) -> None:
    closing = b"]" if opening == b"[" else b"}"
    for type_ in (dict[str, Any], WorkflowDef):
        with pytest.raises(Invalid, match="levels"):
            decode(opening * depth + b"1" + closing * depth, type_)


def test_a_deep_definition_within_the_bound_is_read() -> None:
    task: Json = {"taskReferenceName": "x"}
    for _ in range(MAX_DEPTH // 2 - 2):
        task = {"loopOver": [task]}
    assert shape(task, WorkflowTask).loop_over


def test_many_flat_values_are_not_deep() -> None:
    assert len(parse(b"[" + b"[],{}," * 5000 + b"1]")) == 10_001  # type: ignore[arg-type] # a list


def test_the_other_name_of_a_tasks_type_is_understood() -> None:
    assert shape({"workflowTaskType": "HTTP"}, WorkflowTask).type == "HTTP"
    assert shape({"workflowTaskType": "HTTP", "type": "WAIT"}, WorkflowTask).type == "WAIT"


def test_the_name_of_a_child_follows_its_definition() -> None:
    params = shape({"name": "x", "version": 9, "workflowDefinition": {"name": "child", "tasks": []}}, SubWorkflowParams)
    assert (params.name, params.version) == ("child", 1)
    assert isinstance(params.workflow_definition, WorkflowDef)


@pytest.mark.parametrize("text", ["child", "${a} ${b}", "", "${}"])
def test_a_child_definition_that_is_text_must_be_one_expression(text: str) -> None:
    assert shape({"workflowDefinition": "${d.output.x}"}, SubWorkflowParams).workflow_definition == "${d.output.x}"
    with pytest.raises(Invalid, match="one expression"):
        shape({"workflowDefinition": text}, SubWorkflowParams)


def test_an_input_that_is_null_is_not_an_input_that_is_absent() -> None:
    assert decode(b'{"input": null}', StartWorkflowRequest).input is None
    assert decode(b"{}", StartWorkflowRequest).input == {}


def test_a_null_where_text_belongs_in_a_map_is_an_absent_key() -> None:
    assert decode(b'{"taskToDomain": {"a": null, "b": "d"}}', StartWorkflowRequest).task_to_domain == {"b": "d"}


def test_lists_of_mocks_nest() -> None:
    request = decode(
        b'{"taskRefToMockOutput": {"a": {"output": {"k": 1}}}, "subWorkflowTestRequest": {"s": {"name": "w"}}}', WorkflowTestRequest
    )
    assert request.task_ref_to_mock_output == {"a": [TaskMock(output={"k": 1})]}
    assert request.sub_workflow_test_request["s"].name == "w"


@settings(deadline=None)
@given(
    st.fixed_dictionaries(
        {},
        optional={
            "status": st.sampled_from(["COMPLETED", "x", None]),
            "outputData": st.none() | st.dictionaries(st.text(), st.integers()),
            "callbackAfterSeconds": st.integers() | st.text() | st.floats(allow_nan=False, allow_infinity=False),
            "logs": st.lists(st.fixed_dictionaries({"createdTime": st.integers()})),
            "extendLease": st.booleans() | st.integers(),
        },
    )
)
def test_the_strict_way_is_taken_only_where_it_answers_as_the_lenient_one(body: dict[str, object]) -> None:
    text = json.dumps(body).encode()
    assert _outcome(lambda: decode(text, TaskResult)) == _outcome(lambda: shape(msgspec.json.decode(text), TaskResult))


def _outcome(attempt: Any) -> object:
    try:
        return attempt()
    except Invalid as error:
        return error.message


@pytest.mark.parametrize("type_", TYPES)
@settings(deadline=None)
@given(raw=st.binary(max_size=100) | st.text(max_size=100).map(lambda text: text.encode("utf-8", "surrogatepass")))
def test_no_bytes_make_anything_but_a_value_or_a_refusal(type_: Any, raw: bytes) -> None:
    _outcome(lambda: decode(raw, type_))
    _outcome(lambda: decode_text(raw))


_names = st.sampled_from(
    [
        "name",
        "tasks",
        "type",
        "version",
        "status",
        "input",
        "inputParameters",
        "decisionCases",
        "forkTasks",
        "subWorkflowParam",
        "workflowDefinition",
        "actions",
        "timeoutSeconds",
        "logs",
    ]
)
_anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=5) | st.just("${a}"),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_names, inner, max_size=6),
    max_leaves=20,
)


@pytest.mark.parametrize("type_", [WorkflowDef, TaskDef, TaskResult, EventHandler, list[WorkflowDef]])
@settings(deadline=None)
@given(value=_anything)
def test_what_was_read_is_written_and_read_again_as_the_same(type_: Any, value: Any) -> None:
    try:
        read = shape(value, type_)
    except Invalid:
        return
    assert decode(encode(read), type_) == read


def test_nulls_of_fields_are_left_out_and_nulls_of_payloads_kept() -> None:
    written = to_wire(TaskResult(task_id="t", output_data={"a": None, "b": {"c": None}}))
    assert isinstance(written, dict)
    assert written["outputData"] == {"a": None, "b": {"c": None}}
    assert "reasonForIncompletion" not in written
    assert (written["logs"], written["extendLease"], written["callbackAfterSeconds"]) == ([], False, 0)


def test_values_inside_of_values_are_written_too() -> None:
    result = SearchResult[TaskLog](total_hits=1, results=[TaskLog(log="x")])
    assert encode(result) == b'{"totalHits":1,"results":[{"log":"x","createdTime":0}]}'
    assert encode({"a": [RateLimitConfig(rate_limit_key="k")]}) == b'{"a":[{"rateLimitKey":"k","concurrentExecLimit":0,"policy":"QUEUE"}]}'
    assert encode(BulkResponse(bulk_error_results={"w": "no"})) == b'{"bulkErrorResults":{"w":"no"},"bulkSuccessfulResults":[]}'


def test_a_payload_is_written_as_the_text_it_is() -> None:
    assert encode({"output": Payload.read(b'{"a":  1}')}) == b'{"output":{"a":  1}}'


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        (b'"value"', "value"),
        (b'"a\\nb\\u00e9"', "a\nb\xe9"),
        (b"a\\nb", "a\\nb"),
        (b"plain", "plain"),
        (b'{"a":1}', '{"a":1}'),
        (b"", ""),
        (b'"', '"'),
        (b'say "x"', 'say "x"'),
        (b'"a" and "b"', '"a" and "b"'),
        (b"12", "12"),
    ],
)
def test_a_bare_string_is_unwrapped_only_when_it_is_a_literal(raw: bytes, text: str) -> None:
    assert decode_text(raw) == text
