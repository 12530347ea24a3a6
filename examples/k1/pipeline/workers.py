"""K1's workers: plain functions, given to the server's task queues by the official Python SDK.

    python -m pipeline.workers --server http://127.0.0.1:8080 --out out [--notes]

The functions here only unpack a task's input; what they do stands in `building.py` and `devices.py`. Annotations are real types, not
text: the SDK reads them to convert the input.
"""
# ruff: noqa: N803 - parameters carry the names that stand in the workflow definition

import argparse
import functools
import os
import signal
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import ParamSpec, TypeVar

from conductor.client.automator.task_handler import TaskHandler
from conductor.client.configuration.configuration import Configuration
from conductor.client.http.models.task import Task
from conductor.client.http.models.task_result import TaskResult
from conductor.client.http.models.task_result_status import TaskResultStatus
from conductor.client.worker.exception import NonRetryableException
from conductor.client.worker.worker_task import worker_task
from led.source import PatternError
from led.toolchain import BuildError, TimedOutError

from pipeline import building, devices
from pipeline.building import Workshop
from pipeline.note import Facts, release_note

P = ParamSpec("P")
R = TypeVar("R")
Output = dict[str, object]

OUT_VARIABLE = "K1_OUT"
DEFAULT_OUT = Path(__file__).resolve().parent.parent / "out"
LONG_POLL_MS = 1000


def worker(name: str, threads: int = 1) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Let a function take the tasks of that name, so many at a time."""

    def register(function: Callable[P, R]) -> Callable[P, R]:
        polled = worker_task(task_definition_name=name, thread_count=threads, poll_interval_millis=20, poll_timeout=LONG_POLL_MS)
        polled(plainly(function))
        return function

    return register


def plainly(function: Callable[P, R]) -> Callable[P, R | TaskResult]:
    """Report what cannot get better by trying again as such, in its own words; anything else is tried again."""

    @functools.wraps(function)
    def told(*arguments: P.args, **named: P.kwargs) -> R | TaskResult:
        try:
            return function(*arguments, **named)
        except TimedOutError:
            raise
        except BuildError as error:
            raise NonRetryableException(str(error)) from error
        except PatternError as error:
            return rejected(error)

    return told


def rejected(error: PatternError) -> TaskResult:
    """A final failure: the first mistake as its reason, which servers cut at 500 characters, and all of them in the output."""
    mistakes = [{"line": each.place.line, "column": each.place.column, "text": each.text} for each in error.mistakes]
    return TaskResult(
        status=TaskResultStatus.FAILED_WITH_TERMINAL_ERROR,
        reason_for_incompletion=error.summary,
        output_data={"mistakes": mistakes, "report": str(error)},
    )


def workshop(workspace: str) -> Workshop:
    """The folder in which that workflow builds."""
    return Workshop(Path(os.environ.get(OUT_VARIABLE, DEFAULT_OUT)), workspace)


@worker("k1_validate", threads=2)
def validate(source: str, headroom: float) -> Output:
    """Facts about a pattern, or its mistakes."""
    return building.validate(source, headroom)


@worker("k1_generate_cpp", threads=2)
def generate_cpp(workspace: str, source: str) -> Output:
    """The C++ of a pattern."""
    return building.generate(workshop(workspace), source)


@worker("k1_compile", threads=2)
def compile_player(workspace: str, step: int) -> Output:
    """The compiled pattern at one optimisation level."""
    return building.compile_player(workshop(workspace), step)


@worker("k1_benchmark")
def benchmark(workspace: str, step: int) -> Output:
    """Frames per second; one at a time, or they would measure each other."""
    return building.benchmark(workshop(workspace), step)


@worker("k1_build_firmware", threads=2)
def build_firmware(workspace: str, step: int) -> Output:
    """The controller's firmware."""
    return building.build_firmware(workshop(workspace), step)


@worker("k1_render_preview", threads=2)
def render_preview(workspace: str, step: int, pattern: str, leds: int, seconds: float) -> Output:
    """The preview's pictures."""
    return building.render_preview(workshop(workspace), step, pattern, building.Strip(leds, seconds))


@worker("k1_generate_tests", threads=2)
def generate_tests(workspace: str, source: str) -> Output:
    """The unit tests' source."""
    return building.generate_tests(workshop(workspace), source)


@worker("k1_run_tests", threads=2)
def run_tests(workspace: str, step: int) -> Output:
    """Counts of passed and failed unit tests."""
    return building.run_tests(workshop(workspace), step)


@worker("k1_inspect_firmware", threads=2)
def inspect_firmware(workspace: str, firmwareFile: str, target: str) -> Output:
    """Counts of passed and failed checks of the image."""
    return building.inspect_firmware(workshop(workspace), target, firmwareFile)


@worker("k1_deploy_canary")
def deploy_canary(workspace: str, pattern: str, step: int, firmwareFile: str) -> Output:
    """The release on the first device."""
    return devices.deploy(workshop(workspace), "canary", pattern, devices.Artefacts(step, firmwareFile))


@worker("k1_deploy_blue_green")
def deploy_blue_green(workspace: str, pattern: str, step: int, firmwareFile: str) -> Output:
    """The release beside what plays, on all devices."""
    return devices.deploy(workshop(workspace), "blue_green", pattern, devices.Artefacts(step, firmwareFile))


@worker("k1_health_check")
def health_check(workspace: str) -> Output:
    """Whether a device can carry the release."""
    return devices.health_check(workshop(workspace))


@worker("k1_promote")
def promote(workspace: str) -> Output:
    """The release on the whole fleet."""
    return devices.promote(workshop(workspace))


@worker("k1_roll_back")
def roll_back(workspace: str) -> Output:
    """The devices as they were."""
    return devices.roll_back(workshop(workspace))


@worker("k1_clean_up")
def clean_up(workspace: str) -> Output:
    """The workspace gone."""
    return building.clean_up(workshop(workspace))


def write_note(task: Task) -> Output:
    """The release note, where the JavaScript worker is left out."""
    given = task.input_data
    facts = Facts(*(given.get(name) for name in ("pattern", "outcome", "reason", "level", "fps", "testsPassed", "firmware")))
    return release_note(facts) | {"writtenBy": "python"}


def main() -> None:
    """Work until SIGTERM."""
    parser = argparse.ArgumentParser(description="K1's workers")
    parser.add_argument("--server", required=True, help="address of the server, such as http://127.0.0.1:8080")
    parser.add_argument("--out", type=Path, default=DEFAULT_OUT, help="folder for everything that is built")
    parser.add_argument("--notes", action="store_true", help="write release notes too, in place of the JavaScript worker")
    options = parser.parse_args()
    os.environ[OUT_VARIABLE] = str(options.out.resolve())
    os.environ.setdefault("CONDUCTOR_WORKER_ISOLATION", "thread")  # one process with threads: these workers wait for compilers
    if options.notes:
        worker("k1_release_note", threads=2)(write_note)
    stopped = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopped.set())
    handler = TaskHandler(configuration=Configuration(server_api_url=f"{options.server}/api"))
    handler.start_processes()
    stopped.wait()
    handler.stop_processes()
    sys.stderr.flush()
    os._exit(0)  # the SDK's polling threads do not end by themselves


if __name__ == "__main__":
    main()
