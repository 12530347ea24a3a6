"""A web server that answers with the bytes a test gives it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

Answer = Callable[[str], Awaitable[bytes]]  # the whole request as text -> the whole answer


class Web:
    """What came in, and where it listens."""

    def __init__(self) -> None:
        self.requests: list[str] = []
        self.port = 0

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"


@asynccontextmanager
async def web(answer: Answer) -> AsyncIterator[Web]:
    """Serve until the block ends; each connection takes one request."""
    made = Web()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        length = next((int(line[15:]) for line in head.split("\r\n") if line.lower().startswith("content-length:")), 0)
        body = (await reader.readexactly(length)).decode()
        made.requests.append(head + body)
        writer.write(await answer(head + body))
        writer.close()
        await writer.wait_closed()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    made.port = server.sockets[0].getsockname()[1]
    try:
        yield made
    finally:
        server.close()
        await server.wait_closed()


def reply(status: str = "200 OK", body: str = "", *headers: str) -> bytes:
    """An answer."""
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body.encode())}", "Connection: close", *headers]
    return ("\r\n".join(lines) + "\r\n\r\n" + body).encode()


def always(answer: bytes) -> Answer:
    """The same to every request."""

    async def give(_request: str) -> bytes:
        return answer

    return give
