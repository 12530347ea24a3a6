"""Latency: how long an idle server takes from a worker's report to the next task at a waiting worker, and a whole line of such steps."""

from __future__ import annotations

import os
import tempfile
import time
from statistics import median

from bench.load import put_load
from bench.scenarios.job import Report
from bench.server import Command, floor, podium, serving
from bench.table import MILLI, Row, commits, compared, over_windows, p50, p99
from bench.workloads.plan import Plan

LINE = 40  # tasks
FSYNCS = 200


def measure(plan: Plan) -> list[Row]:
    """One step, then forty."""
    return [*_one_step(plan), *_line(plan)]


def _one_step(plan: Plan) -> list[Row]:
    ours, bare = (_report(command, plan, "latency", steps=LINE, count=plan.latency_workflows) for command in (podium, floor))
    budget = f"≤ one fsync ({fsync_ms():.1f} ms here) + 2 ms"
    return [
        Row("Reported → next task at a waiting worker, idle server"),
        compared("  p50, ms", over_windows(ours, p50) * MILLI, over_windows(bare, p50) * MILLI, "{:.2f}", budget),
        compared("  p99, ms", over_windows(ours, p99) * MILLI, over_windows(bare, p99) * MILLI, "{:.2f}"),
        compared("  commits per step", over_windows(ours, commits), over_windows(bare, commits), "{:.2f}"),
    ]


def _line(plan: Plan) -> list[Row]:
    ours, bare = (_report(command, plan, "line", steps=LINE, count=plan.line_workflows) for command in (podium, floor))
    chained = _report(podium, plan, "line", steps=LINE, count=plan.line_workflows, shape="update-v2")
    return [
        Row(f"{LINE} tasks in a row that do nothing, from start to end"),
        compared("  by poll and update, ms", over_windows(ours, p50) * MILLI, over_windows(bare, p50) * MILLI, "{:.0f}", "≤ 200"),
        Row("  by update-v2, ms", f"{over_windows(chained, p50) * MILLI:.0f}", budget="≤ 120"),
    ]


def _report(command: Command, plan: Plan, scenario: str, **more: object) -> Report:
    with serving(command) as server:
        return put_load(plan.job(server, scenario, **more))


def fsync_ms() -> float:
    """What it takes this machine to make one page durable, in the folder where the databases are."""
    times = []
    with tempfile.TemporaryFile(prefix="podium-bench-") as file:
        for _ in range(FSYNCS):
            began = time.perf_counter()
            file.write(bytes(4096))
            file.flush()
            os.fdatasync(file.fileno())
            times.append(time.perf_counter() - began)
    return median(times) * MILLI
