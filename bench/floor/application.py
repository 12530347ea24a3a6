"""Application: sequences of one task type, kept in memory, answered after the commit; nothing else."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any
from urllib.parse import parse_qs
from uuid import uuid4

import msgspec

from bench.floor.store import Change, Store

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

JSON, TEXT = b"application/json", b"text/plain"


class _Start(msgspec.Struct):
    name: str
    input: msgspec.Raw


class _Report(msgspec.Struct, rename="camel"):
    workflow_instance_id: str
    task_id: str
    status: str
    output_data: msgspec.Raw


class _Definition(msgspec.Struct):
    name: str
    tasks: list[msgspec.Raw]


_decode_start = msgspec.json.Decoder(_Start).decode
_decode_report = msgspec.json.Decoder(_Report).decode
_decode_definitions = msgspec.json.Decoder(list[_Definition]).decode


class _Run:
    """A workflow."""

    __slots__ = ("length", "step", "workflow_id")

    def __init__(self, workflow_id: str, length: int) -> None:
        self.workflow_id = workflow_id
        self.length = length
        self.step = 1


class Application:
    """An ASGI application."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._lengths: dict[str, int] = {}  # of workflows, by name
        self._runs: dict[str, _Run] = {}
        self._ready: deque[_Run] = deque()
        self._waiting: deque[asyncio.Future[None]] = deque()

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Serve a request."""
        if scope["type"] != "http":
            return
        path: str = scope["path"]
        kind = TEXT
        if path == "/api/tasks":
            body = await self._report(await _body(receive))
        elif path.startswith("/api/tasks/poll/batch/"):
            body, kind = await self._poll(scope["query_string"]), JSON
        elif path == "/api/workflow":
            body = await self._start(await _body(receive))
        elif path == "/api/metadata/workflow":
            self._lengths.update({one.name: len(one.tasks) for one in _decode_definitions(await _body(receive))})
            body = b""
        else:  # health, task definitions
            body = b""
        headers = [(b"content-type", kind), (b"content-length", b"%d" % len(body))]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    async def _start(self, body: bytes) -> bytes:
        start = _decode_start(body)
        run = _Run(str(uuid4()), self._lengths[start.name])
        await self._commit(run, bytes(start.input).decode(), last=False)
        self._runs[run.workflow_id] = run
        self._offer(run)
        return run.workflow_id.encode()

    async def _report(self, body: bytes) -> bytes:
        report = _decode_report(body)
        run = self._runs[report.workflow_instance_id]
        run.step += 1
        last = run.step > run.length
        await self._commit(run, bytes(report.output_data).decode(), last=last)
        if last:
            del self._runs[run.workflow_id]
        else:
            self._offer(run)
        return report.task_id.encode()

    def _commit(self, run: _Run, payload: str, *, last: bool) -> asyncio.Future[None]:
        committed: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._store.put(Change(run.workflow_id, run.step, payload, last, committed))
        return committed

    def _offer(self, run: _Run) -> None:
        self._ready.append(run)
        while self._waiting:
            waiter = self._waiting.popleft()
            if not waiter.done():
                waiter.set_result(None)
                return

    async def _poll(self, query: bytes) -> bytes:
        values = parse_qs(query)
        if not self._ready:
            waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._waiting.append(waiter)
            await asyncio.wait([waiter], timeout=int(values[b"timeout"][0]) / 1000)
            waiter.cancel()
        tasks: list[dict[str, str]] = []
        while self._ready and len(tasks) < int(values[b"count"][0]):
            run = self._ready.popleft()
            ref = f"t{run.step}"
            task_id = f"{run.workflow_id}-{run.step}"
            tasks.append({"taskId": task_id, "workflowInstanceId": run.workflow_id, "referenceTaskName": ref, "status": "IN_PROGRESS"})
        return msgspec.json.encode(tasks)


async def _body(receive: Receive) -> bytes:
    message = await receive()
    body: bytes = message["body"]
    while message.get("more_body"):
        message = await receive()
        body += message["body"]
    return body
