"""Starts what the demonstration needs beside itself, and ends all of it again."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

STOP_WITHIN_SECONDS = 10
INSTALL_WITHIN_SECONDS = 120
LAST_LINES = 15


class StartError(Exception):
    """Something could not be started; the text has the end of its log."""


@dataclass
class Processes:
    """The children, in the order of their start; leaving the `with` block ends them in the other order."""

    logs: Path
    children: list[tuple[str, subprocess.Popen[bytes]]] = field(default_factory=list)

    def __enter__(self) -> Self:
        """Make the folder of the logs."""
        self.logs.mkdir(parents=True, exist_ok=True)
        return self

    def __exit__(self, *_: object) -> None:
        """End every child, also when somebody presses Ctrl-C again meanwhile."""
        with undisturbed():
            self.stop()

    def stop(self) -> None:
        """Ask all children to end, then kill the stubborn."""
        for _name, child in reversed(self.children):
            if child.poll() is None:
                child.terminate()
        deadline = time.monotonic() + STOP_WITHIN_SECONDS
        for _name, child in reversed(self.children):
            try:
                child.wait(max(0.1, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()

    def start(self, name: str, command: list[str], folder: Path, extra: dict[str, str] | None = None) -> subprocess.Popen[bytes]:
        """Start a child that writes to `logs/<name>.log`; Ctrl-C does not reach it, `__exit__` does."""
        with self.log(name).open("wb") as output:
            environment = {**os.environ, "PYTHONUNBUFFERED": "1", **(extra or {})}
            child = subprocess.Popen(
                command,
                cwd=folder,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self.children.append((name, child))
        return child

    def log(self, name: str) -> Path:
        """Where that child writes."""
        return self.logs / f"{name}.log"

    def wait_ready(self, name: str, ready: Callable[[], bool], within: float) -> None:
        """Return once `ready()` holds; StartError when the child ends before, or takes longer than `within` seconds."""
        deadline = time.monotonic() + within
        while not ready():
            self.check()
            if time.monotonic() > deadline:
                raise StartError(f"{name} is not ready after {within:g} s\n{self.tail(name)}")
            time.sleep(0.05)

    def check(self) -> None:
        """StartError when a child has ended though nobody asked it to."""
        for name, child in self.children:
            if child.poll() is not None:
                raise StartError(f"{name} ended with code {child.returncode}\n{self.tail(name)}")

    def tail(self, name: str) -> str:
        """The end of a child's log."""
        lines = self.log(name).read_text(errors="replace").splitlines()[-LAST_LINES:]
        return "\n".join([f"the end of {self.log(name)}:", *(f"  {line}" for line in lines)])


@contextmanager
def undisturbed() -> Iterator[None]:
    """Ignore Ctrl-C and SIGTERM inside the block."""
    before = {number: signal.signal(number, signal.SIG_IGN) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def free_port(wanted: int) -> int:
    """The wanted loopback port, or any free one when it is taken."""
    for port in (wanted, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise StartError("no free port on the loopback address")


def podium_command(port: int, database: str) -> list[str]:
    """The command that runs the server of this very installation."""
    return [str(Path(sys.executable).with_name("podium")), "server", "--port", str(port), "--database", database]


def install_node_worker(folder: Path, log: Path) -> str | None:
    """Install the JavaScript worker's packages; None when it can run, else why it cannot."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        return "Node is not installed"
    if (folder / "node_modules" / "@io-orkes" / "conductor-javascript").is_dir():
        return None
    with log.open("wb") as output:
        try:
            done = subprocess.run(
                [npm, "ci"], cwd=folder, stdout=output, stderr=subprocess.STDOUT, timeout=INSTALL_WITHIN_SECONDS, check=False
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            return f"its packages could not be installed ({error})"
    return f"its packages could not be installed (see {log})" if done.returncode else None
