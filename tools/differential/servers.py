"""The two servers that are compared: a real one over HTTP, on its own time, and Podium in this process, on a clock that jumps."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Final, Protocol

import httpx2

from podium.testing.clock import FakeClock
from podium.testing.server import TestServer

Answered = tuple[int, Any]

SLOWEST_SECONDS: Final = 60.0
STEP_MS: Final = 100
MOST_STEPS: Final = 700  # of time within one request


@dataclass(frozen=True)
class Pace:
    """How long a server may be silent (seconds of its own time) before it counts as settled, as stuck, or as never doing what is due."""

    settled: float
    stuck: float
    due: float


class Server(Protocol):
    """What a run needs of a server."""

    @property
    def pace(self) -> Pace:
        """How patient to be with it."""

    async def ask(self, method: str, path: str, body: Any = None) -> Answered:
        """The status and the answer: JSON, or text where it is none."""

    async def rest(self) -> None:
        """Let a little of its time pass."""

    def now(self) -> float:
        """Seconds of its time."""


class RemoteServer:
    """A server that is reached over HTTP."""

    pace = Pace(settled=0.9, stuck=9, due=45)

    def __init__(self, client: httpx2.AsyncClient) -> None:
        self._client = client

    async def ask(self, method: str, path: str, body: Any = None) -> Answered:
        """One request."""
        return _read(await self._client.request(method, path, json=body))

    async def rest(self) -> None:
        """A moment of real time."""
        await asyncio.sleep(0.25)

    def now(self) -> float:
        """Real time."""
        return time.monotonic()


class OwnServer:
    """Podium in this process: time passes only when a run rests or a request waits."""

    pace = Pace(settled=0.1, stuck=3, due=45)

    def __init__(self, server: TestServer) -> None:
        assert isinstance(server.clock, FakeClock)
        self._server = server
        self._clock = server.clock

    async def ask(self, method: str, path: str, body: Any = None) -> Answered:
        """One request; while it waits, time passes."""
        request = asyncio.ensure_future(self._server.client.request(method, path, json=body))
        await self._server.settle()
        for _ in range(MOST_STEPS):
            if request.done():
                break
            await self._server.advance(STEP_MS)
        return _read(await request)

    async def rest(self) -> None:
        """A moment of the fake clock."""
        await self._server.advance(STEP_MS)

    def now(self) -> float:
        """The fake clock."""
        return self._clock.now() / 1000


@asynccontextmanager
async def remote(base: str) -> AsyncIterator[RemoteServer]:
    """The server at an address."""
    async with httpx2.AsyncClient(base_url=base, timeout=SLOWEST_SECONDS, trust_env=False) as client:
        yield RemoteServer(client)


@asynccontextmanager
async def own() -> AsyncIterator[OwnServer]:
    """A new Podium."""
    async with TestServer() as server:
        yield OwnServer(server)


def _read(answer: httpx2.Response) -> Answered:
    try:
        return answer.status_code, answer.json() if answer.content else None
    except ValueError:
        return answer.status_code, answer.text
