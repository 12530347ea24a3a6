"""Replay: holds a recorded conversation with a server in this process, whose time passes only as far as the conversation needs it."""

from __future__ import annotations

import asyncio
import json
import re
import uuid
from contextlib import AsyncExitStack
from typing import Any

from msgspec import UNSET

from podium.api.application import create_application
from podium.store.store import Store
from podium.testing.clock import FakeClock
from podium.testing.server import TestServer
from tests.conformance.answers import NOTHING, VOLATILE, Comparison, Disguise, at, keep, short
from tests.conformance.door import Door, listening
from tests.conformance.scenario import Scenario, Seen, Step

VARIABLE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")
MAY_WAIT = re.compile(r"/tasks/poll|/workflow/execute/|/sync\b|/tasks/update-v2|/workflow/test")
LONGEST_REQUEST_MS = 70_000
STEP_MS = 10  # between two requests time passes on a real server as well
WAITING_STEP_MS = 100  # how much time passes at once while a request waits
TRIP_MS = 5  # how much time passes during a trip to the store, when bytes travel through real sockets


class Difference(AssertionError):
    """Podium answers something else than was recorded."""


async def replay(scenario: Scenario, store: Store | None = None) -> None:
    """Hold the conversation with a new server. Raises Difference at the first answer that is not the one that was recorded."""
    async with AsyncExitStack() as stack:
        # The recorded server had no secrets, and gives nothing for a missing one; ours fails the task unless it is told otherwise.
        server = await stack.enter_async_context(TestServer(store=store, missing_secrets="empty"))
        application = create_application(server.platform)
        if not scenario.calls_itself:
            await Conversation(server, Door(application), "http://podium").hold(scenario)
            return
        base = await stack.enter_async_context(listening(application))
        await SocketConversation(server, Door(application), base).hold(scenario)


class Conversation:
    """One run of a scenario. Time jumps to the next moment at which something is due."""

    def __init__(self, server: TestServer, door: Door, base: str) -> None:
        assert isinstance(server.clock, FakeClock)
        suffix = uuid.uuid4().hex[:8]
        self._server = server
        self._clock = server.clock
        self._door = door
        self._saved: dict[str, Any] = {"run": suffix, "base": base}
        self._disguise = Disguise(base, suffix)
        self._comparison = Comparison()

    async def hold(self, scenario: Scenario) -> None:
        """Take all steps. Raises Difference."""
        for number, step in enumerate(scenario.steps):
            where = f"step {number} ({step.call or 'sleep'})"
            status, answer = await self._taken(step, where)
            for name, path in step.save.items():
                found = at(answer, path)
                self._saved[name] = found.strip('"\n') if isinstance(found, str) else found
            if step.wanted is not UNSET and step.call:
                self._compare(step.wanted, status, answer, step, where)

    def _compare(self, wanted: Seen, status: int, answer: Any, step: Step, where: str) -> None:
        if wanted.status != status:
            raise Difference(f"{where}: wanted HTTP {wanted.status}, got {status}: {short(answer)}")
        got = self._seen(step, answer)
        found = self._comparison.differences(wanted.body, got) if wanted.body is not UNSET else ()
        if found:
            raise Difference(f"{where}: " + "; ".join(found[:6]))

    def _seen(self, step: Step, answer: Any) -> Any:
        """The parts of an answer that the step wants to see, in the form that is compared."""
        see = self._fill(step.see)
        if see is UNSET:
            return None
        for path, key in step.sort.items():
            rows = at(answer, self._fill(path))
            if isinstance(rows, list):
                rows.sort(key=lambda row: "" if at(row, key) is NOTHING else str(at(row, key)))  # those without the key come first
        if see == "all":
            return self._disguise.plain(answer, VOLATILE | set(step.drop), exact=step.exact)
        asked = {path.rpartition(".")[2] for path in see}
        return self._disguise.plain(keep(answer, see), (VOLATILE - asked) | set(step.drop), exact=step.exact)

    async def _taken(self, step: Step, where: str) -> tuple[int, Any]:
        """Sleep, or ask until the answer is the one to wait for."""
        if step.sleep:
            await self._pass(round(step.sleep * 1000))
            return 0, None
        end = self._clock.now() + round(step.within * 1000)
        while True:
            status, answer = await self._asked(step)
            if self._holds(step, answer):
                return status, answer
            if self._clock.now() >= end:
                raise Difference(f"{where}: never {step.until}; last {status} {self._disguise.plain(answer, VOLATILE)}")
            await self._pass(self._until_due(end))

    def _until_due(self, end: int) -> int:
        """Milliseconds until something is due, at least one, but not past `end`."""
        return min(max(self._clock.next_deadline or end, self._clock.now() + 1), end) - self._clock.now()

    async def _pass(self, milliseconds: int) -> None:
        """Let time pass; the server does what is due."""
        await self._server.advance(milliseconds)

    async def _rest(self) -> None:
        """Let the server do what it can without time."""
        await self._server.settle()

    def _holds(self, step: Step, answer: Any) -> bool:
        for path, wanted in step.until.items():
            found = at(answer, self._fill(path))
            absent = found is NOTHING or found is None
            if absent is not (wanted == "!") or (wanted not in ("*", "!") and found != self._fill(wanted)):
                return False
        return True

    async def _asked(self, step: Step) -> tuple[int, Any]:
        """One request and its answer; when it waits, time passes."""
        headers, body = {"Accept": "*/*", **step.headers}, b""
        if isinstance(step.text, str):
            body, headers["Content-Type"] = self._fill(step.text).encode(), step.type
        elif step.body is not UNSET:
            body, headers["Content-Type"] = json.dumps(self._fill(step.body)).encode(), "application/json"
        call = self._fill(step.call)
        request = asyncio.ensure_future(self._door.send(call, body, headers))
        if MAY_WAIT.search(call):
            await self._wait(request)
        answer = await request
        await self._pass(STEP_MS)
        return answer

    async def _wait(self, request: asyncio.Future[tuple[int, Any]]) -> None:
        """Let time pass until a request is answered."""
        end = self._clock.now() + LONGEST_REQUEST_MS
        while not request.done() and self._clock.now() < end:
            await self._rest()
            if not request.done():
                # In small steps: a request that is about to wait has no deadline yet, and must not find itself hours later.
                await self._pass(min(self._until_due(end), WAITING_STEP_MS))

    def _fill(self, value: Any) -> Any:
        """The value with what was saved in the place of `${name}`; an expression of a workflow is no saved name."""
        if isinstance(value, str):
            only = VARIABLE.fullmatch(value)
            if only and only[1] in self._saved:
                return self._saved[only[1]]
            return VARIABLE.sub(lambda found: str(self._saved.get(found[1], found[0])), value)
        if isinstance(value, list):
            return [self._fill(one) for one in value]
        if isinstance(value, dict):
            return {self._fill(key): self._fill(one) for key, one in value.items()}
        return value


class SocketConversation(Conversation):
    """The same when tasks call the server over a socket: bytes on their way are nobody's deadline, so time goes on in small steps."""

    def _until_due(self, end: int) -> int:
        return min(10 * TRIP_MS, end - self._clock.now())

    async def _pass(self, milliseconds: int) -> None:
        for _ in range(0, milliseconds, TRIP_MS):
            self._clock.advance(TRIP_MS)
            await self._server.platform.store.next_wake()

    async def _rest(self) -> None:
        await self._server.platform.store.next_wake()
