"""Whole worlds by seed: servers that die, disks that fail, clocks that differ; nothing is lost, stuck or made twice."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from podium.testing.simulation.loop import SimulationLoop, Stuck
from podium.testing.simulation.world import simulate

SEEDS = 60


def test_the_first_seeds_hold() -> None:
    command = [sys.executable, "-m", "podium.testing.simulation", "--seeds", str(SEEDS)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=os.environ)
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"{SEEDS} worlds held, 0 failed" in done.stdout


def test_a_seed_makes_the_same_world_again() -> None:
    assert simulate(5) == simulate(5)


def test_a_loop_that_has_nothing_left_to_do_says_so() -> None:
    loop = SimulationLoop()

    async def forever() -> None:
        await loop.create_future()

    with pytest.raises(Stuck, match="nothing will ever happen"):
        loop.run(forever())
