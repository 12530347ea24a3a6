"""Server: starts one with an empty database, waits until it is ready, and stops it."""

from __future__ import annotations

import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from bench.probe import Probe

READY_WITHIN = 30.0  # seconds
STOPPED_WITHIN = 40.0
FIRST_PORT = 19_500
PORTS = 100
PODIUM = Path(sys.executable).with_name("podium")
HEALTH = b"GET /health HTTP/1.1\r\nhost: bench\r\nconnection: close\r\n\r\n"

Command = Callable[[int, str], list[str]]  # (port, database file) -> what to execute


class Server(NamedTuple):
    """A server that runs."""

    port: int
    probe: Probe
    ready_after: float  # seconds from the start of its process to the first good answer


def podium(port: int, database: str) -> list[str]:
    """Podium as it is installed, with all its defaults but the place."""
    return [str(PODIUM), "server", "--port", str(port), "--database", f"sqlite:///{database}", "--log-level", "warning"]


def floor(port: int, database: str) -> list[str]:
    """The bare prototype."""
    return [sys.executable, "-m", "bench.floor", str(port), database]


@contextmanager
def serving(command: Command, folder: Path | None = None) -> Iterator[Server]:
    """A fresh server for as long as the block takes; its database goes with it."""
    with tempfile.TemporaryDirectory(prefix="podium-bench-", dir=folder) as place:
        database = str(Path(place) / "bench.db")
        port = _free_port()
        began = time.perf_counter()
        process = subprocess.Popen(command(port, database), cwd=Path(__file__).parent.parent)
        try:
            _wait_until_ready(process, port)
            yield Server(port, Probe(process.pid, database), time.perf_counter() - began)
        finally:
            process.terminate()
            try:
                process.wait(STOPPED_WITHIN)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _wait_until_ready(process: subprocess.Popen[bytes], port: int) -> None:
    deadline = time.perf_counter() + READY_WITHIN
    while time.perf_counter() < deadline:
        if process.poll() is not None:
            raise RuntimeError(f"the server ended with {process.returncode}")
        if _healthy(port):
            return
        time.sleep(0.005)
    raise TimeoutError(f"the server was not ready within {READY_WITHIN:.0f} s")


def _healthy(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1) as connection:
            connection.sendall(HEALTH)
            return connection.recv(12).endswith(b" 200")
    except OSError:
        return False


def _free_port() -> int:
    for port in range(FIRST_PORT, FIRST_PORT + PORTS):
        with socket.socket() as one:
            one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                one.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise OSError(f"no free port from {FIRST_PORT} to {FIRST_PORT + PORTS - 1}")
