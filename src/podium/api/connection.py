"""Connection: HTTP/1.1 on a socket, without the detour over ASGI that a request of one piece does not need.

uvicorn's protocol does the parsing, the pipelining, the time-outs and the end of the server. A plain request (no upgrade, nothing
expected before the body, none before it unanswered) is gathered here, handed to the application as it is, and its answer leaves in one
write: each write to a socket is a system call, and costs more than making the answer does. All others go the way uvicorn has for them.
An answer that comes piece by piece leaves so, in chunks, no faster than the client reads, and ends with the connection.
"""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from typing import Any

import httptools
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from podium import log
from podium.api.answer import NO_CONTENT, Answer, StreamedAnswer
from podium.api.application import Application


class _NobodyWaits:
    """In place of an event: nothing waits for the parts of a request that is handed over whole."""

    def set(self) -> None:
        """Nothing to wake."""


class Exchange:
    """A request, and how far its answer is; what uvicorn asks of its own cycles stands here too."""

    __slots__ = (
        "begun",
        "body",
        "chunked",
        "disconnected",
        "headers",
        "keep_alive",
        "method",
        "path",
        "query",
        "response_complete",
        "size",
        "streams",
        "task",
        "whole",
    )

    message_event = _NobodyWaits()

    # bounds: what a request is
    def __init__(self, method: str, url: bytes, headers: list[tuple[bytes, bytes]], *, keep_alive: bool, chunked: bool) -> None:
        parsed = httptools.parse_url(url)
        self.method = method
        self.path: bytes = parsed.path
        self.query: bytes = parsed.query or b""
        self.headers = headers
        self.keep_alive = keep_alive
        self.chunked = chunked  # the client understands an answer in chunks
        self.streams = False  # its answer is one that ends with the connection
        self.body: list[bytes] = []
        self.size = 0
        self.begun = False
        self.whole = False
        self.response_complete = False
        self.disconnected = False
        self.task: asyncio.Task[None] | None = None


class Connection(HttpToolsProtocol):
    """A connection of a client."""

    cycle: Any
    app: Any
    _idle_since = 0.0

    def on_message_begin(self) -> None:
        """A request begins."""
        self.url = b""
        self.expect_100_continue = False
        self.headers = []

    def on_headers_complete(self) -> None:
        """All but the body is known."""
        busy = self.cycle is not None and not self.cycle.response_complete
        if busy or self.expect_100_continue or self.parser.should_upgrade() or not isinstance(self.app, Application):
            self._as_uvicorn_does()
            return
        current = self.parser.get_http_version() != "1.0"
        keep_alive = current and self.parser.should_keep_alive()
        self.cycle = Exchange(self.parser.get_method().decode("ascii"), self.url, self.headers, keep_alive=keep_alive, chunked=current)

    def _as_uvicorn_does(self) -> None:
        url, headers, expected = self.url, self.headers, self.expect_100_continue
        super().on_message_begin()
        self.url, self.expect_100_continue = url, expected
        self.headers.extend(headers)
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """A part of the body. One that is too long is refused before its end; the rest is dropped, and the connection ends after it."""
        exchange = self.cycle
        if not isinstance(exchange, Exchange):
            super().on_body(body)
        elif not exchange.begun:
            exchange.body.append(body)
            exchange.size += len(body)
            if exchange.size > self.app.body_limit:
                exchange.keep_alive = False
                self._begin(exchange)

    def on_message_complete(self) -> None:
        """The request is whole."""
        exchange = self.cycle
        if not isinstance(exchange, Exchange):
            super().on_message_complete()
            return
        exchange.whole = True
        if not exchange.begun:
            self._begin(exchange)
        elif exchange.response_complete:
            self.transport.close()

    def _begin(self, exchange: Exchange) -> None:
        exchange.begun = True
        exchange.task = self.loop.create_task(self._answer(exchange))
        self.tasks.add(exchange.task)  # the server waits for them when it ends

    async def _answer(self, exchange: Exchange) -> None:
        body = exchange.body[0] if len(exchange.body) == 1 else b"".join(exchange.body)
        try:
            answer = await self.app.answer(exchange.method, exchange.path, exchange.query, exchange.headers, body)
            if isinstance(answer, StreamedAnswer):
                await self._stream(answer, exchange)
            elif not exchange.disconnected and not self.transport.is_closing():
                self.transport.write(self._written(answer, exchange))
        finally:
            exchange.response_complete = True
            self.tasks.discard(exchange.task)
        if exchange.whole and not exchange.keep_alive:
            self.transport.close()
        self.on_response_complete()

    async def _stream(self, answer: StreamedAnswer, exchange: Exchange) -> None:
        """Send the pieces as they come. Cancelled when the client is gone."""
        exchange.streams, exchange.keep_alive = True, exchange.keep_alive and exchange.chunked
        async with aclosing(answer.pieces) as pieces:
            if exchange.disconnected or self.transport.is_closing():
                return
            more = [(b"transfer-encoding", b"chunked")] if exchange.chunked else []
            self.transport.write(b"".join(self._head(answer, exchange, more)))
            if exchange.method == "HEAD":
                return
            try:
                async for piece in pieces:
                    self.transport.write(b"%x\r\n%b\r\n" % (len(piece), piece) if exchange.chunked else piece)
                    await self.flow.drain()
            except Exception as error:  # noqa: BLE001 - the head has left: the end of the connection is all that can still tell of it
                log.error(log.Event.REQUEST_FAILED, error, path=f"{exchange.method} {exchange.path.decode('latin-1')}")
                self.transport.close()
                return
        if exchange.chunked:
            self.transport.write(b"0\r\n\r\n")

    def _head(self, answer: Answer, exchange: Exchange, more: list[tuple[bytes, bytes]]) -> list[bytes]:
        parts = [STATUS_LINE[answer.status]]
        for name, value in (*self.server_state.default_headers, *answer.fields(), *more):
            parts += (name, b": ", value, b"\r\n")
        if not exchange.keep_alive:
            parts.append(b"connection: close\r\n")
        parts.append(b"\r\n")
        return parts

    def _written(self, answer: Answer, exchange: Exchange) -> bytes:
        parts = self._head(answer, exchange, [])
        if exchange.method != "HEAD" and answer.status != NO_CONTENT:
            parts.append(answer.body)
        return b"".join(parts)

    # Idle connections: one timer for each connection, not one for each answer

    def on_response_complete(self) -> None:
        """An answer has left: the next request may come."""
        if self.pipeline:
            super().on_response_complete()
            return
        self.server_state.total_requests += 1
        if self.transport.is_closing():
            return
        self.flow.resume_reading()
        self._idle_since = self.loop.time()
        if self.timeout_keep_alive_task is None:
            self.timeout_keep_alive_task = self.loop.call_later(self.timeout_keep_alive, self.timeout_keep_alive_handler)

    def timeout_keep_alive_handler(self) -> None:
        """Close a connection that has been idle for too long."""
        busy = self.cycle is not None and not self.cycle.response_complete
        left = self.timeout_keep_alive - (self.loop.time() - self._idle_since)
        if busy or left > 0:
            wait = self.timeout_keep_alive if busy else left
            self.timeout_keep_alive_task = self.loop.call_later(wait, self.timeout_keep_alive_handler)
        elif not self.transport.is_closing():
            self.transport.close()

    def _unset_keepalive_if_required(self) -> None:
        """The timer goes on: it looks whether the connection is idle when it fires."""

    def connection_lost(self, exc: Exception | None) -> None:
        """The client is gone."""
        if self.timeout_keep_alive_task is not None:
            self.timeout_keep_alive_task.cancel()
            self.timeout_keep_alive_task = None
        if isinstance(self.cycle, Exchange) and self.cycle.streams and self.cycle.task is not None:
            self.cycle.task.cancel()
        super().connection_lost(exc)
