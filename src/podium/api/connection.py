"""Connection: the HTTP protocol of the server, with one write for an answer instead of one for its head and one for its body.

Each write to a socket is a system call, and costs more than making the answer does.
"""

from __future__ import annotations

from typing import Any

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol, RequestResponseCycle

BODILESS = frozenset({204, 304})
BROKEN = 500  # uvicorn's own answer for a bug closes the connection


class Sender:
    """What the application sends its answer through: an answer of one piece leaves in one write, any other the way uvicorn does it."""

    __slots__ = ("_cycle", "_otherwise", "_start")

    def __init__(self, cycle: RequestResponseCycle) -> None:
        self._cycle = cycle
        self._otherwise = cycle.send
        self._start: Any = None

    async def send(self, message: Any) -> None:
        """Take the start of an answer, or a piece of its body."""
        cycle = self._cycle
        if message["type"] == "http.response.start" and not cycle.response_started:
            self._start = message
            return
        start, self._start = self._start, None
        if start is None or not self._whole(start, message):
            if start is not None:
                await self._otherwise(start)
            await self._otherwise(message)
        elif not cycle.disconnected:
            cycle.transport.write(self._head(start) + message["body"])
            self._complete()

    def _whole(self, start: Any, message: Any) -> bool:
        """The body is all there, and the connection takes it."""
        cycle, status = self._cycle, start["status"]
        whole = message["type"] == "http.response.body" and not message.get("more_body") and status not in BODILESS and status < BROKEN
        return whole and not cycle.flow.write_paused and cycle.scope["method"] != "HEAD"

    def _head(self, start: Any) -> bytes:
        cycle = self._cycle
        parts = [STATUS_LINE[start["status"]]]
        for name, value in (*cycle.default_headers, *start["headers"]):
            if b"\n" in value or b"\r" in value:
                raise ValueError("a header of more than one line")
            parts += (name, b": ", value, b"\r\n")
        parts.append(b"\r\n" if cycle.keep_alive else b"connection: close\r\n\r\n")
        return b"".join(parts)

    def _complete(self) -> None:
        cycle = self._cycle
        cycle.response_started = cycle.response_complete = True
        cycle.message_event.set()
        if not cycle.keep_alive:
            cycle.transport.close()
        cycle.on_response()


class Connection(HttpToolsProtocol):
    """uvicorn's protocol with a Sender for each answer."""

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:
        cycle.send = Sender(cycle).send  # type: ignore[method-assign]
        super()._start_asgi_task(cycle, app)
