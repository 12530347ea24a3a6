"""Calls that wait: start a workflow, or change one, and answer when it has ended or a task holds it up."""

from __future__ import annotations

import uuid
from typing import Final

import msgspec

from podium.api.answer import Answer, raw_json
from podium.api.masking import masked
from podium.api.parameter import integer, optional_text, text
from podium.api.routing import Call, Route, query_values
from podium.api.view import encode_view
from podium.api.view_signal import ReturnStrategy, SignalResponse, Waited, task_form, workflow_form
from podium.api.workflow_start import VERSION, begin, idempotency_key, idempotency_strategy, version_in_path
from podium.errors import Invalid
from podium.model.body import StartWorkflowRequest, WorkflowStateUpdate
from podium.model.command import UpdateTaskByRef, UpdateVariables
from podium.model.json import JsonObject
from podium.model.status import TaskStatus
from podium.runtime.waiting import settle

WAIT_SECONDS: Final = 10  # for as long a call waits unless told, and when told 0

RETURN_STRATEGY: Final = optional_text("returnStrategy", "what to answer with: " + ", ".join(ReturnStrategy))
REQUEST_ID: Final = optional_text("requestId", "comes back in the answer")
WAIT_UNTIL: Final = optional_text("waitUntilTaskRef", "reference names with commas between; the end of one of these tasks ends the wait")
WAIT_FOR: Final = integer("waitForSeconds", WAIT_SECONDS, "how long to wait at most")
CONSISTENCY: Final = text("consistency", "taken and not needed: every answer is durable")


async def execute(call: Call) -> Answer:
    """POST /workflow/execute/{name}/{version}."""
    strategy = return_strategy(call.query(RETURN_STRATEGY))
    body = call.body(StartWorkflowRequest)
    request = msgspec.structs.replace(body, name=call.path["name"], version=version_in_path(call) or None)
    workflow_id = await begin(call, request)
    wait_ms = (call.query(WAIT_FOR) or WAIT_SECONDS) * 1000
    return await wait(call, workflow_id, Wait(strategy, call.query(REQUEST_ID), refs(call.query(WAIT_UNTIL)), wait_ms))


async def execute_as_function(call: Call) -> Answer:
    """POST /workflow/execute/{name}: the body is the input, the answer the output; 206 when it came before the end."""
    return await _as_function(call, call.body(JsonObject))


async def execute_with_query(call: Call) -> Answer:
    """GET /workflow/execute/{name}: the query parameters are the input."""
    values = query_values(call.query_string)
    return await _as_function(call, {name: found[0] for name, found in values.items() if name != VERSION.name})


async def update_state(call: Call) -> Answer:
    """POST /workflow/{workflowId}/state: new variables, or the end of one task, or both; then wait."""
    workflow_id, update, executor = call.path["workflowId"], call.body(WorkflowStateUpdate), call.platform.executor
    if update.variables:
        await executor.handle(UpdateVariables(workflow_id=workflow_id, actor=call.actor, variables=update.variables))
    result = update.task_result
    if update.task_reference_name and result is not None:
        if result.status is None:
            raise Invalid("The status of the task result cannot be null")
        await executor.handle(
            UpdateTaskByRef(
                workflow_id=workflow_id,
                actor=call.actor,
                ref=update.task_reference_name,
                status=TaskStatus(result.status),
                output=result.output_data,
                worker_id=result.worker_id,
            )
        )
    wait_ms = (call.query(WAIT_FOR) or WAIT_SECONDS) * 1000
    plan = Wait(ReturnStrategy.TARGET_WORKFLOW, call.query(REQUEST_ID), refs(call.query(WAIT_UNTIL)), wait_ms)
    return await wait(call, workflow_id, plan)


class Wait(msgspec.Struct, frozen=True):
    """What the caller waits for, and what to say afterwards."""

    strategy: ReturnStrategy
    request_id: str | None
    until: frozenset[str]  # reference names
    wait_ms: int


async def wait(call: Call, workflow_id: str, plan: Wait) -> Answer:
    """Wait until the run is settled or the time is over, then describe it (spec/engine.md §2.11)."""
    executor = call.platform.executor
    settled = await settle(call.platform, workflow_id, plan.until, plan.wait_ms)
    target = (await executor.read(workflow_id)).workflow
    described = workflow_id
    if plan.strategy is not ReturnStrategy.TARGET_WORKFLOW and settled.blocking_workflow_id is not None:
        described = settled.blocking_workflow_id
    run = await executor.read(described)
    waited = Waited(
        strategy=plan.strategy,
        request_id=plan.request_id or str(uuid.uuid4()),
        timed_out=settled.timed_out,
        target_id=workflow_id,
        target_status=target.status,
    )
    if plan.strategy.of_task and settled.blocking_task is not None:
        return raw_json(encode_view(task_form(waited, run, settled.blocking_task)))
    return raw_json(encode_view(workflow_form(waited, run)))


def refs(names: str | None) -> frozenset[str]:
    """Reference names from a list with commas."""
    return frozenset(name.strip() for name in (names or "").split(",") if name.strip())


def return_strategy(word: str | None) -> ReturnStrategy:
    """What to describe; the target unless told. Raises Invalid for a word that is none."""
    try:
        return ReturnStrategy(word) if word else ReturnStrategy.TARGET_WORKFLOW
    except ValueError as error:
        raise Invalid(f"returnStrategy must be one of {', '.join(ReturnStrategy)}, not '{(word or '')[:100]}'") from error


async def _as_function(call: Call, value: JsonObject) -> Answer:
    executor = call.platform.executor
    request = StartWorkflowRequest(
        name=call.path["name"],
        version=call.query(VERSION),
        input=value,
        idempotency_key=idempotency_key(call),
        idempotency_strategy=idempotency_strategy(call),
    )
    until, wait_ms = refs(call.header(b"waituntiltaskref")), _seconds(call.header(b"waitforseconds")) * 1000
    workflow_id = await begin(call, request)
    await settle(call.platform, workflow_id, until, wait_ms)
    run = await executor.read(workflow_id)
    return raw_json(masked(run.workflow.output, run.program.definition.masked_fields), 200 if run.workflow.status.terminal else 206)


def _seconds(text: str | None) -> int:
    if not text:
        return WAIT_SECONDS
    if not text.isdecimal() or len(text) > 9:
        raise Invalid(f"waitForSeconds must be a whole number, not '{text[:100]}'")
    return int(text) or WAIT_SECONDS


ROUTES: Final = (
    Route(
        "POST",
        "/workflow/execute/{name}/{version}",
        execute,
        "Start a workflow and wait for it; version 0 is the latest",
        query=(REQUEST_ID, WAIT_UNTIL, WAIT_FOR, CONSISTENCY, RETURN_STRATEGY),
        body=StartWorkflowRequest,
        response=SignalResponse,
    ),
    Route(
        "POST",
        "/workflow/execute/{name}",
        execute_as_function,
        "Run a workflow like a function: the body is its input, the answer its output",
        query=(VERSION,),
        body=JsonObject,
        response=JsonObject,
    ),
    Route(
        "GET",
        "/workflow/execute/{name}",
        execute_with_query,
        "Run a workflow like a function, with the query parameters as its input",
        query=(VERSION,),
        response=JsonObject,
    ),
    Route(
        "POST",
        "/workflow/{workflowId}/state",
        update_state,
        "Change variables or finish a task, and wait for the workflow",
        query=(REQUEST_ID, WAIT_UNTIL, WAIT_FOR),
        body=WorkflowStateUpdate,
        response=SignalResponse,
    ),
)
