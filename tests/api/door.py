"""A client of the HTTP application, in process, over a platform whose definitions live in dicts."""

from __future__ import annotations

from collections.abc import MutableMapping, Sequence
from types import SimpleNamespace
from typing import Any, cast

import msgspec

from podium.api.application import Application
from podium.api.routing import Route
from podium.api.static import Assets
from podium.errors import Conflict, NotFound
from podium.model.definition import TaskDef, WorkflowDef
from podium.model.event import EventHandler

BODY_LIMIT = 100_000


class DictRegistry:
    """Definitions as the registry answers for them, without a store."""

    def __init__(self) -> None:
        self.workflows: dict[tuple[str, int], WorkflowDef] = {}
        self.tasks: dict[str, TaskDef] = {}
        self.handlers: dict[str, EventHandler] = {}
        self.values: dict[str, str] = {}

    async def put_workflow_definitions(self, definitions: Sequence[WorkflowDef], *, overwrite: bool) -> None:
        for one in definitions:
            if not overwrite and (one.name, one.version) in self.workflows:
                message = f"Workflow with {one.name}.{one.version} already exists!"
                raise Conflict(message)
            self.workflows[one.name, one.version] = one

    def workflow_definition(self, name: str, version: int | None) -> WorkflowDef | None:
        versions = self.workflow_versions(name)
        return (
            next((one for one in versions if one.version == version), None)
            if version is not None
            else max(versions, key=lambda one: one.version, default=None)
        )

    def workflow_versions(self, name: str) -> list[WorkflowDef]:
        return [one for one in self.workflows.values() if one.name == name]

    def all_workflow_definitions(self) -> list[WorkflowDef]:
        return list(self.workflows.values())

    async def delete_workflow_definition(self, name: str, version: int) -> None:
        if self.workflows.pop((name, version), None) is None:
            message = f"No such workflow definition: {name} version: {version}"
            raise NotFound(message)

    async def put_task_definitions(self, definitions: Sequence[TaskDef], actor: str) -> None:
        self.tasks.update({one.name: msgspec.structs.replace(one, created_by=actor) for one in definitions})

    def task_definition(self, name: str) -> TaskDef | None:
        return self.tasks.get(name)

    def all_task_definitions(self) -> list[TaskDef]:
        return list(self.tasks.values())

    async def delete_task_definition(self, name: str) -> None:
        if self.tasks.pop(name, None) is None:
            message = f"No such task definition: {name}"
            raise NotFound(message)

    def all_event_handlers(self) -> list[EventHandler]:
        return list(self.handlers.values())

    def event_handler(self, name: str) -> EventHandler | None:
        return self.handlers.get(name)

    def event_handlers_of(self, event: str) -> list[EventHandler]:
        return [one for one in self.handlers.values() if one.event == event]

    async def put_event_handler(self, handler: EventHandler) -> None:
        self.handlers[handler.name or ""] = handler

    async def delete_event_handler(self, name: str) -> None:
        if self.handlers.pop(name, None) is None:
            message = f"EventHandler with name {name} not found!"
            raise NotFound(message)

    def environment(self, name: str) -> str | None:
        return self.values.get(name)

    def all_environment(self) -> dict[str, str]:
        return self.values

    async def put_environment(self, name: str, value: str) -> None:
        self.values[name] = value

    async def delete_environment(self, name: str) -> str | None:
        return self.values.pop(name, None)

    def variable(self, name: str) -> str | None:
        return "prod" if name == "NETFLIX_STACK" else None


class Reply(msgspec.Struct, frozen=True):
    """What came back."""

    status: int
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:
        return msgspec.json.decode(self.body)

    @property
    def text(self) -> str:
        return self.body.decode()


class Client:
    """Sends requests to the application; paths are sent as they are written, percent signs and all."""

    def __init__(self, routes: Sequence[Route]) -> None:
        self.registry = DictRegistry()
        self.supervisor = SimpleNamespace(failed={})
        self.sizes: dict[tuple[str, str | None], int] = {}
        self.time = 0
        store = SimpleNamespace(queue_sizes=self._queue_sizes)
        clock = SimpleNamespace(now=lambda: self.time)
        platform = SimpleNamespace(registry=self.registry, supervisor=self.supervisor, store=store, clock=clock)
        self.application = Application(cast("Any", platform), routes, Assets.packaged(), BODY_LIMIT)

    async def _queue_sizes(self) -> dict[tuple[str, str | None], int]:
        return self.sizes

    async def send(self, call: str, body: object = None, media_type: str | None = "application/json") -> Reply:
        """`METHOD /path?query` with a body: bytes as they are, anything else as JSON."""
        method, _, target = call.partition(" ")
        path, _, query = target.partition("?")
        raw = body if isinstance(body, bytes) else b"" if body is None else msgspec.json.encode(body)
        headers = [(b"content-type", media_type.encode())] if media_type else []
        scope = {
            "type": "http",
            "method": method,
            "path": path,
            "raw_path": path.encode(),
            "query_string": query.encode(),
            "headers": headers,
        }
        sent: list[MutableMapping[str, Any]] = []
        waiting = [raw[at : at + 40_000] for at in range(0, len(raw), 40_000)] or [b""]

        async def receive() -> MutableMapping[str, Any]:
            return {"type": "http.request", "body": waiting.pop(0), "more_body": bool(waiting)}

        async def send(message: MutableMapping[str, Any]) -> None:
            sent.append(message)

        await self.application(scope, receive, send)
        found = {name.decode(): value.decode() for name, value in sent[0]["headers"]}
        return Reply(sent[0]["status"], found, b"".join(message["body"] for message in sent[1:]))
