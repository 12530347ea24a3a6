"""Steady: many workflows at once; whenever one ends the next is started; workers poll ten and report each task on its own."""

from __future__ import annotations

import asyncio
from functools import partial
from time import perf_counter

from bench.client import (
    BadAnswer,
    Connection,
    Polled,
    Pool,
    Reports,
    connect,
    connect_many,
    poll_request,
    register,
    start_request,
    tasks_of,
)
from bench.definition import output, sequence
from bench.scenarios.job import Job, Report
from bench.scenarios.stopwatch import Stopwatch

NAME, TASK = "bench_sequence", "bench_step"
BATCH = 10
POLL_MS = 1000


async def steady(job: Job) -> Report:
    """Steps per second, and how long a report takes to be answered."""
    first = await connect(job.port)
    await register(first, [sequence(NAME, TASK, job.steps)], [TASK])
    load = _Load(job.steps, Pool(await connect_many(job.port, BATCH * job.workers)))
    for number, connection in enumerate(await connect_many(job.port, job.workers)):
        _Worker(load, connection, number).poll()
    for _ in range(job.workflows):
        load.start()
    report = Report()
    await load.run(job.warm)
    for _ in range(job.windows):
        before, load.times = load.steps, []
        watch = Stopwatch(job.probe())
        await load.run(job.window)
        report.windows.append(watch.stop(load.steps - before, load.times))
    report.values["steps"] = load.steps
    return report


class _Load:
    """What all workers share."""

    def __init__(self, steps: int, pool: Pool) -> None:
        self.pool = pool
        self.reports = Reports(output())
        self.steps = 0
        self.times: list[float] = []
        self._last = f"t{steps}"
        self._start = start_request(NAME, {"order": {"id": 17, "customer": "somebody"}})
        self._broken: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    async def run(self, seconds: float) -> None:
        """Let it work for so long. Raises BadAnswer."""
        await asyncio.wait([self._broken], timeout=seconds)
        if self._broken.done():
            self._broken.result()

    def start(self) -> None:
        """One more workflow."""
        self.pool.ask(self._start, self._started)

    def _started(self, status: int, body: bytes) -> None:
        if status != 200:
            self.fail(status, body)

    def done(self, task: Polled, sent: float) -> None:
        """A step was reported and answered."""
        self.steps += 1
        self.times.append(perf_counter() - sent)
        if task.reference_task_name == self._last:
            self.start()

    def fail(self, status: int, body: bytes) -> None:
        """Nothing that follows would mean anything."""
        if not self._broken.done():
            self._broken.set_exception(BadAnswer(f"{status} {body[:500].decode(errors='replace')}"))


class _Worker:
    """Takes up to ten tasks, reports them at the same time, and comes back when all reports are answered."""

    def __init__(self, load: _Load, connection: Connection, number: int) -> None:
        self._load = load
        self._connection = connection
        self._poll = poll_request(TASK, f"worker-{number}", BATCH, POLL_MS)
        self._open = 0

    def poll(self) -> None:
        """Ask for tasks."""
        self._connection.ask(self._poll, self._polled)

    def _polled(self, status: int, body: bytes) -> None:
        if status != 200:
            self._load.fail(status, body)
            return
        tasks = tasks_of(body)
        self._open = len(tasks)
        load, now = self._load, perf_counter()
        for task in tasks:
            load.pool.ask(load.reports.request(task), partial(self._reported, task, now))
        if not tasks:
            self.poll()

    def _reported(self, task: Polled, sent: float, status: int, body: bytes) -> None:
        if status != 200:
            self._load.fail(status, body)
            return
        self._load.done(task, sent)
        self._open -= 1
        if not self._open:
            self.poll()
