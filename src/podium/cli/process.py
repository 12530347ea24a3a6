"""Process: a server process from its start to its orderly end."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import os
import signal
import time
from collections.abc import Iterator
from functools import partial

import uvicorn
import uvloop

from podium import __version__, log
from podium.api.application import create_application
from podium.api.connection import Connection
from podium.app import build
from podium.cli.listening import BACKLOG, given_or_own, tell_ready, when_orphaned
from podium.errors import PodiumError
from podium.runtime.platform import Platform
from podium.settings import Settings

KEEP_ALIVE_SECONDS = 75
# Most objects live as long as a run in the cache does. Frequent collections would look at them all, again and again.
GC_THRESHOLDS = (50_000, 20, 100)
SIGNALS = (signal.SIGINT, signal.SIGTERM)


def run_process(settings: Settings) -> int:
    """Serve until SIGTERM or SIGINT, finish what is in hand, and return the exit code. A second signal ends the process at once."""
    log.configure(settings.log_level, settings.log_format)
    return uvloop.run(_serve(settings))


async def _serve(settings: Settings) -> int:
    started = time.monotonic()
    try:
        platform = build(settings, os.environ)
        await platform.start()
    except (PodiumError, OSError) as problem:
        log.error(log.Event.LOOP_FAILED, loop="start", reason=str(problem))
        return 1
    try:
        listener = given_or_own(settings.host, settings.port)
    except OSError as problem:
        log.error(log.Event.LOOP_FAILED, loop="start", reason=f"{settings.host}:{settings.port}: {problem.strerror}")
        await platform.stop()
        return 1
    server = Server(platform)
    gc.collect()
    gc.freeze()
    gc.set_threshold(*GC_THRESHOLDS)
    host, port = listener.getsockname()[:2]
    took = round((time.monotonic() - started) * 1000)
    log.info(log.Event.SERVER_STARTED, url=f"http://{host}:{port}", version=__version__, duration_ms=took)
    tell_ready()
    await server.serve(sockets=[listener])
    await platform.stop()
    log.info(log.Event.SERVER_STOPPED)
    return 0


class Server(uvicorn.Server):
    """uvicorn, with our way to stop: pollers are let go first, so that their connections can end."""

    def __init__(self, platform: Platform) -> None:
        config = uvicorn.Config(
            create_application(platform),
            lifespan="off",
            loop="none",
            http=Connection,
            proxy_headers=False,
            ws="none",
            log_config=None,
            access_log=False,
            server_header=False,
            backlog=BACKLOG,
            timeout_keep_alive=KEEP_ALIVE_SECONDS,
            timeout_graceful_shutdown=platform.settings.drain_seconds,
        )
        super().__init__(config)
        self._platform = platform

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Listen to signals for as long as the server serves."""
        loop = asyncio.get_running_loop()
        for number in SIGNALS:
            loop.add_signal_handler(number, self._stop, number)
        when_orphaned(partial(self._stop, signal.SIGTERM))
        yield

    def _stop(self, number: int) -> None:
        if self.should_exit:
            os._exit(128 + number)  # asked twice: the store survives it
        log.info(log.Event.SERVER_DRAINING)
        self.should_exit = True
        self._platform.drain()
