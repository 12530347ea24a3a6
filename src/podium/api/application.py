"""The HTTP application: every resource's routes behind one dispatcher."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Callable, MutableMapping, Sequence
from contextlib import aclosing
from time import perf_counter
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from podium.api.answer import Answer, StreamedAnswer
from podium.api.errors import WrongMediaType, WrongMethod, error_answer, failure_answer
from podium.api.resources import all_routes
from podium.api.routing import Call, Match, Route, Router
from podium.api.static import Assets
from podium.errors import NotFound, PodiumError, TooLarge

if TYPE_CHECKING:
    from podium.runtime.platform import Platform

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Headers = Sequence[tuple[bytes, bytes]]

SERVER_SIDE = 500  # statuses from here on are our fault
BODY_LIMIT_PAYLOADS = 2  # a body may be as large as two of the largest payloads: one, and what describes it


def create_application(platform: Platform) -> Application:
    """The ASGI application over a platform: the API below /api, health and metrics, the reference and the pages for people."""
    body_limit = BODY_LIMIT_PAYLOADS * platform.settings.payload_max_kb * 1024
    return Application(platform, all_routes(), Assets.packaged(), body_limit)


class Application:
    """An ASGI application. It adds little to a request: a look-up, the reading of the body, two messages."""

    def __init__(self, platform: Platform, routes: Sequence[Route], assets: Assets, body_limit: int) -> None:
        self.platform = platform
        self.router = Router(routes)
        self._assets = assets
        self.body_limit = body_limit
        self._instance = socket.gethostname()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection's request; the server's own start and stop belong to the platform."""
        if scope["type"] == "http":
            await self._serve(scope, receive, send)
        elif scope["type"] == "lifespan":
            await _acknowledge(receive, send)
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1000})

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        raw_path: bytes = scope.get("raw_path") or quote(scope["path"]).encode()
        answer = await self.answer(scope["method"], raw_path, scope["query_string"], scope["headers"], receive)
        if isinstance(answer, StreamedAnswer):
            await _stream(answer, receive, send)
        else:
            await _send(answer, send)

    async def answer(self, method: str, raw_path: bytes, query_string: bytes, headers: Headers, body: bytes | Receive) -> Answer:
        """The answer to a request, whatever it is. `headers`: names in lower case; `body`: whole, or where it comes from."""
        path = raw_path.decode("latin-1")
        began = perf_counter()
        route: Route | None = None
        try:
            match = self._match(method, path)
            route = match.route
            if route is None:
                answer = self._without_route(method, path, match.allowed)
            else:
                raw = await self._body(route, headers, body) if route.body is not None else b""
                answer = await route.handler(Call(self.platform, match.path, query_string, headers, raw))
        except PodiumError as error:
            answer = error_answer(error, self._instance)
        except Exception as error:  # noqa: BLE001 - the edge of the server: logged, answered, and the next request is served
            answer = failure_answer(error, method, path, self._instance)
        if route is not None:
            traffic = route.traffic
            traffic.calls += 1
            traffic.seconds += perf_counter() - began
            traffic.failures += answer.status >= SERVER_SIDE
        return answer

    def _match(self, method: str, path: str) -> Match:
        match = self.router.match(method, path)
        return self.router.match("GET", path) if match.route is None and method == "HEAD" else match

    async def _body(self, route: Route, headers: Headers, body: bytes | Receive) -> bytes:
        raw = _within(body, len(body), self.body_limit) if isinstance(body, bytes) else await _read(body, self.body_limit)
        if raw and route.body is not str:
            _require_json(headers)
        return raw

    def _without_route(self, method: str, path: str, allowed: frozenset[str]) -> Answer:
        """OPTIONS on a known path, a wrong verb, an unknown path of the API, or a page."""
        if allowed and method == "OPTIONS":
            return Answer(headers=((b"allow", ", ".join(sorted(allowed | {"HEAD", "OPTIONS"})).encode()),))
        if allowed:
            message = f"Request method '{method}' is not supported"
            raise WrongMethod(message, allowed=allowed)
        if path == "/api" or path.startswith("/api/") or method not in {"GET", "HEAD"}:
            message = f"No endpoint {method} {path}."
            raise NotFound(message)
        return self._assets.answer(path)


async def _read(receive: Receive, limit: int) -> bytes:
    """The whole body. Raises TooLarge as soon as it is longer than the limit; a client that has gone away leaves an empty one."""
    message = await receive()
    first: bytes = message.get("body", b"")
    if not message.get("more_body"):
        return _within(first, len(first), limit)
    chunks, size = [first], len(first)
    while message.get("more_body"):
        message = await receive()
        chunk: bytes = message.get("body", b"")
        chunks.append(_within(chunk, size := size + len(chunk), limit))
    return b"".join(chunks) if message["type"] == "http.request" else b""


def _within(chunk: bytes, size: int, limit: int) -> bytes:
    if size > limit:
        message = f"The request body is larger than {limit} bytes"
        raise TooLarge(message)
    return chunk


def _require_json(headers: Headers) -> None:
    for name, value in headers:
        if name == b"content-type":
            media_type = value.split(b";", 1)[0].strip().lower()
            if media_type and media_type != b"application/json" and not media_type.endswith(b"+json"):
                message = f"Content-Type '{media_type.decode('latin-1')[:100]}' is not supported; send application/json"
                raise WrongMediaType(message)
            return


async def _send(answer: Answer, send: Send) -> None:
    await send({"type": "http.response.start", "status": answer.status, "headers": answer.fields()})
    await send({"type": "http.response.body", "body": answer.body})


async def _stream(answer: StreamedAnswer, receive: Receive, send: Send) -> None:
    """Send what comes until nothing more does, or the client is gone."""
    await send({"type": "http.response.start", "status": answer.status, "headers": answer.fields()})
    sending, leaving = asyncio.ensure_future(_pieces(answer, send)), asyncio.ensure_future(_gone(receive))
    try:
        await asyncio.wait((sending, leaving), return_when=asyncio.FIRST_COMPLETED)
    finally:
        leaving.cancel()
        sending.cancel()
    await asyncio.wait((sending,))
    if not sending.cancelled():
        sending.result()


async def _pieces(answer: StreamedAnswer, send: Send) -> None:
    async with aclosing(answer.pieces) as pieces:
        async for piece in pieces:
            await send({"type": "http.response.body", "body": piece, "more_body": True})
    await send({"type": "http.response.body", "body": b""})


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _acknowledge(receive: Receive, send: Send) -> None:
    while True:
        message = await receive()
        await send({"type": message["type"] + ".complete"})
        if message["type"] == "lifespan.shutdown":
            return
