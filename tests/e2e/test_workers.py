"""Several processes on one port: all serve, one that dies is replaced, and nobody is refused meanwhile."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from tests.e2e.process import free_port

PATIENCE_SECONDS = 20
CHILD = [sys.executable, "-m", "tests.e2e.workers_child"]


@contextmanager
def supervised(port: int, count: int = 2) -> Iterator[subprocess.Popen[bytes]]:
    """A supervisor of so many processes."""
    code = f"import sys; from podium.cli.workers import supervise; sys.exit(supervise({count}, '127.0.0.1', {port}, 1.0, {CHILD!r}))"
    parent = subprocess.Popen([sys.executable, "-c", code], env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)})
    try:
        yield parent
    finally:
        if parent.poll() is None:
            parent.terminate()
            parent.wait(PATIENCE_SECONDS)


def who_answers(port: int) -> int:
    """The process that takes a new connection; waits for one that is being replaced."""
    with socket.create_connection(("127.0.0.1", port), PATIENCE_SECONDS) as connection:
        return int(connection.recv(20))


def seen(port: int, enough: Callable[[set[int]], bool]) -> set[int]:
    """Who has answered until it was enough."""
    found: set[int] = set()
    until = time.monotonic() + PATIENCE_SECONDS
    while not enough(found):
        assert time.monotonic() < until, f"only {found} answer"
        try:
            found.add(who_answers(port))
        except (ConnectionError, ValueError):
            continue  # the supervisor has just begun, or the process died while it had the connection
    return found


def test_all_processes_serve_one_port_and_end_in_order() -> None:
    port = free_port()
    with supervised(port) as parent:
        assert len(seen(port, lambda found: len(found) == 2)) == 2
        parent.terminate()
        assert parent.wait(PATIENCE_SECONDS) == 0


def test_a_process_that_is_killed_is_replaced() -> None:
    port = free_port()
    with supervised(port):
        first = seen(port, lambda found: len(found) == 2)
        os.kill(min(first), signal.SIGKILL)
        assert len(seen(port, lambda found: len(found - first) == 1) - first) == 1


def test_a_rolling_restart_replaces_every_process_and_refuses_nobody() -> None:
    port = free_port()
    with supervised(port) as parent:
        first = seen(port, lambda found: len(found) == 2)
        parent.send_signal(signal.SIGHUP)
        found: set[int] = set()
        until = time.monotonic() + PATIENCE_SECONDS
        while len(found - first) < 2:
            assert time.monotonic() < until
            found.add(who_answers(port))
