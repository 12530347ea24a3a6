"""The same change to many workflows at once: each id is done by itself, and what failed is reported by id."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Final

from podium.api.answer import Answer, json_answer, raw_json
from podium.api.parameter import boolean
from podium.api.routing import Call, Route
from podium.api.view import WorkflowView, encode_view, workflow_view
from podium.api.workflow_control import ARCHIVE, FAILURE_WORKFLOW, REASON, USE_LATEST, restart_one
from podium.errors import Invalid, PodiumError
from podium.model.body import BulkResponse
from podium.model.command import PauseWorkflow, RemoveWorkflow, ResumeWorkflow, RetryWorkflow, TerminateWorkflow
from podium.model.json import JsonObject

MAX_IDS: Final = 1000

INCLUDE_TASKS: Final = boolean("includeTasks", default=True, about="false: without their tasks")

Change = Callable[[str], Awaitable[object]]


async def pause(call: Call) -> Answer:
    """PUT /workflow/bulk/pause."""
    return await _each(call, lambda one: call.platform.executor.handle(PauseWorkflow(workflow_id=one, actor=call.actor)))


async def resume(call: Call) -> Answer:
    """PUT /workflow/bulk/resume."""
    return await _each(call, lambda one: call.platform.executor.handle(ResumeWorkflow(workflow_id=one, actor=call.actor)))


async def restart(call: Call) -> Answer:
    """POST /workflow/bulk/restart."""
    use_latest = call.query(USE_LATEST)
    return await _each(call, lambda one: restart_one(call, one, use_latest=use_latest))


async def retry(call: Call) -> Answer:
    """POST /workflow/bulk/retry."""
    return await _each(call, lambda one: call.platform.executor.handle(RetryWorkflow(workflow_id=one, actor=call.actor)))


async def terminate(call: Call) -> Answer:
    """POST /workflow/bulk/terminate."""
    return await _each(call, _terminate(call, start_failure_workflow=call.query(FAILURE_WORKFLOW)))


async def remove(call: Call) -> Answer:
    """DELETE /workflow/bulk/remove and POST /workflow/bulk/delete."""
    return await _each(call, _remove(call))


async def terminate_and_remove(call: Call) -> Answer:
    """DELETE /workflow/bulk/terminate-remove: what cannot be ended is removed all the same."""
    ids = workflow_ids(call)
    ended, removed = await _results(ids, _terminate(call)), await _results(ids, _remove(call))
    return json_answer(
        BulkResponse(
            bulk_error_results=ended.bulk_error_results | removed.bulk_error_results,
            bulk_successful_results=ended.bulk_successful_results + removed.bulk_successful_results,
        )
    )


async def search(call: Call) -> Answer:
    """POST /workflow/bulk/search."""
    include_tasks = call.query(INCLUDE_TASKS)
    found: list[WorkflowView] = []
    errors: dict[str, str] = {}
    for one in workflow_ids(call):
        try:
            found.append(workflow_view(await call.platform.executor.read(one), include_tasks=include_tasks))
        except PodiumError as error:
            errors[one] = error.message
    return raw_json(encode_view({"bulkErrorResults": errors, "bulkSuccessfulResults": found}))


def workflow_ids(call: Call) -> list[str]:
    """The ids in the body. Raises Invalid unless there are 1 to 1000 of them."""
    ids = call.body(list[str])
    if not ids:
        raise Invalid("WorkflowIds list cannot be null.")
    if len(ids) > MAX_IDS:
        raise Invalid(f"Cannot process more than {MAX_IDS} workflows. Please use multiple requests.")
    return ids


async def _each(call: Call, change: Change) -> Answer:
    return json_answer(await _results(workflow_ids(call), change))


async def _results(ids: list[str], change: Change) -> BulkResponse:
    """Change one after the other, as often as each is named."""
    done: list[str] = []
    errors: dict[str, str] = {}
    for one in ids:
        try:
            await change(one)
        except PodiumError as error:
            errors[one] = error.message
        else:
            done.append(one)
    return BulkResponse(bulk_error_results=errors, bulk_successful_results=done)


def _terminate(call: Call, *, start_failure_workflow: bool = False) -> Change:
    reason = call.query(REASON)
    return lambda one: call.platform.executor.handle(
        TerminateWorkflow(workflow_id=one, actor=call.actor, reason=reason, start_failure_workflow=start_failure_workflow)
    )


def _remove(call: Call) -> Change:
    return lambda one: call.platform.executor.handle(RemoveWorkflow(workflow_id=one, actor=call.actor))


_IDS: Final = list[str]

ROUTES: Final = (
    Route("PUT", "/workflow/bulk/pause", pause, "Pause workflows", body=_IDS, response=BulkResponse),
    Route("PUT", "/workflow/bulk/resume", resume, "Resume workflows", body=_IDS, response=BulkResponse),
    Route("POST", "/workflow/bulk/restart", restart, "Start workflows over", query=(USE_LATEST,), body=_IDS, response=BulkResponse),
    Route("POST", "/workflow/bulk/retry", retry, "Try the failed tasks of workflows again", body=_IDS, response=BulkResponse),
    Route(
        "POST",
        "/workflow/bulk/terminate",
        terminate,
        "End workflows",
        query=(REASON, FAILURE_WORKFLOW),
        body=_IDS,
        response=BulkResponse,
    ),
    Route("POST", "/workflow/bulk/search", search, "Read workflows by id", query=(INCLUDE_TASKS,), body=_IDS, response=JsonObject),
    Route("DELETE", "/workflow/bulk/remove", remove, "Delete workflows", query=(ARCHIVE,), body=_IDS, response=BulkResponse),
    Route("POST", "/workflow/bulk/delete", remove, "Delete workflows", body=_IDS, response=BulkResponse),
    Route(
        "DELETE",
        "/workflow/bulk/terminate-remove",
        terminate_and_remove,
        "End workflows and delete them",
        query=(REASON, ARCHIVE),
        body=_IDS,
        response=BulkResponse,
    ),
)
