"""Timers and the supervisor: moments that are met, loops that come back."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from itertools import pairwise

import pytest

from podium.runtime.supervisor import Supervisor
from podium.runtime.timers import Timers
from podium.testing.clock import FakeClock


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
async def timers(clock: FakeClock) -> AsyncIterator[Timers]:
    made = Timers(clock)
    loop = asyncio.create_task(made.run())
    await turns()
    yield made
    loop.cancel()
    await asyncio.gather(loop, return_exceptions=True)


async def turns() -> None:
    """Let everything that can happen happen."""
    for _ in range(10):
        await asyncio.sleep(0)


async def test_moments_come_in_order(timers: Timers, clock: FakeClock) -> None:
    called: list[int] = []
    for delay in (30, 10, 20):
        timers.at(clock.now() + delay, lambda delay=delay: called.append(delay))  # type: ignore[misc]
    await turns()
    clock.advance(20)
    await turns()
    assert called == [10, 20]
    clock.advance(10)
    await turns()
    assert called == [10, 20, 30]


async def test_an_earlier_moment_is_not_late(timers: Timers, clock: FakeClock) -> None:
    called: list[str] = []
    timers.at(clock.now() + 1_000, lambda: called.append("late"))
    await turns()
    timers.at(clock.now() + 10, lambda: called.append("early"))
    await turns()
    clock.advance(10)
    await turns()
    assert called == ["early"]


async def test_a_cancelled_timer_does_not_ring(timers: Timers, clock: FakeClock) -> None:
    called: list[str] = []
    timers.at(clock.now() + 10, lambda: called.append("x")).cancel()
    clock.advance(10)
    await turns()
    assert called == []


async def test_a_loop_that_fails_is_started_again_and_known_to_be_down_until_then(clock: FakeClock) -> None:
    supervisor = Supervisor(clock)
    starts = 0
    forever = asyncio.Event()

    async def loop() -> None:
        nonlocal starts
        starts += 1
        if starts == 1:
            raise OSError("broken")
        await forever.wait()

    supervisor.start("loop", loop)
    await turns()
    assert supervisor.failed == {"loop": "OSError('broken')"}
    clock.advance(1_000)
    await turns()
    assert starts == 2
    assert supervisor.failed == {}
    await supervisor.stop()


async def test_pauses_between_starts_grow(clock: FakeClock) -> None:
    supervisor = Supervisor(clock)
    starts: list[int] = []

    async def loop() -> None:
        starts.append(clock.now())
        raise OSError("broken")

    supervisor.start("loop", loop)
    for _ in range(6):
        await turns()
        clock.advance_to(clock.next_deadline)
    await turns()
    pauses = [after - before for before, after in pairwise(starts)]
    assert pauses == sorted(pauses)
    assert pauses[-1] > pauses[0]
    await supervisor.stop()
