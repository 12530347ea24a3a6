"""Loop: an event loop that never waits: when nothing is left to do, it jumps to the next timer.

Callbacks run in the order of asyncio, so that what happens here can happen there; what differs from seed to seed are the delays.
"""

from __future__ import annotations

import asyncio
import heapq
import itertools
from collections import deque
from collections.abc import Callable, Coroutine
from contextvars import Context, copy_context
from typing import Any, TypeVar, cast

T = TypeVar("T")

MOST_CALLS = 5_000_000  # in one run: a busy loop is a bug of ours


class Stuck(AssertionError):
    """Nothing will ever happen again, and what was waited for has not."""


class Call:
    """A callback that is to run, at once or at a time; stands for asyncio's handles."""

    __slots__ = ("args", "callback", "context", "gone", "time")

    def __init__(self, callback: Callable[..., object], args: tuple[Any, ...], context: Context | None, time: float) -> None:
        self.callback = callback
        self.args = args
        self.context = context or copy_context()
        self.gone = False
        self.time = time

    def cancel(self) -> None:
        """Never run it."""
        self.gone = True

    def cancelled(self) -> bool:
        """Whether it was cancelled."""
        return self.gone

    def when(self) -> float:
        """The time at which it is to run (s)."""
        return self.time

    def run(self) -> None:
        """Run it, unless it was cancelled."""
        if not self.gone:
            self.context.run(self.callback, *self.args)


class SimulationLoop:
    """What asyncio asks of a loop that has neither files nor threads; not more, so that it is no `AbstractEventLoop`."""

    def __init__(self) -> None:
        self._now = 0.0
        self._ready: deque[Call] = deque()
        self._timers: list[tuple[float, int, Call]] = []
        self._numbers = itertools.count()
        self.calls = 0
        self.problems: list[BaseException] = []  # exceptions that nobody has taken

    def run(self, main: Coroutine[Any, Any, T]) -> T:
        """Run a coroutine to its end. Raises Stuck when it would never end."""
        asyncio._set_running_loop(cast("asyncio.AbstractEventLoop", self))  # noqa: SLF001 - made for those who write loops
        try:
            task: asyncio.Task[T] = self.create_task(main)
            while not task.done():
                self._step()
            return task.result()
        finally:
            asyncio._set_running_loop(None)  # noqa: SLF001 - the same

    def _step(self) -> None:
        if not self._ready:
            self._jump()
        self.calls += 1
        if self.calls > MOST_CALLS:
            raise Stuck(f"more than {MOST_CALLS} calls: something is busy without end")
        self._ready.popleft().run()

    def _jump(self) -> None:
        """To the next timer, whose time it then is."""
        while self._timers:
            when, _, call = heapq.heappop(self._timers)
            if not call.gone:
                self._now = max(self._now, when)
                self._ready.append(call)
                return
        raise Stuck("nothing will ever happen again")

    # What asyncio calls

    def time(self) -> float:
        """Seconds since the beginning."""
        return self._now

    def call_soon(self, callback: Callable[..., object], *args: Any, context: Context | None = None) -> Any:
        """Run it in this moment, after all that is to run already."""
        call = Call(callback, args, context, self._now)
        self._ready.append(call)
        return call

    call_soon_threadsafe = call_soon

    def call_later(self, delay: float, callback: Callable[..., object], *args: Any, context: Context | None = None) -> Any:
        """Run it after so many seconds."""
        return self.call_at(self._now + delay, callback, *args, context=context)

    def call_at(self, when: float, callback: Callable[..., object], *args: Any, context: Context | None = None) -> Any:
        """Run it at a time."""
        call = Call(callback, args, context, when)
        heapq.heappush(self._timers, (when, next(self._numbers), call))
        return call

    def create_future(self) -> asyncio.Future[Any]:
        """A future of this loop."""
        return asyncio.Future(loop=cast("asyncio.AbstractEventLoop", self))

    def create_task(self, coro: Any, *, name: str | None = None, context: Context | None = None) -> asyncio.Task[Any]:
        """A task of this loop."""
        return asyncio.Task(coro, loop=cast("asyncio.AbstractEventLoop", self), name=name, context=context)

    def call_exception_handler(self, context: dict[str, Any]) -> None:
        """An exception that nobody has taken."""
        if isinstance(error := context.get("exception"), BaseException):
            self.problems.append(error)

    def get_debug(self) -> bool:
        """No."""
        return False

    def is_running(self) -> bool:
        """Yes: it is only asked from inside."""
        return True

    def is_closed(self) -> bool:
        """It holds nothing that could be closed."""
        return False
