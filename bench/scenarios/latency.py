"""Latency: one workflow at a time, one worker that always waits: from the report of a task to the next task in the worker's hands."""

from __future__ import annotations

import asyncio
from time import perf_counter

from bench.client import Connection, Reports, connect, poll_request, register, start_request, tasks_of
from bench.definition import output, sequence
from bench.scenarios.job import Job, Report
from bench.scenarios.stopwatch import Stopwatch

NAME, TASK = "bench_latency", "bench_latency_step"
POLL = poll_request(TASK, "waiting", 1, 5000)


async def latency(job: Job) -> Report:
    """`count` workflows per window; the times of all steps but the first of each."""
    poller, reporter = await connect(job.port), await connect(job.port)
    await register(reporter, [sequence(NAME, TASK, job.steps)], [TASK])
    worker = _Worker(poller, reporter, job.steps)
    await worker.workflow()
    report = Report()
    for _ in range(job.windows):
        watch = Stopwatch(job.probe())
        times = [taken for _ in range(job.count) for taken in await worker.workflow()]
        report.windows.append(watch.stop(job.count * job.steps, times))
    return report


class _Worker:
    """Two connections: one waits in polls, one reports."""

    def __init__(self, poller: Connection, reporter: Connection, steps: int) -> None:
        self._poller = poller
        self._reporter = reporter
        self._steps = steps
        self._reports = Reports(output())

    async def workflow(self) -> list[float]:
        """Run one workflow; for each step that has a next: seconds until it was here."""
        waiting = asyncio.ensure_future(self._poller.expect(POLL))
        await self._reporter.expect(start_request(NAME, {"order": 1}))
        task = tasks_of(await waiting)[0]
        times = []
        for _ in range(self._steps - 1):
            waiting = asyncio.ensure_future(self._poller.expect(POLL))
            request = self._reports.request(task)
            await asyncio.sleep(0)  # the poll leaves first
            began = perf_counter()
            reported = asyncio.ensure_future(self._reporter.expect(request))
            task = tasks_of(await waiting)[0]
            times.append(perf_counter() - began)
            await reported
        await self._reporter.expect(self._reports.request(task))
        return times
