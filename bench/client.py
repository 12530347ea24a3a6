"""Client: the cheapest way to speak HTTP to a server, so that the load leaves the machine to whom it measures.

One request at a time per connection, kept alive; answers come as a call. The bytes of a request are prepared by the caller.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial
from typing import Any, cast

import msgspec

OnAnswer = Callable[[int, bytes], None]  # (status, body)

NO_CONTENT = 204
END_OF_HEAD = b"\r\n\r\n"
LENGTH = b"content-length:"


class BadAnswer(Exception):
    """The server said something that no measurement expects."""


def get(path: str) -> bytes:
    """The bytes of a GET."""
    return b"GET %s HTTP/1.1\r\nhost: bench\r\n\r\n" % path.encode()


def send(method: str, path: str, body: bytes) -> bytes:
    """The bytes of a request with a JSON body."""
    head = b"%s %s HTTP/1.1\r\nhost: bench\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n"
    return head % (method.encode(), path.encode(), len(body)) + body


class Connection(asyncio.Protocol):
    """One connection."""

    def __init__(self) -> None:
        self._transport: asyncio.Transport | None = None
        self._on_answer: OnAnswer | None = None
        self._rest = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Called by the event loop."""
        self._transport = cast("asyncio.Transport", transport)  # uvloop's is one in deed, not by name

    def connection_lost(self, exc: Exception | None) -> None:
        """Called by the event loop; whoever waits hears it as status 0."""
        on_answer, self._on_answer = self._on_answer, None
        if on_answer is not None:
            on_answer(0, str(exc).encode())

    def data_received(self, data: bytes) -> None:
        """Called by the event loop."""
        if self._rest:
            data = self._rest + data
        end = data.find(END_OF_HEAD) + len(END_OF_HEAD)
        if end < len(END_OF_HEAD):
            self._rest = data
            return
        status = int(data[9:12])
        if status != NO_CONTENT:
            whole = end + _length(data[:end])
            if len(data) < whole:
                self._rest = data
                return
        self._rest = b""
        on_answer, self._on_answer = self._on_answer, None
        if on_answer is None:
            raise BadAnswer(data[:200])
        on_answer(status, data[end:])

    def ask(self, request: bytes, on_answer: OnAnswer) -> None:
        """Send a request; `on_answer` is called with what comes back."""
        self._on_answer = on_answer
        assert self._transport is not None
        self._transport.write(request)

    def close(self) -> None:
        """Hang up."""
        self._on_answer = None
        if self._transport is not None:
            self._transport.close()

    async def call(self, request: bytes) -> tuple[int, bytes]:
        """The same for measurements that take one step after the other."""
        answer: asyncio.Future[tuple[int, bytes]] = asyncio.get_running_loop().create_future()
        self.ask(request, lambda status, body: answer.set_result((status, body)))
        return await answer

    async def expect(self, request: bytes) -> bytes:
        """The body of an answer of 200 or 204. Raises BadAnswer for any other."""
        status, body = await self.call(request)
        if status not in {200, NO_CONTENT}:
            raise BadAnswer(f"{status} {body[:500].decode(errors='replace')} to {request[:120].decode(errors='replace')}")
        return body


def _length(head: bytes) -> int:
    at = head.find(LENGTH)
    if at < 0:
        at = head.lower().find(LENGTH)
    if at < 0:
        raise BadAnswer(head)
    return int(head[at + len(LENGTH) : head.index(b"\r\n", at)])


async def connect(port: int) -> Connection:
    """A new connection to a server on this machine."""
    _, connection = await asyncio.get_running_loop().create_connection(Connection, "127.0.0.1", port)
    return connection


async def connect_many(port: int, count: int) -> list[Connection]:
    """Several connections."""
    return [await connect(port) for _ in range(count)]


class Polled(msgspec.Struct, rename="camel", gc=False):
    """What a worker needs to know of a task."""

    task_id: str
    workflow_instance_id: str
    reference_task_name: str = ""


tasks_of: Callable[[bytes], list[Polled]] = msgspec.json.Decoder(list[Polled]).decode
task_of: Callable[[bytes], Polled] = msgspec.json.Decoder(Polled).decode


def poll_request(task_type: str, worker: str, count: int, timeout_ms: int) -> bytes:
    """A worker asks for tasks."""
    return get(f"/api/tasks/poll/batch/{task_type}?workerid={worker}&count={count}&timeout={timeout_ms}")


class Reports:
    """The requests that report tasks as completed with the same prepared output."""

    def __init__(self, output: bytes, path: str = "/api/tasks") -> None:
        self._head = b"POST %s HTTP/1.1\r\nhost: bench\r\ncontent-type: application/json\r\ncontent-length: " % path.encode()
        self._tail = b'","workerId":"bench","status":"COMPLETED","outputData":' + output + b"}"

    def request(self, task: Polled) -> bytes:
        """The report of one task."""
        ids = b'{"workflowInstanceId":"%s","taskId":"%s' % (task.workflow_instance_id.encode(), task.task_id.encode())
        return b"%s%d\r\n\r\n%s%s" % (self._head, len(ids) + len(self._tail), ids, self._tail)


def start_request(name: str, given: object) -> bytes:
    """A workflow is started by name, in its version 1."""
    return send("POST", "/api/workflow", msgspec.json.encode({"name": name, "version": 1, "input": given}))


class Pool:
    """Connections that serve requests as they become free."""

    def __init__(self, connections: list[Connection]) -> None:
        self.connections = connections
        self._free = list(connections)
        self._waiting: list[tuple[bytes, OnAnswer]] = []

    def ask(self, request: bytes, on_answer: OnAnswer) -> None:
        """Send it now, or as soon as a connection is free."""
        if self._free:
            connection = self._free.pop()
            connection.ask(request, partial(self._answered, connection, on_answer))
        else:
            self._waiting.append((request, on_answer))

    def _answered(self, connection: Connection, on_answer: OnAnswer, status: int, body: bytes) -> None:
        if self._waiting:
            request, waiting = self._waiting.pop()
            connection.ask(request, partial(self._answered, connection, waiting))
        else:
            self._free.append(connection)
        on_answer(status, body)


async def register(connection: Connection, definitions: list[dict[str, Any]], task_types: list[str]) -> None:
    """Register workflow definitions and task definitions without retries."""
    tasks = [{"name": name, "retryCount": 0, "responseTimeoutSeconds": 600, "ownerEmail": "bench@example.org"} for name in task_types]
    await connection.expect(send("POST", "/api/metadata/taskdefs", msgspec.json.encode(tasks)))
    await connection.expect(send("PUT", "/api/metadata/workflow", msgspec.json.encode(definitions)))
