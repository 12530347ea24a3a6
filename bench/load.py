"""Load: a process of its own that puts load on a server and says what it saw: a job as JSON comes in, a report goes out."""

from __future__ import annotations

import asyncio
import gc
import subprocess
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

import msgspec
import uvloop

from bench.scenarios.burst import burst
from bench.scenarios.growth import growth
from bench.scenarios.job import Job, Report
from bench.scenarios.latency import latency
from bench.scenarios.line import line
from bench.scenarios.steady import steady

SCENARIOS: dict[str, Callable[[Job], Awaitable[Report]]] = {
    "steady": steady,
    "latency": latency,
    "line": line,
    "growth": growth,
    "burst": burst,
}

ROOT = Path(__file__).parent.parent


def put_load(job: Job) -> Report:
    """Do a job in a process of its own."""
    command = [sys.executable, "-m", "bench.load"]
    done = subprocess.run(command, input=msgspec.json.encode(job), stdout=subprocess.PIPE, cwd=ROOT, check=True)
    return msgspec.json.decode(done.stdout, type=Report)


async def _work(job: Job) -> Report:
    return await SCENARIOS[job.scenario](job)


def main() -> None:
    """Do the job that stands on standard input."""
    job = msgspec.json.decode(sys.stdin.buffer.read(), type=Job)
    gc.freeze()
    gc.disable()  # runs are short, and the server's rival for the processor should be small
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        report = runner.run(_work(job))
    sys.stdout.buffer.write(msgspec.json.encode(report))


if __name__ == "__main__":
    main()
