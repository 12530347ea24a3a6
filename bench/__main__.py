"""`python -m bench`: measures everything and prints one table. It reports; it fails only when something does not work at all."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable

from bench import engine
from bench.machine import Machine
from bench.table import Row, shown
from bench.workloads import burst, growth, latency, search, steady
from bench.workloads.plan import FULL, QUICK, Plan

WORKLOADS: dict[str, Callable[[Plan], list[Row]]] = {
    "steady": steady.measure,
    "latency": latency.measure,
    "growth": growth.measure,
    "burst": burst.measure,
    "search": search.measure,
    "engine": engine.measure,
}


def main() -> None:
    """Measure, print."""
    options = _options()
    machine, rows = Machine(), []
    for name in options.only or WORKLOADS:
        began = time.perf_counter()
        rows += WORKLOADS[name](FULL if options.full else QUICK)
        sys.stderr.write(f"bench: {name} took {time.perf_counter() - began:.0f} s\n")
    print(f"\nPodium on SQLite, synchronous=FULL. {machine.described()}\n")
    print(shown(rows))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--full", action="store_true", help="measure longer and more often")
    parser.add_argument("--only", action="append", choices=list(WORKLOADS), help="measure only this; may be given several times")
    return parser.parse_args()


if __name__ == "__main__":
    main()
