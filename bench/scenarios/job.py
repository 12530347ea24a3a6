"""Job: what the load generator is told, and what it tells."""

from __future__ import annotations

import msgspec

from bench.probe import Probe


class Job(msgspec.Struct, kw_only=True, frozen=True):
    """One scenario against one server."""

    scenario: str
    port: int
    pid: int
    database: str
    workflows: int = 50  # at once
    workers: int = 10
    steps: int = 13  # of a workflow
    size: int = 10  # tasks in a run
    shape: str = "sequence"
    warm: float = 1.0  # seconds before anything is measured
    window: float = 3.0  # seconds of one measurement
    windows: int = 3  # measurements; their median counts
    count: int = 0  # of whatever the scenario counts
    waiting: bool = False  # whether the worker waits in a poll of its own while it reports

    def probe(self) -> Probe:
        """Eyes on the server."""
        return Probe(self.pid, self.database)


class Window(msgspec.Struct, kw_only=True):
    """One measurement of a stretch of work."""

    seconds: float
    units: int  # steps, starts, tasks: what the scenario counts
    server_cpu: float  # seconds
    load_cpu: float  # seconds
    commits: int
    written: int  # bytes
    p50: float = 0.0  # seconds that half of the single units do not exceed
    p99: float = 0.0


class Report(msgspec.Struct, kw_only=True):
    """What a scenario found."""

    windows: list[Window] = []
    values: dict[str, float] = {}
