"""Table: what was measured, for people, with the budget beside each figure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from statistics import median
from typing import NamedTuple

from bench.scenarios.job import Report, Window


class Row(NamedTuple):
    """A figure. Without figures: a heading."""

    what: str
    podium: str = ""
    floor: str = ""
    ratio: str = ""
    budget: str = ""


HEAD = Row("", "Podium", "floor", "÷ floor", "budget")
MICRO, MILLI = 1e6, 1e3


def over_windows(report: Report, figure: Callable[[Window], float]) -> float:
    """The median of a figure over the windows."""
    return median(figure(window) for window in report.windows)


def rate(window: Window) -> float:
    """Units per second."""
    return window.units / window.seconds


def server_cpu(window: Window) -> float:
    """Seconds of the server's processor time per unit."""
    return window.server_cpu / window.units


def load_cpu(window: Window) -> float:
    """Seconds of the load generator's processor time per unit."""
    return window.load_cpu / window.units


def commits(window: Window) -> float:
    """Commits per unit."""
    return window.commits / window.units


def written(window: Window) -> float:
    """Bytes on disk per unit."""
    return window.written / window.units


def wall(window: Window) -> float:
    """Seconds per unit, of units that follow each other."""
    return window.seconds / window.units


def p50(window: Window) -> float:
    """Seconds that half of the single units do not exceed."""
    return window.p50


def p99(window: Window) -> float:
    """Seconds that 99 of 100 single units do not exceed."""
    return window.p99


def compared(what: str, podium: float, floor: float, form: str, budget: str = "") -> Row:
    """A figure beside the floor's."""
    return Row(what, form.format(podium), form.format(floor), f"{podium / floor:.2f}" if floor else "", budget)


def shown(rows: Sequence[Row]) -> str:
    """The table as text."""
    widths = [max(len(row[column]) for row in (HEAD, *rows)) for column in range(len(HEAD))]
    lines = []
    for row in (HEAD, *rows):
        cells = [row.what.ljust(widths[0]), *(cell.rjust(width) for cell, width in zip(row[1:4], widths[1:4], strict=True)), row.budget]
        lines.append("  ".join(cells).rstrip())
    lines.insert(1, "-" * max(len(line) for line in lines))
    return "\n".join(lines)
