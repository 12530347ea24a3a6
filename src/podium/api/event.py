"""/event: handlers of events (spec/api.md §2.5)."""

from __future__ import annotations

import msgspec

from podium.api.answer import Answer, json_answer, nothing
from podium.api.parameter import boolean
from podium.api.routing import Call, Route
from podium.engine.validation import refuse, validate_event_handler
from podium.errors import Conflict, NotFound
from podium.model.event import EventHandler
from podium.model.json import Json
from podium.model.wire import parse, shape

ACTIVE_ONLY = boolean("activeOnly", default=True, about="Leave out handlers that are switched off")


async def create_handlers(call: Call) -> Answer:
    """POST /event: one handler or a list; all of them, or none."""
    raw = parse(call.raw)
    handlers = _validated(raw if isinstance(raw, list) else [raw])
    registry = call.platform.registry
    taken = {one.name for one in registry.all_event_handlers()}
    for handler in handlers:
        if handler.name in taken:
            message = f"EventHandler with name {handler.name} already exists!"
            raise Conflict(message)
        taken.add(handler.name)
    for handler in handlers:
        await registry.put_event_handler(msgspec.structs.replace(handler, created_by=call.actor))
    return nothing()


async def update_handler(call: Call) -> Answer:
    """PUT /event."""
    (handler,) = _validated([parse(call.raw)])
    before = _existing(call, handler.name or "")
    await call.platform.registry.put_event_handler(msgspec.structs.replace(handler, created_by=before.created_by))
    return nothing()


async def delete_handler(call: Call) -> Answer:
    """DELETE /event/{name}."""
    await call.platform.registry.delete_event_handler(call.path["name"])
    return nothing()


async def handlers(call: Call) -> Answer:
    """GET /event."""
    return json_answer(call.platform.registry.all_event_handlers())


async def handlers_of_event(call: Call) -> Answer:
    """GET /event/{event}: by the event, not by the name of the handler."""
    active_only = call.query(ACTIVE_ONLY)
    found = call.platform.registry.event_handlers_of(call.path["event"])
    return json_answer([one for one in found if one.active or not active_only])


async def handler_by_name(call: Call) -> Answer:
    """GET /event/handler/{name}."""
    return json_answer(_existing(call, call.path["name"]))


async def handler_without_name(call: Call) -> Answer:
    """GET /event/handler/: what a client asks for when its name is empty."""
    return json_answer(_existing(call, ""))


def _validated(raws: list[Json]) -> list[EventHandler]:
    """The handlers in a body. Raises Invalid with the problems of all."""
    handlers = shape(raws, list[EventHandler])
    problems = []
    for number, (raw, handler) in enumerate(zip(raws, handlers, strict=True)):
        has_actions = isinstance(raw, dict) and raw.get("actions") is not None
        problems += validate_event_handler(handler, f"$[{number}]", has_actions=has_actions)
    refuse(problems)
    return handlers


def _existing(call: Call, name: str) -> EventHandler:
    handler = call.platform.registry.event_handler(name)
    if handler is not None:
        return handler
    message = f"EventHandler with name {name} not found!"
    raise NotFound(message)


ROUTES = (
    Route("POST", "/event", create_handlers, "Create one event handler or a list of them", body=list[EventHandler]),
    Route("PUT", "/event", update_handler, "Replace an event handler", body=EventHandler),
    Route("DELETE", "/event/{name}", delete_handler, "Delete an event handler"),
    Route("GET", "/event", handlers, "All event handlers", response=list[EventHandler]),
    Route("GET", "/event/{event}", handlers_of_event, "Handlers of an event", query=(ACTIVE_ONLY,), response=list[EventHandler]),
    Route("GET", "/event/handler/{name}", handler_by_name, "One event handler", response=EventHandler),
    Route("GET", "/event/handler/", handler_without_name, "One event handler", response=EventHandler),
    Route("GET", "/event/handler", handler_without_name, "One event handler", response=EventHandler),
)
