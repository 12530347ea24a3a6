"""Burst: chains of system tasks, starts, and what open workflows take up in memory."""

from __future__ import annotations

from statistics import median

from bench.load import put_load
from bench.scenarios.job import Window
from bench.server import podium, serving
from bench.table import MICRO, Row, over_windows, rate, server_cpu
from bench.workloads.plan import Plan

ROUNDS = 50  # of a chain
LINKS = 3  # tasks of a round
CHAINS_AT_ONCE, STARTS_AT_ONCE = 8, 50
MEGABYTE = 1_000_000


def measure(plan: Plan) -> list[Row]:
    """Rows for chains, starts, memory and the cold start."""
    return [*_chains(plan), *_starts(plan)]


def _chains(plan: Plan) -> list[Row]:
    with serving(podium) as server:
        report = put_load(plan.job(server, "burst", shape="chain", steps=ROUNDS, workers=CHAINS_AT_ONCE, count=plan.chain_workflows))
    tasks = ROUNDS * LINKS

    def commits_per_workflow(window: Window) -> float:
        return window.commits / window.units

    return [
        Row(f"Chains of {tasks} tasks (SWITCH, SET_VARIABLE, INLINE), {CHAINS_AT_ONCE} at once"),
        Row("  tasks per second", f"{over_windows(report, rate) * tasks:,.0f}", budget="≥ 20,000"),
        Row("  server CPU per task, µs", f"{over_windows(report, server_cpu) * MICRO / tasks:.0f}"),
        Row("  commits per workflow", f"{over_windows(report, commits_per_workflow):.2f}", budget="≤ 1 (whole chain in one)"),
    ]


def _starts(plan: Plan) -> list[Row]:
    cold, idle, full = [], [], []
    for number in range(plan.starts):
        with serving(podium) as server:
            cold.append(server.ready_after)
            idle.append(server.probe.memory())
            if number == 0:
                count = plan.open_workflows // plan.windows
                report = put_load(plan.job(server, "burst", workers=STARTS_AT_ONCE, count=count))
                full.append(server.probe.memory())
    return [
        Row(f"Starts of 13-task sequences, {STARTS_AT_ONCE} at once"),
        Row("  starts per second", f"{over_windows(report, rate):,.0f}"),
        Row("  server CPU per start, µs", f"{over_windows(report, server_cpu) * MICRO:.0f}"),
        Row("The process"),
        Row("  cold start to the first answer, s", f"{median(cold):.2f}", budget="< 2"),
        Row("  memory idle, MB", f"{median(idle) / MEGABYTE:.0f}", budget="< 120"),
        Row(f"  memory with {plan.open_workflows:,} open workflows, MB", f"{full[0] / MEGABYTE:.0f}", budget="< 150"),
    ]
