#!/usr/bin/env python3
"""K1's LED-pattern pipeline from end to end: a server, real workers, six patterns, and what became of them.

Environment: PORT (8080; a free one when taken), SERVER (use a server that runs already), ONCE=1 (end when done, with 0 when all went as
expected), K1_OUT (folder for everything that is built).
"""

from __future__ import annotations

import os
import signal
import sys
import time
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from led import toolchain
from pipeline import nightly
from pipeline.conductor import Conductor, ServerError
from pipeline.console import Console
from pipeline.execution import Run
from pipeline.notices import Notices
from pipeline.processes import Processes, StartError, free_port, install_node_worker, podium_command
from pipeline.samples import SAMPLES, Sample

if TYPE_CHECKING:
    from types import FrameType

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
DATABASE = "sqlite:///.podium/k1.db"
WORKFLOW, VERSION = "k1_pattern_compilation", 1
GATE = "approval"
POLL_SECONDS = 0.2
READY_WITHIN_SECONDS = 30
DONE_WITHIN_SECONDS = 180
CLEANED_WITHIN_SECONDS = 60
NAMED_WITHIN_SECONDS = 10


@dataclass
class Demonstration:
    """Everything a run needs, built once in `main`."""

    console: Console
    server: Conductor
    processes: Processes
    notices: Notices
    out: Path

    def begin(self) -> list[Run]:
        """Start one workflow per sample."""
        self.console.title(f"Compiling {len(SAMPLES)} patterns")
        self.console.start = time.monotonic()
        return [Run(sample, self.server.start(WORKFLOW, VERSION, self.given(sample))) for sample in SAMPLES]

    def given(self, sample: Sample) -> dict[str, object]:
        """The input of a sample's workflow."""
        return {
            "pattern": sample.name,
            "source": sample.source,
            "strategy": sample.strategy,
            "headroom": 400,
            "approvalTimeout": sample.approval_timeout,
            "notifyUrl": self.notices.url,
        }

    def follow(self, runs: list[Run], within: float) -> None:
        """Show progress and answer at the gates until all have ended; StartError when they do not in time."""
        deadline = time.monotonic() + within
        while not all(run.ended for run in runs):
            for run in runs:
                self.look(run)
            self.processes.check()
            if time.monotonic() > deadline:
                waiting = ", ".join(run.sample.name for run in runs if not run.ended)
                raise StartError(f"not done after {within:g} s: {waiting}; see {self.processes.logs}")
            time.sleep(POLL_SECONDS)

    def look(self, run: Run) -> None:
        """Read one execution again, show what is new, and approve it when it waits for that."""
        if run.ended:
            return
        run.body = self.server.workflow(run.id)
        self.console.progress(run)
        waits = any(step.name == GATE and step.status == "IN_PROGRESS" for step in run.steps())
        if waits and run.sample.approved and not run.asked:
            run.asked = True
            self.server.approve(run.id, GATE)

    def clean(self, runs: list[Run]) -> list[Run]:
        """Follow the failure workflows of those that failed."""
        failed = [run for run in runs if run.body["status"] != "COMPLETED"]
        deadline = time.monotonic() + NAMED_WITHIN_SECONDS
        while any(run.failure_workflow is None for run in failed) and time.monotonic() < deadline:
            time.sleep(POLL_SECONDS)  # a server may start it a moment after the failure is visible
            for run in failed:
                run.body = self.server.workflow(run.id)
        cleaning = [Run(run.sample, run.failure_workflow) for run in failed if run.failure_workflow]
        if cleaning:
            self.console.title("Cleaning up after failures")
            self.follow(cleaning, CLEANED_WITHIN_SECONDS)
        return cleaning

    def problems(self, runs: list[Run], cleaning: list[Run]) -> list[str]:
        """What did not go as the samples say it must."""
        found = [
            f"{run.sample.name} ended as '{run.outcome}', expected '{run.sample.expected}'"
            for run in runs
            if run.outcome != run.sample.expected
        ]
        found += [f"{run.sample.name} has no preview" for run in runs if run.outcome != "failed" and not self.preview(run)]
        found += [
            f"the clean-up of {run.sample.name} ended as {run.body.get('status')}"
            for run in cleaning
            if run.body.get("status") != "COMPLETED"
        ]
        told = {str(notice.get("pattern")) for notice in self.notices.received}
        found += [f"nobody was told about {run.sample.name}" for run in runs if run.sample.name not in told]
        if not any(run.sample.expected == "failed" for run in cleaning):
            found.append("the broken pattern was not cleaned up")
        return found

    def preview(self, run: Run) -> bool:
        """Whether the preview of a run is on disk."""
        name = run.output.get("preview")
        return bool(name) and (self.out / str(name)).is_file()


def start_server(console: Console, processes: Processes) -> Conductor:
    """The server of the environment variable SERVER, or one of our own."""
    given = os.environ.get("SERVER")
    if given:
        server = Conductor(given.rstrip("/"))
        if not server.healthy():
            raise StartError(f"no healthy server at {given}")
        console.say(f"server     {server.base} (running already)")
        return server
    wanted = int(os.environ.get("PORT") or 8080)
    port = free_port(wanted)
    if port != wanted:
        console.say(f"port {wanted} is taken, using {port}")
    (ROOT / ".podium").mkdir(exist_ok=True)
    server = Conductor(f"http://127.0.0.1:{port}")
    begun = time.monotonic()
    processes.start("server", podium_command(port, DATABASE), ROOT)
    processes.wait_ready("server", server.healthy, READY_WITHIN_SECONDS)
    console.say(f"server     {server.base} ready after {time.monotonic() - begun:.1f} s, database {DATABASE}")
    return server


def start_workers(console: Console, processes: Processes, server: Conductor, out: Path) -> None:
    """The Python workers, and the JavaScript one where Node is there."""
    missing = install_node_worker(HERE / "js", processes.log("npm"))
    command = [sys.executable, "-m", "pipeline.workers", "--server", server.base, "--out", str(out)]
    processes.start("workers", [*command, *(["--notes"] if missing else [])], HERE)
    if missing:
        console.say(f"workers    Python; the JavaScript worker is left out: {missing}")
        return
    environment = {"CONDUCTOR_SERVER_URL": f"{server.base}/api"}
    processes.start("node-worker", ["node", "worker.mjs"], HERE / "js", environment)
    console.say("workers    Python, and JavaScript for the release notes")


def prepare_compilers(console: Console, out: Path) -> None:
    """Say which compilers are used; where Zig is the only one, let it build its own parts before somebody waits for them."""
    cache = out / "zig"
    host, controller = toolchain.host_compiler(cache), toolchain.controller_compiler(cache)
    if host.name == "zig":
        console.say("compiler   zig prepares itself, the first time for about a minute")
        toolchain.warm_up(host, out)
    console.say(
        f"compiler   {host.name} for this machine, {'zig for Cortex-M4' if controller else 'no cross-compiler (Python package ziglang)'}"
    )


def demonstrate(stack: ExitStack, console: Console) -> int:
    """Run it all; 0 when every sample ended as it must."""
    out = Path(os.environ.get("K1_OUT") or HERE / "out").resolve()
    processes = stack.enter_context(Processes(out / "logs"))
    prepare_compilers(console, out)
    server = start_server(console, processes)
    start_workers(console, processes, server, out)
    notices = stack.enter_context(Notices())
    tasks, workflows = server.register(HERE)
    console.say(f"registered {tasks} task definitions, {workflows} workflow definitions")
    show = Demonstration(console, server, processes, notices, out)
    runs = show.begin()
    show.follow(runs, DONE_WITHIN_SECONDS)
    cleaning = show.clean(runs)
    console.results(runs, out)
    problems = show.problems(runs, cleaning) + analyse(console, server, len(runs))
    point_out(console, show, problems)
    if not os.environ.get("ONCE"):
        console.say("\nThe server and the workers stay up until Ctrl-C.")
        while True:
            processes.check()
            time.sleep(1)
    return 1 if problems else 0


def analyse(console: Console, server: Conductor, count: int) -> list[str]:
    """Schedule the nightly analytics and show what they say now; what is wrong with that."""
    console.title("Nightly analytics")
    schedule = nightly.keep(server, HERE / "nightly_analytics.json")
    console.say(f"  schedule   {schedule['cronExpression']} in {schedule['zoneId']}, and once right now")
    output = nightly.try_once(server, schedule)
    ended = output["byStatus"]
    assert isinstance(ended, dict)
    shown = ", ".join(f"{number} {status}" for status, number in sorted(ended.items()))
    console.say(f"  last day   {output['total']} compilations: {shown}; {output['seconds']} s altogether")
    total = output["total"]
    return [] if isinstance(total, int) and total >= count else [f"the nightly analytics found {total} compilations, expected {count}"]


def point_out(console: Console, show: Demonstration, problems: list[str]) -> None:
    """Where to look, and whether all is well."""
    console.title("Where to look")
    for what, where in (
        ("previews", show.out / "previews"),
        ("devices", show.out / "devices"),
        ("logs", show.processes.logs),
        ("page", f"{show.server.base}/"),
        ("executions", f"{show.server.base}/api/workflow/search?query=workflowType={WORKFLOW}"),
        ("API", f"{show.server.base}/{'swagger-ui/index.html' if os.environ.get('SERVER') else 'docs'}"),
    ):
        console.say(f"  {what:<11} {where}")
    console.say(f"  {'notices':<11} {len(show.notices.received)} received")
    console.title("All samples ended as expected." if not problems else "Not as expected:")
    for problem in problems:
        console.say(f"  - {problem}")


def interrupt(_signal: int, _frame: FrameType | None) -> None:
    """Make SIGTERM end the run the way Ctrl-C does."""
    raise KeyboardInterrupt


def main() -> int:
    """Run, and end everything that was started, however it goes."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, interrupt)
    console = Console()
    try:
        with ExitStack() as stack:
            code = demonstrate(stack, console)
    except KeyboardInterrupt:
        console.say("\nstopped; everything that was started has ended")
        return 130 if os.environ.get("ONCE") else 0
    except (StartError, ServerError, toolchain.BuildError) as error:
        console.say(f"\n{error}")
        return 1
    return code


if __name__ == "__main__":
    sys.exit(main())
