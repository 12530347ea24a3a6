"""Where large payloads go: without a store for them, the path alone."""

from __future__ import annotations

import uuid
from typing import Final

from podium.api.answer import Answer, json_answer
from podium.api.parameter import required_text
from podium.api.routing import Call
from podium.errors import Invalid

OPERATIONS: Final = frozenset({"READ", "WRITE"})
PAYLOAD_TYPES: Final = frozenset({"WORKFLOW_INPUT", "WORKFLOW_OUTPUT", "TASK_INPUT", "TASK_OUTPUT"})

PATH: Final = required_text("path", "a name to build on")
OPERATION: Final = required_text("operation", "READ or WRITE")
PAYLOAD_TYPE: Final = required_text("payloadType", "whose payload it is")
LOCATION: Final = (PATH, OPERATION, PAYLOAD_TYPE)


async def location(call: Call) -> Answer:
    """GET /workflow/externalstoragelocation and /tasks/externalstoragelocation (spec/api.md §2.1)."""
    path, operation, payload_type = (call.query(parameter) for parameter in LOCATION)
    if operation.upper() not in OPERATIONS:
        raise Invalid(f"operation must be one of {', '.join(sorted(OPERATIONS))}, not '{operation[:100]}'")
    if payload_type.upper() not in PAYLOAD_TYPES:
        raise Invalid(f"payloadType must be one of {', '.join(sorted(PAYLOAD_TYPES))}, not '{payload_type[:100]}'")
    return json_answer({"path": f"{path}{uuid.uuid4()}.json"})
