"""Stopwatch: measures a stretch of work on both sides."""

from __future__ import annotations

from time import perf_counter, process_time

from bench.probe import Probe
from bench.scenarios.job import Window


class Stopwatch:
    """Runs from its making until `stop`."""

    def __init__(self, probe: Probe) -> None:
        self._probe = probe
        self._server = probe.read()
        self._load = process_time()
        self._began = perf_counter()

    def stop(self, units: int, times: list[float] | None = None) -> Window:
        """What happened since; `units` of work were done."""
        seconds = perf_counter() - self._began
        load = process_time() - self._load
        server = self._probe.read()
        return Window(
            seconds=seconds,
            units=units,
            server_cpu=server.cpu - self._server.cpu,
            load_cpu=load,
            commits=server.commits - self._server.commits,
            times=times or [],
        )
