"""Workers as a user of the official Python SDK writes them: a decorator each, run by the SDK's own task handler until SIGTERM."""

# No `from __future__ import annotations`: the SDK reads the parameters' types.

import signal
import sys
from collections.abc import Callable
from time import monotonic
from types import FrameType
from typing import Any, TypeVar, cast

from conductor.client.automator.task_handler import TaskHandler
from conductor.client.configuration.configuration import Configuration
from conductor.client.context.task_context import TaskInProgress, get_task_context
from conductor.client.orkes_clients import OrkesClients
from conductor.client.worker.exception import NonRetryableException
from conductor.client.worker.worker_task import worker_task

PATIENCE_SECONDS = 20
Work = TypeVar("Work", bound=Callable[..., Any])


def worker(name: str, **options: Any) -> Callable[[Work], Work]:
    """The SDK's decorator, with a type."""
    return cast("Callable[[Work], Work]", worker_task(task_definition_name=name, poll_interval_millis=20, **options))


@worker("py_add", register_task_def=True, thread_count=4)
def add(first: int, second: int) -> dict[str, int]:
    """Adds, and says so in the log of the task."""
    get_task_context().add_log(f"adding {first} and {second}")
    return {"sum": first + second}


@worker("py_flaky")
def flaky() -> dict[str, int]:
    """Fails at its first attempt."""
    attempt = get_task_context().get_retry_count()
    if attempt == 0:
        raise ValueError("not this time")
    return {"attempt": attempt}


@worker("py_fatal")
def fatal() -> dict[str, int]:
    """Fails for good."""
    raise NonRetryableException("never")


@worker("py_patient")
def patient() -> Any:
    """Gives the task back once, and ends it when it comes again."""
    polls = get_task_context().get_poll_count()
    return TaskInProgress(callback_after_seconds=1, output={"polls": polls}) if polls == 1 else {"polls": polls}


@worker("py_blue", domain="blue")
def blue() -> dict[str, str]:
    """Works in a domain of its own."""
    return {"colour": "blue"}


@worker("py_long", lease_extend_enabled=True)
def long() -> dict[str, bool]:
    """Works until the SDK has extended the lease of the task."""
    client = OrkesClients(Configuration(server_api_url=sys.argv[1])).get_task_client()
    limit = monotonic() + PATIENCE_SECONDS
    task_id = get_task_context().get_task_id()
    while monotonic() < limit:
        task = client.get_task(task_id)
        if task.update_time > task.start_time + 1_000:
            return {"extended": True}
    return {"extended": False}


def main() -> None:
    """Run all of them, and say when they do."""
    handler = TaskHandler(configuration=Configuration(server_api_url=sys.argv[1]), scan_for_annotated_workers=True)
    handler.start_processes()
    sys.stdout.write("ready\n")
    sys.stdout.flush()

    def stop(_signal: int, _frame: FrameType | None) -> None:
        handler.stop_processes()
        sys.exit(0)

    signal.signal(signal.SIGTERM, stop)
    handler.join_processes()


if __name__ == "__main__":
    main()
