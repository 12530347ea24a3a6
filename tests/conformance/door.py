"""A client of the server in the test's own process, and a real port for the servers whose tasks call themselves."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import AsyncIterator, MutableMapping
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import quote

import uvicorn

from podium.api.application import Application

Message = MutableMapping[str, Any]
PIECE = 65_536


class Door:
    """Sends requests straight into the application; a path goes in as it is written, percent signs and all."""

    def __init__(self, application: Application) -> None:
        self._application = application

    async def send(self, call: str, body: bytes, headers: dict[str, str]) -> tuple[int, Any]:
        """`METHOD /path?query`; the status and the answer: JSON, else text, else None."""
        method, _, target = call.partition(" ")
        path, _, query = quote(target, safe="%/?:@!$&'()*+,;=~").partition("?")
        scope = {
            "type": "http",
            "method": method,
            "path": path,
            "raw_path": path.encode(),
            "query_string": query.encode(),
            "headers": [(name.lower().encode(), value.encode()) for name, value in headers.items()],
        }
        waiting = [body[at : at + PIECE] for at in range(0, len(body), PIECE)] or [b""]
        sent: list[Message] = []

        async def receive() -> Message:
            return {"type": "http.request", "body": waiting.pop(0), "more_body": bool(waiting)}

        async def send(message: Message) -> None:
            sent.append(message)

        await self._application({**scope}, receive, send)
        return sent[0]["status"], _read(b"".join(message.get("body", b"") for message in sent[1:]))


def _read(raw: bytes) -> Any:
    try:
        return json.loads(raw) if raw else None
    except ValueError:
        return raw.decode(errors="replace")


@asynccontextmanager
async def listening(application: Application) -> AsyncIterator[str]:
    """The application on a free port of loopback, in this event loop; its address."""
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    config = uvicorn.Config(application, log_config=None, lifespan="off", access_log=False)
    config.load()
    server = uvicorn.Server(config)
    server.lifespan = config.lifespan_class(config)
    await server.startup(sockets=[listener])
    loop = asyncio.create_task(server.main_loop())
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        await loop
        await server.shutdown(sockets=[listener])
