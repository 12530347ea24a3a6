"""Line: one workflow of tasks that do nothing, one after the other, and how long it takes from its start to its end."""

from __future__ import annotations

from time import perf_counter

from bench.client import BadAnswer, Connection, Polled, Reports, connect, poll_request, register, start_request, task_of, tasks_of
from bench.definition import no_ops
from bench.scenarios.job import Job, Report
from bench.scenarios.stopwatch import Stopwatch

NAME, TASK = "bench_line", "bench_line_step"
POLL = poll_request(TASK, "line", 1, 5000)
START = start_request(NAME, {})
UPDATE, UPDATE_V2 = "/api/tasks", "/api/tasks/update-v2"


async def line(job: Job) -> Report:
    """`count` workflows per window; `shape` says how the worker gets on: poll, or update-v2."""
    connection = await connect(job.port)
    await register(connection, [no_ops(NAME, TASK, job.steps)], [TASK])
    run = _by_update_v2 if job.shape == "update-v2" else _by_poll
    await run(connection, job.steps)
    report = Report()
    for _ in range(job.windows):
        watch = Stopwatch(job.probe())
        times = [await run(connection, job.steps) for _ in range(job.count)]
        report.windows.append(watch.stop(job.count * job.steps, times))
    return report


async def _by_poll(connection: Connection, steps: int) -> float:
    reports = Reports(b"{}", UPDATE)
    began = perf_counter()
    await connection.expect(START)
    for _ in range(steps):
        await connection.expect(reports.request(await _first(connection)))
    return perf_counter() - began


async def _by_update_v2(connection: Connection, steps: int) -> float:
    reports = Reports(b"{}", UPDATE_V2)
    began = perf_counter()
    await connection.expect(START)
    task = await _first(connection)
    for _ in range(steps - 1):
        task = task_of(await connection.expect(reports.request(task)))
    await connection.expect(reports.request(task))
    return perf_counter() - began


async def _first(connection: Connection) -> Polled:
    tasks = tasks_of(await connection.expect(POLL))
    if not tasks:
        raise BadAnswer("no task came")
    return tasks[0]
