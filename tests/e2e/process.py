"""A server process of a test."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from types import TracebackType
from typing import Self

import httpx2

READY_SECONDS = 30


def free_port() -> int:
    """A port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class ServerProcess:
    """`podium server` on a database; a context manager that ends it."""

    def __init__(self, database: Path | str, port: int | None = None, *flags: str) -> None:
        """`database`: a file, or the URL of another kind of database."""
        self.port = port or free_port()
        self.address = f"http://127.0.0.1:{self.port}"
        self._database = f"sqlite:///{database}" if isinstance(database, Path) else database
        self._flags = flags
        self._process: subprocess.Popen[bytes]

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self._process.poll() is None:
            self.kill()

    def start(self) -> None:
        """Start it and wait until it answers."""
        command = [sys.executable, "-m", "podium", "server", "--port", str(self.port), "--database", self._database, *self._flags]
        self._process = subprocess.Popen(command, env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)})
        until = time.monotonic() + READY_SECONDS
        while time.monotonic() < until:
            try:
                if httpx2.get(self.address + "/health", trust_env=False).status_code == 200:
                    return
            except httpx2.TransportError:
                assert self._process.poll() is None, "the server ended"
        raise AssertionError("the server is not ready")

    def processes(self) -> list[int]:
        """The ids of the processes that it has started."""
        return [int(word) for word in Path(f"/proc/{self._process.pid}/task/{self._process.pid}/children").read_text().split()]

    def signal(self, number: signal.Signals) -> None:
        """Send a signal."""
        self._process.send_signal(number)

    def wait(self) -> int:
        """Its exit code, once it has ended."""
        return self._process.wait(timeout=READY_SECONDS)

    def kill(self) -> None:
        """Kill -9."""
        self._process.kill()
        self._process.wait()
