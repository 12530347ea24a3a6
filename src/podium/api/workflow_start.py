"""Starting workflows: by request, or by name with the body as input; the answer is the new workflow's id."""

from __future__ import annotations

from typing import Final

from podium.api.answer import Answer, text_answer
from podium.api.parameter import integer, optional_integer, optional_text
from podium.api.routing import Call, Route
from podium.errors import Invalid
from podium.model.body import IdempotencyStrategy, StartWorkflowRequest
from podium.model.json import JsonObject
from podium.runtime.start_check import check_start

VERSION: Final = optional_integer("version", "the latest, unless told")
CORRELATION_ID: Final = optional_text("correlationId", "the caller's own name for what this run is about")
PRIORITY: Final = integer("priority", 0, "0 to 99; the higher, the earlier its tasks are given out")

_IDEMPOTENCY_KEY: Final = b"x-idempotency-key"
_ON_CONFLICT: Final = b"x-on-conflict"


async def start(call: Call) -> Answer:
    """POST /workflow."""
    return text_answer(await begin(call, call.body(StartWorkflowRequest)))


async def start_by_name(call: Call) -> Answer:
    """POST /workflow/{name}."""
    return await _start(call, call.query(VERSION))


async def start_by_name_and_version(call: Call) -> Answer:
    """POST /workflow/start/{name}/{version}."""
    return await _start(call, version_in_path(call))


async def _start(call: Call, version: int | None) -> Answer:
    request = StartWorkflowRequest(
        name=call.path["name"],
        version=version,
        correlation_id=call.query(CORRELATION_ID),
        input=call.body(JsonObject),
        priority=call.query(PRIORITY),
        idempotency_key=idempotency_key(call),
        idempotency_strategy=idempotency_strategy(call),
    )
    return text_answer(await begin(call, request))


async def begin(call: Call, request: StartWorkflowRequest) -> str:
    """Start a workflow; its id. Raises Invalid for a request that breaks a rule (spec/api.md §3.9), NotFound, Conflict for a used key."""
    check_start(request, call.platform.registry)
    return await call.platform.executor.start(request, call.actor)


def version_in_path(call: Call) -> int:
    """The `{version}` of the path. Raises Invalid when it is no whole number."""
    text = call.path["version"]
    if not text.lstrip("-").isdecimal() or len(text) > 10:
        raise Invalid(f"The version in the path must be a whole number, not '{text[:100]}'")
    return int(text)


def idempotency_key(call: Call) -> str | None:
    """The key in the headers of the request (spec/api.md §3.20)."""
    return call.header(_IDEMPOTENCY_KEY)


def idempotency_strategy(call: Call) -> IdempotencyStrategy | None:
    """What the headers say about a second start with the same key. Raises Invalid for a word that is none."""
    word = call.header(_ON_CONFLICT)
    if not word:
        return None
    try:
        return IdempotencyStrategy(word)
    except ValueError as error:
        raise Invalid(f"X-on-conflict must be one of {', '.join(IdempotencyStrategy)}, not '{word[:100]}'") from error


ROUTES: Final = (
    Route("POST", "/workflow", start, "Start a workflow", body=StartWorkflowRequest, response=str),
    Route(
        "POST",
        "/workflow/{name}",
        start_by_name,
        "Start a workflow by name, with the body as its input",
        query=(VERSION, CORRELATION_ID, PRIORITY),
        body=JsonObject,
        response=str,
    ),
    Route(
        "POST",
        "/workflow/start/{name}/{version}",
        start_by_name_and_version,
        "Start a version of a workflow, with the body as its input",
        query=(CORRELATION_ID, PRIORITY),
        body=JsonObject,
        response=str,
    ),
)
