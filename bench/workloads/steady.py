"""Steady: how many steps a second many workflows at once make, and what a step costs."""

from __future__ import annotations

from bench.load import put_load
from bench.scenarios.job import Report
from bench.server import Command, floor, podium, serving
from bench.table import MICRO, MILLI, Row, commits, compared, load_cpu, over_windows, p50, p99, rate, server_cpu, written
from bench.workloads.plan import Plan

KILOBYTE = 1_000
SIZES = ((50, 8), (200, 24))  # (workflows at once, workers that poll ten)


def measure(plan: Plan) -> list[Row]:
    """Rows for every number of workflows, Podium beside the floor."""
    return [row for workflows, workers in SIZES for row in _measure(plan, workflows, workers)]


def _measure(plan: Plan, workflows: int, workers: int) -> list[Row]:
    ours, bare = Report(), Report()
    for _ in range(plan.windows):  # in turns, so that a busy minute of the machine meets both
        _add(ours, podium, plan, workflows, workers)
        _add(bare, floor, plan, workflows, workers)
    decisions = ours.values["decisions"] / ours.values["steps"]

    def row(what: str, figure: str, form: str, scale: float, budget: str = "") -> Row:
        value = FIGURES[figure]
        return compared(f"  {what}", over_windows(ours, value) * scale, over_windows(bare, value) * scale, form, budget)

    return [
        Row(f"13-task sequences, {workflows} at once, outputs of 0.6 KB, poll 10, one report per task"),
        row("steps per second", "rate", "{:,.0f}", 1, "≥ 3,000 (first floor), ≥ 6,000 (design)"),
        row("server CPU per step, µs", "server", "{:.0f}", MICRO),
        row("load generator CPU per step, µs", "load", "{:.0f}", MICRO),
        row("commits per step", "commits", "{:.3f}", 1, "≤ 0.03"),
        row("written to disk per step, KB", "written", "{:.1f}", 1 / KILOBYTE),
        Row("  decisions and claims per step", f"{decisions:.2f}"),
        row("report answered, p50, ms", "p50", "{:.1f}", MILLI),
        row("report answered, p99, ms", "p99", "{:.1f}", MILLI),
    ]


FIGURES = {"rate": rate, "server": server_cpu, "load": load_cpu, "commits": commits, "written": written, "p50": p50, "p99": p99}


def _add(report: Report, command: Command, plan: Plan, workflows: int, workers: int) -> None:
    """One more window, on a fresh server."""
    with serving(command) as server:
        found = put_load(plan.job(server, "steady", workflows=workflows, workers=workers, windows=1))
        found.values["decisions"] = server.probe.decisions()
    report.windows += found.windows
    for name, value in found.values.items():
        report.values[name] = report.values.get(name, 0) + value
