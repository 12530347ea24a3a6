"""/workflow/{workflowId}/messages: the queue of a running workflow, which its PULL_WORKFLOW_MESSAGES tasks empty (spec/tasks.md §4.9)."""

from __future__ import annotations

import uuid
from typing import Final

from podium.api.answer import Answer, text_answer
from podium.api.routing import Call, Route
from podium.model.command import PushMessage
from podium.model.json import JsonObject
from podium.model.payload import Payload


async def push(call: Call) -> Answer:
    """POST /workflow/{workflowId}/messages."""
    settings = call.platform.settings
    command = PushMessage(
        workflow_id=call.path["workflowId"],
        actor=call.actor,
        pushed_id=str(uuid.uuid4()),
        payload=Payload.of(call.body(JsonObject)),
        most=settings.workflow_messages,
        most_bytes=settings.payload_max_kb * 1024,
    )
    return text_answer(str(await call.platform.executor.handle(command)))


ROUTES: Final = (
    Route("POST", "/workflow/{workflowId}/messages", push, "Send a running workflow a message", body=JsonObject, response=str),
)
