"""Plan: how long everything is measured."""

from __future__ import annotations

from typing import Any, NamedTuple

from bench.scenarios.job import Job
from bench.server import Server


class Plan(NamedTuple):
    """Lengths and repetitions."""

    windows: int = 3  # measurements of each figure; the median counts
    window: float = 3.0  # seconds
    warm: float = 1.5  # seconds
    latency_workflows: int = 15  # per window
    line_workflows: int = 5  # per window
    growth_steps: int = 200  # per window
    chain_workflows: int = 60  # per window
    open_workflows: int = 10_000
    starts: int = 3  # of the server, from cold
    searched_runs: int = 100_000

    def job(self, server: Server, scenario: str, **more: Any) -> Job:
        """A job against this server."""
        probe = server.probe
        fields = {"windows": self.windows, "window": self.window, "warm": self.warm, **more}
        return Job(scenario=scenario, port=server.port, pid=probe.pid, database=probe.database, **fields)


QUICK = Plan()
FULL = Plan(
    windows=7,
    window=10.0,
    warm=5.0,
    latency_workflows=80,
    line_workflows=25,
    growth_steps=400,
    chain_workflows=300,
    starts=7,
    searched_runs=1_000_000,
)
