"""A client of the HTTP application, in process."""

from __future__ import annotations

from collections.abc import MutableMapping
from typing import Any

import msgspec

from podium.api.application import Application


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

    def __init__(self, application: Application) -> None:
        self.application = application

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
