"""Stands for a server process: answers every connection of the socket it was given with its own process id."""

from __future__ import annotations

import os
import select
import signal
import socket

from podium.cli.listening import given_or_own, tell_ready


def main() -> None:
    """Serve until told to stop, and never leave a connection that was taken without its answer."""
    listener = given_or_own("127.0.0.1", 0)
    hears, wakes = socket.socketpair()
    wakes.setblocking(False)  # noqa: FBT003 - its only parameter
    signal.set_wakeup_fd(wakes.fileno())
    signal.signal(signal.SIGTERM, lambda *_: None)
    tell_ready()
    while hears not in (readable := select.select([listener, hears], [], [])[0]):
        if listener in readable:
            answer(listener)


def answer(listener: socket.socket) -> None:
    """Say who this is."""
    try:
        connection, _ = listener.accept()
    except BlockingIOError:
        return
    with connection:
        connection.sendall(str(os.getpid()).encode())


if __name__ == "__main__":
    main()
