"""Stopwatch: measures a stretch of work on both sides."""

from __future__ import annotations

from collections.abc import Sequence
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

    def stop(self, units: int, times: Sequence[float] = ()) -> Window:
        """What happened since; `units` of work were done, and single ones took these `times` (seconds)."""
        seconds = perf_counter() - self._began
        load = process_time() - self._load
        server = self._probe.read()
        return Window(
            seconds=seconds,
            units=units,
            server_cpu=server.cpu - self._server.cpu,
            load_cpu=load,
            commits=server.commits - self._server.commits,
            written=server.written - self._server.written,
            p50=_percentile(times, 0.5),
            p99=_percentile(times, 0.99),
        )


def _percentile(times: Sequence[float], share: float) -> float:
    return sorted(times)[int(share * (len(times) - 1))] if times else 0.0
