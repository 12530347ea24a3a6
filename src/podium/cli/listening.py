"""Listening: the socket on which a server process takes connections, its own or one that it was given."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
from collections.abc import Callable

BACKLOG = 2_048
LISTEN_FD = "PODIUM_LISTEN_FD"  # the number of a listening socket that is already open
READY_FD = "PODIUM_READY_FD"  # where to say that the server serves
LIFE_FD = "PODIUM_LIFE_FD"  # a pipe that ends when whoever started this process ends


def listen(host: str, port: int, *, shared: bool = False) -> socket.socket:
    """A socket that listens; `shared`: others may listen on the same port. Raises OSError."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        if shared:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        listener.bind((host, port))
        listener.listen(BACKLOG)  # now, so that whoever waits for the log line is not refused
    except OSError:
        listener.close()
        raise
    listener.setblocking(False)  # noqa: FBT003 - its only parameter
    return listener


def given_or_own(host: str, port: int) -> socket.socket:
    """The socket that whoever started this process has left open for it, or a new one. Raises OSError."""
    given = os.environ.get(LISTEN_FD)
    return socket.socket(fileno=int(given)) if given else listen(host, port)


def tell_ready() -> None:
    """Tell whoever started this process that it serves, if that was asked for."""
    asked = os.environ.get(READY_FD)
    if asked:
        with contextlib.suppress(BrokenPipeError):  # who asked has ended meanwhile: see `when_orphaned`
            os.write(int(asked), b"1")
        os.close(int(asked))


def when_orphaned(call: Callable[[], None]) -> None:
    """Call when whoever started this process has ended, however that came. Inside of an event loop."""
    tied = os.environ.get(LIFE_FD)
    if tied:
        loop, pipe = asyncio.get_running_loop(), int(tied)

        def ended() -> None:
            loop.remove_reader(pipe)
            call()

        loop.add_reader(pipe, ended)
