"""Test server: a whole Podium inside of the test, with its own database and a clock that stands still until the test moves it.

async with TestServer() as server:
    await server.client.put("/api/metadata/workflow", json=[...])
    await server.advance(3_000)
"""

from __future__ import annotations

import tempfile
from collections.abc import Awaitable, Callable
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import httpx2

from podium.api.application import create_application
from podium.app import build
from podium.clock import Clock
from podium.runtime.platform import Platform
from podium.settings import Settings
from podium.store.store import Store
from podium.testing.clock import FakeClock

QUIET_LOOKS = 3  # how often nothing may be found under way before the server counts as quiet
MOST_LOOKS = 1_000_000  # minutes: a busy disk may hold up a commit for as long as it likes
MOST_JUMPS = 10_000
TEST_KEY = "dGhlIGtleSBvZiBldmVyeSB0ZXN0LCBubyBzZWNyZXQ="  # one for all, so that nothing is written beside the database


class TestServer:
    """Use as an async context manager. `clock` may be a real one, for tests that talk to the outside."""

    __test__ = False

    def __init__(
        self, *, database: Path | str | None = None, store: Store | None = None, clock: Clock | None = None, **settings: Any
    ) -> None:
        """`database`: a file that stays, or a URL; `store`: instead of one; `settings`: those that differ from their defaults.

        Nothing is removed because it is old, unless `retention_minutes` is among the settings: looking for it would cost time whenever the
        clock jumps.
        """
        self._folder = ExitStack()
        self._database = database
        self._store = store
        self._chosen = settings
        self.clock = clock or FakeClock()
        self.platform: Platform
        self.client: httpx2.AsyncClient

    async def __aenter__(self) -> Self:
        where = self._database or Path(self._folder.enter_context(tempfile.TemporaryDirectory(prefix="podium-"))) / "test.db"
        url = where if isinstance(where, str) else f"sqlite:///{where}"
        chosen = {"secret_key": (TEST_KEY,), "retention_minutes": 0, **self._chosen}
        self.platform = build(Settings(database=url, **chosen), {}, self.clock, self._store)
        await self.platform.start()
        transport = httpx2.ASGITransport(create_application(self.platform))
        self.client = httpx2.AsyncClient(transport=transport, base_url="http://podium")
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        await self.client.aclose()
        await self.platform.stop()
        self._folder.close()

    async def settle(self) -> None:
        """Until the server has nothing to do at this moment of its clock."""
        quiet = 0
        for _ in range(MOST_LOOKS):
            # A trip to the store's threads lets everything that is under way take a step.
            await self.platform.store.next_wake()
            quiet = quiet + 1 if self._quiet() else 0
            if quiet == QUIET_LOOKS:
                return
        raise AssertionError("the server does not come to rest")

    def _quiet(self) -> bool:
        loops = self.platform.loops
        if loops.committer.resting:
            return True  # after a failed commit: nothing goes on before time passes
        if loops.retention.busy:
            return False
        working = self.platform.executor.waiting or loops.committer.busy or loops.system_tasks.running
        looking = loops.sweeper.busy or loops.scheduler.busy or loops.limits.counting
        return not (working or looking or loops.outbox.carrying or loops.announcements.waiting)

    async def advance(self, milliseconds: int) -> None:
        """Let time pass, and let the server do what is due then. Needs a FakeClock."""
        assert isinstance(self.clock, FakeClock)
        until = self.clock.now() + milliseconds
        await self.settle()
        while (deadline := self.clock.next_deadline) and deadline <= until:
            self.clock.advance_to(deadline)
            await self.settle()
        self.clock.advance_to(until)
        await self.settle()

    async def until(self, reached: Callable[[], Awaitable[bool]]) -> None:
        """Jump from deadline to deadline until something is reached. Needs a FakeClock."""
        assert isinstance(self.clock, FakeClock)
        await self.settle()
        for _ in range(MOST_JUMPS):
            if await reached():
                return
            deadline = self.clock.next_deadline
            assert deadline, "nothing will ever happen"
            self.clock.advance_to(deadline)
            await self.settle()
        raise AssertionError("not reached")
