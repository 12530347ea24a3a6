"""Burst: workflows are started as fast as the server takes them, and nothing else."""

from __future__ import annotations

import asyncio

from bench.client import BadAnswer, Connection, connect, connect_many, register, start_request
from bench.definition import chain, sequence
from bench.scenarios.job import Job, Report
from bench.scenarios.stopwatch import Stopwatch

NAME, TASK = "bench_burst", "bench_burst_step"


async def burst(job: Job) -> Report:
    """`count` starts per window over `workers` connections; `shape`: sequence (stays open) or chain (ends by itself)."""
    first = await connect(job.port)
    definition = chain(NAME, job.steps) if job.shape == "chain" else sequence(NAME, TASK, job.steps)
    await register(first, [definition], [TASK])
    connections = await connect_many(job.port, job.workers)
    report = Report()
    if job.shape == "chain":
        await _Burst(job.workers * 2).run(connections)
    for _ in range(job.windows):
        watch = Stopwatch(job.probe())
        await _Burst(job.count).run(connections)
        report.windows.append(watch.stop(job.count))
    return report


class _Burst:
    """So many starts, each connection with one at a time."""

    def __init__(self, count: int) -> None:
        self._to_start = count
        self._to_answer = count
        self._request = start_request(NAME, {"order": {"id": 17}, "case": "a"})
        self._over: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    async def run(self, connections: list[Connection]) -> None:
        """Until all are answered. Raises BadAnswer."""
        for connection in connections:
            self._next(connection)
        await self._over

    def _next(self, connection: Connection) -> None:
        if self._to_start:
            self._to_start -= 1
            connection.ask(self._request, lambda status, body: self._answered(connection, status, body))

    def _answered(self, connection: Connection, status: int, body: bytes) -> None:
        self._to_answer -= 1
        if self._over.done():
            return
        if status != 200:
            self._over.set_exception(BadAnswer(f"{status} {body[:500].decode(errors='replace')}"))
        elif not self._to_answer:
            self._over.set_result(None)
        else:
            self._next(connection)
