"""Reading workflows: one of them, its status, its tasks page by page, and those with a correlation id."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from podium.api.answer import Answer, json_answer, raw_json
from podium.api.external_storage import LOCATION, location
from podium.api.parameter import boolean, integer, optional_integer, texts
from podium.api.routing import Call, Route
from podium.api.view import TaskView, WorkflowView, encode_view, status_json, task_view, workflow_view
from podium.errors import Invalid, NotFound
from podium.model.body import CorrelationIdsSearchRequest, ExternalStorageLocation, SearchResult
from podium.model.json import JsonObject
from podium.runtime.platform import Platform

INCLUDE_TASKS: Final = boolean("includeTasks", default=True, about="false: without its tasks")
INCLUDE_OUTPUT: Final = boolean("includeOutput", default=False, about="with the output")
INCLUDE_VARIABLES: Final = boolean("includeVariables", default=False, about="with the variables")
START: Final = integer("start", 0, "how many to leave out at the beginning")
COUNT: Final = integer("count", 15, "how many at most")
STATUS: Final = texts("status", "only tasks in one of these states")
INCLUDE_CLOSED: Final = boolean("includeClosed", default=False, about="those that are not RUNNING too")
WITH_TASKS: Final = boolean("includeTasks", default=False, about="with their tasks")
VERSION: Final = integer("version", 1, "counts only together with both times")
START_TIME: Final = optional_integer("startTime", "created at or after (epoch ms)")
END_TIME: Final = optional_integer("endTime", "created before (epoch ms)")


async def get(call: Call) -> Answer:
    """GET /workflow/{workflowId}."""
    include_tasks = call.query(INCLUDE_TASKS)
    run = await call.platform.executor.read(call.path["workflowId"])
    return raw_json(encode_view(workflow_view(run, include_tasks=include_tasks)))


async def status(call: Call) -> Answer:
    """GET /workflow/{workflowId}/status."""
    output, variables = call.query(INCLUDE_OUTPUT), call.query(INCLUDE_VARIABLES)
    run = await call.platform.executor.read(call.path["workflowId"])
    return raw_json(status_json(run, include_output=output, include_variables=variables))


async def tasks(call: Call) -> Answer:
    """GET /workflow/{workflowId}/tasks."""
    start, count, wanted = call.query(START), call.query(COUNT), {word.strip().upper() for word in call.query(STATUS)}
    if start < 0 or count < 0:
        raise Invalid("start and count cannot be negative")
    run = await call.platform.executor.read(call.path["workflowId"])
    found = [task for task in run.listed() if not wanted or task.status in wanted]
    page = [task_view(run, run.shown(task)) for task in found[start : start + count]]
    return raw_json(encode_view(SearchResult[TaskView](total_hits=len(found), results=page)))


async def correlated(call: Call) -> Answer:
    """GET /workflow/{name}/correlated/{correlationId}."""
    wanted = call.path["correlationId"]
    found = await _correlated(call, [call.path["name"]], [wanted])
    return raw_json(encode_view(found[wanted]))


async def correlated_of_one(call: Call) -> Answer:
    """POST /workflow/{name}/correlated."""
    return raw_json(encode_view(await _correlated(call, [call.path["name"]], call.body(list[str]))))


async def correlated_of_many(call: Call) -> Answer:
    """POST /workflow/correlated/batch."""
    request = call.body(CorrelationIdsSearchRequest)
    return raw_json(encode_view(await _correlated(call, request.workflow_names, request.correlation_ids)))


async def running(call: Call) -> Answer:
    """GET /workflow/running/{name}."""
    start, end = call.query(START_TIME), call.query(END_TIME)
    version = call.query(VERSION) if start is not None and end is not None else None
    return json_answer(await call.platform.store.running_ids(call.path["name"], version, start, end))


async def _correlated(call: Call, names: Sequence[str], correlation_ids: Sequence[str]) -> Mapping[str, list[WorkflowView]]:
    """Correlation id -> workflows, of all the names; each asked id is present."""
    include_closed, include_tasks = call.query(INCLUDE_CLOSED), call.query(WITH_TASKS)
    found: dict[str, list[WorkflowView]] = {correlation_id: [] for correlation_id in correlation_ids}
    for name in dict.fromkeys(names):
        ids = await call.platform.store.correlated(name, list(found), include_closed)
        for correlation_id, workflow_ids in ids.items():
            found[correlation_id] += await views(call.platform, workflow_ids, include_tasks=include_tasks)
    return found


async def views(platform: Platform, workflow_ids: Sequence[str], *, include_tasks: bool) -> list[WorkflowView]:
    """These workflows, in this order; one that is gone meanwhile is left out."""
    found: list[WorkflowView] = []
    for workflow_id in workflow_ids:
        try:
            run = await platform.executor.read(workflow_id)
        except NotFound:
            continue
        found.append(workflow_view(run, include_tasks=include_tasks))
    return found


ROUTES: Final = (
    Route("GET", "/workflow/{workflowId}", get, "A workflow with its tasks", query=(INCLUDE_TASKS,), response=WorkflowView),
    Route(
        "GET",
        "/workflow/{workflowId}/status",
        status,
        "The status of a workflow",
        query=(INCLUDE_OUTPUT, INCLUDE_VARIABLES),
        response=JsonObject,
    ),
    Route(
        "GET",
        "/workflow/{workflowId}/tasks",
        tasks,
        "The tasks of a workflow, page by page",
        query=(START, COUNT, STATUS),
        response=SearchResult[TaskView],
    ),
    Route(
        "GET",
        "/workflow/{name}/correlated/{correlationId}",
        correlated,
        "The workflows of a name with a correlation id",
        query=(INCLUDE_CLOSED, WITH_TASKS),
        response=list[WorkflowView],
    ),
    Route(
        "POST",
        "/workflow/{name}/correlated",
        correlated_of_one,
        "The workflows of a name with one of several correlation ids",
        query=(INCLUDE_CLOSED, WITH_TASKS),
        body=list[str],
        response=dict[str, list[WorkflowView]],
    ),
    Route(
        "POST",
        "/workflow/correlated/batch",
        correlated_of_many,
        "The workflows of several names with one of several correlation ids",
        query=(INCLUDE_CLOSED, WITH_TASKS),
        body=CorrelationIdsSearchRequest,
        response=dict[str, list[WorkflowView]],
    ),
    Route(
        "GET",
        "/workflow/running/{name}",
        running,
        "Ids of running workflows; with both times, ids of those created between them",
        query=(VERSION, START_TIME, END_TIME),
        response=list[str],
    ),
    Route(
        "GET", "/workflow/externalstoragelocation", location, "Where a large payload goes", query=LOCATION, response=ExternalStorageLocation
    ),
    Route("GET", "/workflow/external-storage-location", location, "The same", query=LOCATION, response=ExternalStorageLocation),
)
