"""Every operation of the table gives a real answer: the status, the media type and the shape that are written for it."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from typing import Any, NamedTuple

import pytest

from podium.testing.server import TestServer
from tests.conformance.test_operations import OPERATIONS

# Tried by tests of their own.
ELSEWHERE = re.compile(r"\w+ /api/(secrets|files|scheduler|agent|a2a|providers)\b")
JSON, TEXT = "application/json", "text/plain"
WAIT = {"name": "wait", "taskReferenceName": "wait", "type": "WAIT"}
WORK = {"name": "t", "taskReferenceName": "a", "type": "SIMPLE"}
DEFINITION = {"name": "w", "version": 1, "tasks": [WORK, WAIT]}
MOCKED = {"a": [{"status": "COMPLETED"}]}
INLINE = {"name": "i", "taskReferenceName": "i", "type": "INLINE", "inputParameters": {"expression": "1", "evaluatorType": "javascript"}}
HANDLER = {"name": "h", "event": "e", "active": True, "actions": [{"action": "start_workflow", "start_workflow": {"name": "w"}}]}
RESULT = {"workflowInstanceId": "{workflowId}", "taskId": "{taskId}", "status": "COMPLETED"}


class Row(NamedTuple):
    """An operation and what it answers.

    `shape`: the keys of an object, `[]` for a list, a type for a single value, None for no body. `of`: which run it is asked about.
    """

    operation: str
    shape: Any = None
    query: str = ""
    body: Any = None
    of: str = "running"
    status: int = 200
    media: str = JSON
    name: str = "w"

    def __str__(self) -> str:
        return self.operation


SEARCH = ("totalHits", "results")
BULK = ("bulkErrorResults", "bulkSuccessfulResults")
WORKFLOW = (
    "workflowId",
    "status",
    "tasks",
    "input",
    "output",
    "workflowDefinition",
    "createTime",
    "startTime",
    "workflowName",
    "workflowVersion",
)
TASK = ("taskId", "status", "taskType", "inputData", "outputData", "referenceTaskName", "workflowInstanceId")
LOCATION = "?path=p&operation=WRITE&payloadType=WORKFLOW_INPUT"

# fmt: off
TABLE = (
    Row("GET /api-docs", ("openapi", "paths", "components")),
    Row("GET /context.js", str, media="text/javascript"),
    Row("GET /health", ("healthy",)),
    Row("GET /api/health", ("healthy",)),
    Row("GET /api/version", str, media=TEXT),

    Row("GET /api/admin/config", ("version",)),
    Row("POST /api/admin/consistency/verifyAndRepair/{workflowId}", str, media=TEXT),
    Row("GET /api/admin/queues", ("e",)),
    Row("POST /api/admin/sweep/requeue/{workflowId}", str, media=TEXT),
    Row("GET /api/admin/task/{tasktype}", []),

    Row("GET /api/environment", []),
    Row("GET /api/environment/{key}", str, media=TEXT),

    Row("GET /api/event", []),
    Row("POST /api/event", body={**HANDLER, "name": "other"}),
    Row("PUT /api/event", body=HANDLER),
    Row("GET /api/event/{event}", []),
    Row("DELETE /api/event/{name}", name="h"),

    Row("GET /api/metadata/taskdefs", []),
    Row("POST /api/metadata/taskdefs", body=[{"name": "other"}]),
    Row("PUT /api/metadata/taskdefs", body={"name": "t"}),
    Row("DELETE /api/metadata/taskdefs/{tasktype}"),
    Row("GET /api/metadata/taskdefs/{tasktype}", ("name", "retryCount", "timeoutPolicy")),
    Row("GET /api/metadata/workflow", []),
    Row("POST /api/metadata/workflow", body={**DEFINITION, "name": "other"}),
    Row("PUT /api/metadata/workflow", BULK, body=[DEFINITION]),
    Row("GET /api/metadata/workflow/latest-versions", []),
    Row("GET /api/metadata/workflow/names", []),
    Row("GET /api/metadata/workflow/names-and-versions", ("w",)),
    Row("POST /api/metadata/workflow/validate", body=DEFINITION),
    Row("GET /api/metadata/workflow/{name}", ("name", "version", "tasks")),
    Row("GET /api/metadata/workflow/{name}/versions", []),
    Row("DELETE /api/metadata/workflow/{name}/{version}"),

    Row("GET /api/queue/", ()),
    Row("GET /api/queue/size", ()),
    Row("POST /api/queue/update/{workflowId}/task/{taskId}/{status}", body={}, of="waiting"),
    Row("POST /api/queue/update/{workflowId}/{taskRefName}/{status}", body={}, of="waiting"),

    Row("POST /api/tasks", str, body=RESULT, media=TEXT),
    Row("GET /api/tasks/external-storage-location", ("path",), LOCATION),
    Row("GET /api/tasks/externalstoragelocation", ("path",), LOCATION),
    Row("GET /api/tasks/poll/batch/{tasktype}", [], "?timeout=0", of="queued"),
    Row("GET /api/tasks/poll/{tasktype}", None, status=204),
    Row("GET /api/tasks/queue/all", ("t",), of="queued"),
    Row("GET /api/tasks/queue/all/verbose", ("t",), of="queued"),
    Row("GET /api/tasks/queue/polldata", [], "?taskType=t"),
    Row("GET /api/tasks/queue/polldata/all", []),
    Row("POST /api/tasks/queue/requeue/{taskType}", str, media=TEXT),
    Row("GET /api/tasks/queue/size", int, "?taskType=t"),
    Row("GET /api/tasks/queue/sizes", ("t",), "?taskType=t"),
    Row("GET /api/tasks/search", SEARCH),
    Row("GET /api/tasks/search-v2", SEARCH),
    Row("POST /api/tasks/update-v2", None, body=RESULT, status=204),
    Row("GET /api/tasks/{taskId}", TASK),
    Row("GET /api/tasks/{taskId}/log", []),
    Row("POST /api/tasks/{taskId}/log", body="a line"),
    Row("POST /api/tasks/{workflowId}/{status}/signal", body={}, of="waiting"),
    Row("POST /api/tasks/{workflowId}/{status}/signal/sync", ("responseType", "targetWorkflowId"), body={}, of="waiting"),
    Row("POST /api/tasks/{workflowId}/{taskRefName}/{status}", str, body={}, media=TEXT),
    Row("POST /api/tasks/{workflowId}/{taskRefName}/{status}/sync", WORKFLOW, body={}),

    Row("POST /api/workflow", str, body={"name": "w"}, media=TEXT),
    Row("PUT /api/workflow/bulk/pause", BULK, body=["{workflowId}"]),
    Row("DELETE /api/workflow/bulk/remove", BULK, body=["{workflowId}"], of="ended"),
    Row("POST /api/workflow/bulk/restart", BULK, body=["{workflowId}"], of="ended"),
    Row("PUT /api/workflow/bulk/resume", BULK, body=["{workflowId}"], of="paused"),
    Row("POST /api/workflow/bulk/retry", BULK, body=["{workflowId}"], of="ended"),
    Row("POST /api/workflow/bulk/search", BULK, body=["{workflowId}"]),
    Row("POST /api/workflow/bulk/terminate", BULK, body=["{workflowId}"]),
    Row("DELETE /api/workflow/bulk/terminate-remove", BULK, body=["{workflowId}"]),
    Row("PUT /api/workflow/decide/{workflowId}"),
    Row("POST /api/workflow/execute/{name}/{version}", ("responseType", "targetWorkflowId"), body={"name": "i"}, name="i"),
    Row("GET /api/workflow/external-storage-location", ("path",), LOCATION),
    Row("GET /api/workflow/externalstoragelocation", ("path",), LOCATION),
    Row("GET /api/workflow/running/{name}", []),
    Row("GET /api/workflow/search", SEARCH),
    Row("GET /api/workflow/search-by-tasks", SEARCH),
    Row("GET /api/workflow/search-by-tasks-v2", SEARCH),
    Row("GET /api/workflow/search-v2", SEARCH),
    Row("POST /api/workflow/test", WORKFLOW, body={"name": "w", "workflowDef": DEFINITION, "taskRefToMockOutput": MOCKED}),
    Row("POST /api/workflow/{name}", str, body={}, media=TEXT),
    Row("POST /api/workflow/{name}/correlated", ("c",), body=["c"]),
    Row("GET /api/workflow/{name}/correlated/{correlationId}", []),
    Row("DELETE /api/workflow/{workflowId}"),
    Row("GET /api/workflow/{workflowId}", WORKFLOW),
    Row("POST /api/workflow/{workflowId}/messages", str, body={"k": 1}, media=TEXT),
    Row("PUT /api/workflow/{workflowId}/pause"),
    Row("DELETE /api/workflow/{workflowId}/remove", of="ended"),
    Row("POST /api/workflow/{workflowId}/rerun", str, body={}, of="ended", media=TEXT),
    Row("POST /api/workflow/{workflowId}/resetcallbacks", status=204),
    Row("POST /api/workflow/{workflowId}/restart", of="ended", status=204),
    Row("PUT /api/workflow/{workflowId}/resume", of="paused"),
    Row("POST /api/workflow/{workflowId}/retry", of="ended", status=204),
    Row("PUT /api/workflow/{workflowId}/skiptask/{taskReferenceName}", body={}),
    Row("GET /api/workflow/{workflowId}/status", ("workflowId", "status")),
    Row("GET /api/workflow/{workflowId}/tasks", SEARCH),
    Row("DELETE /api/workflow/{workflowId}/terminate-remove"),
)
# fmt: on


class Stage:
    """A server with a run in the state that a row asks for."""

    def __init__(self, server: TestServer) -> None:
        self.server = server
        self.variables = {"name": "w", "version": "1", "tasktype": "t", "taskType": "t", "event": "e", "key": "k", "correlationId": "c"}

    async def ask(self, call: str, body: Any = None) -> Any:
        """The answer to a call, which may wait for a moment."""
        method, _, path = call.partition(" ")
        sent: dict[str, Any] = {"content": body} if isinstance(body, str) else {} if body is None else {"json": body}
        asked = asyncio.ensure_future(self.server.client.request(method, path, **sent))
        await self.server.settle()
        while not asked.done():
            await self.server.advance(100)
        return await asked

    async def prepare(self, state: str) -> None:
        """Bring a run into a state."""
        await self.ask("POST /api/metadata/taskdefs", [{"name": "t", "retryCount": 0}])
        await self.ask("PUT /api/metadata/workflow", [DEFINITION, {**DEFINITION, "name": "i", "tasks": [INLINE]}])
        await self.ask("POST /api/event", HANDLER)
        await self.ask("PUT /api/environment/k", "v")
        run = self.variables["workflowId"] = (await self.ask("POST /api/workflow/w?correlationId=c", {})).text
        await self.server.settle()
        if state != "queued":
            task = (await self.ask("GET /api/tasks/poll/t?workerid=me")).json()
            self.variables |= {"taskId": task["taskId"], "taskRefName": "a", "taskReferenceName": "wait", "status": "COMPLETED"}
            await self.ask(f"POST /api/tasks/{task['taskId']}/log", "a line")
        if state == "waiting":
            await self.ask("POST /api/tasks", self.filled(RESULT))
            waiting = (await self.ask(f"GET /api/workflow/{run}")).json()["tasks"][-1]
            self.variables |= {"taskId": waiting["taskId"], "taskRefName": "wait"}
        if state == "ended":
            await self.ask("POST /api/tasks", self.filled({**RESULT, "status": "FAILED"}))
        if state == "paused":
            await self.ask(f"PUT /api/workflow/{run}/pause")
        await self.server.settle()

    def filled(self, value: Any) -> Any:
        """The value with the variables in the place of `{name}`."""
        if isinstance(value, str):
            for name, text in self.variables.items():
                value = value.replace(f"{{{name}}}", text)
            return value
        if isinstance(value, list):
            return [self.filled(one) for one in value]
        return {key: self.filled(one) for key, one in value.items()} if isinstance(value, dict) else value


@pytest.fixture
async def stage() -> AsyncIterator[Stage]:
    async with TestServer() as server:
        yield Stage(server)


def test_the_table_has_every_operation() -> None:
    assert {row.operation for row in TABLE} == {one for one in OPERATIONS if not ELSEWHERE.match(one)}


@pytest.mark.parametrize("row", TABLE, ids=str)
async def test_an_operation_answers_as_written(stage: Stage, row: Row) -> None:
    await stage.prepare(row.of)
    stage.variables["name"] = row.name
    answer = await stage.ask(stage.filled(row.operation) + row.query, stage.filled(row.body))
    assert answer.status_code == row.status, answer.text
    if row.shape is None:
        assert answer.content == b""
        return
    assert answer.headers["content-type"].split(";")[0] == row.media
    if row.shape is str:
        assert answer.text
    elif row.shape == []:
        assert isinstance(answer.json(), list)
        assert answer.json() or "log" not in row.operation
    elif isinstance(row.shape, tuple):
        assert set(row.shape) <= answer.json().keys()
    else:
        assert isinstance(answer.json(), row.shape)
