"""Workers: several server processes on one port, started, watched and replaced by one that does nothing else.

Each process has a listening socket of its own (SO_REUSEPORT), which is made here and stays open here: connections that arrive while its
process is replaced wait in it and are not refused.
"""

from __future__ import annotations

import os
import selectors
import signal
import socket
import subprocess
import time
from collections.abc import Mapping, Sequence
from types import FrameType

from podium import log
from podium.cli.listening import LIFE_FD, LISTEN_FD, READY_FD, listen

SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGCHLD)
FIRST_PAUSE_SECONDS = 0.1
LONGEST_PAUSE_SECONDS = 5.0
STEADY_SECONDS = 30.0  # a process that lived this long is replaced at once


class Worker:
    """A place for a process: its socket, and who listens there now."""

    def __init__(self, number: int, listener: socket.socket, command: Sequence[str], environment: Mapping[str, str]) -> None:
        self.number = number
        self.listener = listener
        self._command = command
        self._environment = environment
        self.process: subprocess.Popen[bytes] | None = None
        self.pause = FIRST_PAUSE_SECONDS
        self.not_before = 0.0  # when it may be started again
        self._started = 0.0
        self._ready = -1  # where the process says that it is ready
        self._life = os.pipe()  # nobody writes to it: its end is that of this process

    def start(self) -> None:
        """Start the process."""
        self._close_ready()
        self._ready, writes = os.pipe()
        listens = self.listener.fileno()
        tied = self._life[0]
        environment = {**self._environment, LISTEN_FD: str(listens), READY_FD: str(writes), LIFE_FD: str(tied)}
        self.process = subprocess.Popen(self._command, env=environment, pass_fds=(listens, writes, tied))  # noqa: S603 - it is ourselves
        os.close(writes)
        self._started = time.monotonic()

    def wait_until_ready(self, seconds: float) -> bool:
        """Whether the process says that it serves, before it ends or the time is over."""
        with selectors.DefaultSelector() as selector:
            selector.register(self._ready, selectors.EVENT_READ)
            return bool(selector.select(seconds)) and os.read(self._ready, 1) != b""

    def ended(self) -> bool:
        """Whether the process has ended; then it may be started again after a pause that grows."""
        if self.process is None or self.process.poll() is None:
            return False
        steady = time.monotonic() - self._started > STEADY_SECONDS
        self.pause = FIRST_PAUSE_SECONDS if steady else min(self.pause * 2, LONGEST_PAUSE_SECONDS)
        self.not_before = time.monotonic() + self.pause
        return True

    def replace(self, seconds: float) -> None:
        """End the process in order, start another in its place, and wait until that serves."""
        if self.process is not None:
            self.process.terminate()
            _wait(self.process, seconds)
        self.start()
        self.wait_until_ready(seconds)

    def _close_ready(self) -> None:
        if self._ready >= 0:
            os.close(self._ready)
            self._ready = -1

    def close(self) -> None:
        """Give the socket back."""
        self._close_ready()
        for end in self._life:
            os.close(end)
        self.listener.close()


class Workers:
    """All of them."""

    def __init__(self, workers: Sequence[Worker], drain_seconds: float) -> None:
        self._workers = workers
        self._patience = drain_seconds + LONGEST_PAUSE_SECONDS
        self._stopping = False

    def run(self) -> int:
        """Until SIGTERM or SIGINT; SIGHUP replaces one process after the other. 0 when all have ended in order."""
        reads, writes = socket.socketpair()
        writes.setblocking(False)  # noqa: FBT003 - its only parameter
        signal.set_wakeup_fd(writes.fileno(), warn_on_full_buffer=False)
        for number in SIGNALS:
            signal.signal(number, _noted)
        for worker in self._workers:
            worker.start()
        with selectors.DefaultSelector() as selector, reads, writes:
            selector.register(reads, selectors.EVENT_READ)
            while not self._over():
                selected = selector.select(self._nap())
                self._hear(reads.recv(256) if selected else b"")
                self._look_after()
            signal.set_wakeup_fd(-1)
        for worker in self._workers:
            worker.close()
        return max((abs(worker.process.returncode) for worker in self._workers if worker.process is not None), default=0)

    def _over(self) -> bool:
        return self._stopping and all(worker.process is None or worker.process.poll() is not None for worker in self._workers)

    def _nap(self) -> float | None:
        """How long nothing needs to be done: until a process may be started again."""
        now = time.monotonic()
        waits = [worker.not_before - now for worker in self._workers if worker.not_before]
        return max(0.0, min(waits)) if waits else None

    def _hear(self, numbers: bytes) -> None:
        for number in numbers:
            if number in (signal.SIGTERM, signal.SIGINT):
                self._stop(number)
            elif number == signal.SIGHUP and not self._stopping:
                log.info(log.Event.WORKERS_REPLACED, count=len(self._workers))
                for worker in self._workers:
                    worker.replace(self._patience)

    def _stop(self, number: int) -> None:
        """Ask all to end; asked again, they end at once."""
        self._stopping = True
        for worker in self._workers:
            if worker.process is not None and worker.process.poll() is None:
                worker.process.send_signal(number)

    def _look_after(self) -> None:
        """Start again what has ended, after its pause."""
        if self._stopping:
            return
        for worker in self._workers:
            if not worker.not_before and worker.ended():
                assert worker.process is not None
                log.warning(
                    log.Event.WORKER_ENDED, worker=worker.number, code=worker.process.returncode, retry_ms=round(worker.pause * 1000)
                )
            if worker.not_before and worker.not_before <= time.monotonic():
                worker.not_before = 0.0
                worker.start()


def _noted(number: int, frame: FrameType | None) -> None:
    """The signal is heard through the wake-up socket."""
    del number, frame


def _wait(process: subprocess.Popen[bytes], seconds: float) -> None:
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def supervise(count: int, host: str, port: int, drain_seconds: float, command: Sequence[str]) -> int:
    """Run a command so many times, each with a listening socket on one port, until told to stop; the exit code. Raises OSError."""
    first = listen(host, port, shared=True)
    port = first.getsockname()[1]
    sockets = [first, *(listen(host, port, shared=True) for _ in range(count - 1))]
    workers = [Worker(number, listener, command, os.environ) for number, listener in enumerate(sockets, 1)]
    return Workers(workers, drain_seconds).run()
