"""Runs worlds of many seeds, and says which of them fail.

    python -m podium.testing.simulation --seeds 1000 [--first 0]

A seed makes the same world each time it is run in this way.
"""

from __future__ import annotations

import argparse
import logging
import os
import sys
import traceback
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor

from podium.testing.simulation.world import Report, simulate

HASHES = "PYTHONHASHSEED"  # what is iterated in the order of hashes must come in the same order for the same seed
MOST_TOLD = 5


def run_seed(seed: int) -> tuple[int, Report | None, str]:
    """(seed, report, ""), or (seed, None, what went wrong)."""
    logging.disable(logging.CRITICAL)
    try:
        return seed, simulate(seed), ""
    except Exception:  # noqa: BLE001 - whatever it is, it is the finding
        return seed, None, traceback.format_exc()


def outcomes(first: int, count: int, processes: int) -> Iterator[tuple[int, Report | None, str]]:
    """What came of each seed, as it ends."""
    seeds = range(first, first + count)
    if processes == 1:
        yield from map(run_seed, seeds)
        return
    with ProcessPoolExecutor(processes) as pool:
        yield from pool.map(run_seed, seeds, chunksize=8)


def main() -> int:
    """Run, tell, and return 1 if a seed has failed."""
    parser = argparse.ArgumentParser(prog="python -m podium.testing.simulation", description=__doc__)
    parser.add_argument("--seeds", type=int, default=200, help="how many")
    parser.add_argument("--first", type=int, default=0, help="the first of them")
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1, help="worlds at the same time")
    options = parser.parse_args()
    if os.environ.get(HASHES) != "0":
        os.execve(sys.executable, [sys.executable, "-m", "podium.testing.simulation", *sys.argv[1:]], {**os.environ, HASHES: "0"})  # noqa: S606
    reports: list[Report] = []
    failures = 0
    for seed, report, wrong in outcomes(options.first, options.seeds, options.processes):
        if report is not None:
            reports.append(report)
            continue
        failures += 1
        if failures <= MOST_TOLD:
            sys.stdout.write(f"seed {seed} failed:\n{wrong}\n")
    sys.stdout.write(told(reports, failures) + "\n")
    return 1 if failures else 0


def told(reports: list[Report], failures: int) -> str:
    """All worlds in a line."""
    crashes, commits = sum(one.crashes for one in reports), sum(one.commits for one in reports)
    hours = sum(one.seconds for one in reports) / 3_600
    return f"{len(reports)} worlds held, {failures} failed: {crashes} crashes, {commits} commits, {hours:.1f} hours of their own time"


if __name__ == "__main__":
    sys.exit(main())
