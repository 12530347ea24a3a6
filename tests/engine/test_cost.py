"""A decision costs what it changes, never the size of the run. Function calls are counted; nothing is timed."""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import FrameType
from typing import Any

import pytest

from podium.engine.decide import decide
from podium.engine.run import Run
from podium.model import command as words
from podium.model.status import TaskStatus
from tests.engine.flow import Flow
from tests.engine.given import dynamic_fork, fork, loop, node, setting
from tests.engine.world import World

SMALL, LARGE = 10, 1_000


def calls(work: Callable[[], Any]) -> int:
    """How many Python functions were called."""
    count = 0

    def seen(_frame: FrameType, event: str, _argument: object) -> None:
        nonlocal count
        count += event == "call"

    before = sys.getprofile()
    sys.setprofile(seen)
    try:
        work()
    finally:
        sys.setprofile(before)
    return count


def in_sequence(world: World, size: int) -> tuple[Flow, str]:
    quick = [setting(f"v{n}", n=n) for n in range(size)]
    flow = world.start(*quick, node("a"), node("b"))
    while flow.run.workflow.unfinished:
        world.tick()
    return flow, "a"


def in_a_fork(world: World, size: int) -> tuple[Flow, str]:
    branches = [[node(f"n{n}")] for n in range(size)]
    return world.start(fork("f", *branches)), "n3"


def in_a_dynamic_fork(world: World, size: int) -> tuple[Flow, str]:
    inputs = [{"n": n} for n in range(size)]
    return world.start(dynamic_fork("f", {"forkTaskName": "pay", "forkTaskInputs": inputs})), "_pay_3"


def in_a_loop(world: World, size: int) -> tuple[Flow, str]:
    last = size // 2
    flow = world.start(loop("l", last + 1, setting("v", k="${l.output.iteration}"), node("a", inputParameters={"i": "${v.output}"})))
    for number in range(1, last):
        flow.complete(f"a__{number}")
    return flow, f"a__{last}"


@pytest.mark.parametrize("shape", [in_sequence, in_a_fork, in_a_dynamic_fork, in_a_loop])
def test_a_decision_on_a_large_run_costs_no_more_than_on_a_small_one(shape: Callable[[World, int], tuple[Flow, str]]) -> None:
    def cost(size: int) -> int:
        flow, ref = shape(World(), size)
        update = words.UpdateTask(workflow_id=flow.id, task_id=flow.run.index.last[ref], status=TaskStatus.COMPLETED)
        run: Run = flow.run
        decide(run, [update], 1)  # whatever is compiled on first use
        return calls(lambda: decide(run, [update], 1))

    small, large = cost(SMALL), cost(LARGE)
    assert large <= small * 1.2, f"{small} calls with {SMALL} tasks, {large} with {LARGE}"
