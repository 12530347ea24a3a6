"""Growth: whether a step costs more in a large run than in a small one."""

from __future__ import annotations

from bench.load import put_load
from bench.scenarios.job import Report
from bench.server import podium, serving
from bench.table import MICRO, Row, over_windows, server_cpu, wall
from bench.workloads.plan import Plan

SHAPES = ("sequence", "fork", "dynamic fork", "loop")
SIZES = (10, 1_000, 10_000)
WARM_UP = 12  # tasks in the runs that bring a server to its speed


def measure(plan: Plan) -> list[Row]:
    """Rows for every shape: the cost at each size, and the largest ÷ the smallest."""
    rows = [Row("One step in a run of 10 / 1,000 / 10,000 tasks, one at a time", "", "", "÷ at 10")]
    for shape in SHAPES:
        with serving(podium) as server:
            put_load(plan.job(server, "growth", shape=shape, size=WARM_UP, count=plan.growth_steps, windows=1))
            jobs = [plan.job(server, "growth", shape=shape, size=size, count=plan.growth_steps) for size in SIZES]
            reports = [put_load(job) for job in jobs]
        rows += _rows(shape, reports)
    return rows


def _rows(shape: str, reports: list[Report]) -> list[Row]:
    cpu = [over_windows(report, server_cpu) * MICRO for report in reports]
    times = [over_windows(report, wall) * MICRO for report in reports]
    return [
        Row(f"  {shape}: server CPU, µs", _listed(cpu), "", _ratios(cpu), "≤ 2 (first floor), ≤ 1.5 (design)"),
        Row(f"  {shape}: time, µs", _listed(times), "", _ratios(times), "≤ 2 (first floor), ≤ 1.5 (design)"),
    ]


def _listed(values: list[float]) -> str:
    return " / ".join(f"{value:,.0f}" for value in values)


def _ratios(values: list[float]) -> str:
    return " / ".join(f"{value / values[0]:.2f}" for value in values[1:])
