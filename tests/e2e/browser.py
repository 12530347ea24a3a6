"""A real browser, driven over its DevTools pipe: no driver program, no socket."""

from __future__ import annotations

import contextlib
import fcntl
import itertools
import json
import os
import select
import shutil
import signal
from collections.abc import Callable
from pathlib import Path
from time import monotonic
from types import TracebackType
from typing import Any, Self

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
FLAGS = (
    "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking --disable-component-update"
    " --disable-sync --disable-dev-shm-usage --remote-debugging-pipe --window-size=1280,900"
)
PATIENCE_SECONDS = 60
# What the browser says of a question whose page has gone in the meantime.
LEFT = ("Execution context was destroyed", "Inspected target navigated", "Cannot find context", "Promise was collected")
# Resolves with the value of an expression once there is one; looks again at every change of the page.
# An element that is not there yet is no value.
EVENTUALLY = """new Promise((done) => {
  const value_now = () => { try { return %s; } catch (error) { if (error instanceof TypeError) return null; throw error; } };
  const look = () => { const value = value_now(); if (value) { watch.disconnect(); done(value); } return value; };
  const watch = new MutationObserver(look);
  watch.observe(document, { subtree: true, childList: true, attributes: true, characterData: true });
  look();
})"""


class PageLeft(Exception):
    """The page was left before the question was answered."""


def program() -> str | None:
    """The path of an installed browser."""
    return next((found for name in NAMES if (found := shutil.which(name))), None)


def _high(descriptor: int) -> int:
    """The same pipe under a number that is out of the way of 3 and 4."""
    moved = fcntl.fcntl(descriptor, fcntl.F_DUPFD_CLOEXEC, 10)
    os.close(descriptor)
    return moved


class Browser:
    """One browser with one page; a context manager that ends it."""

    def __init__(self, executable: str, profile: Path) -> None:
        self._command = [executable, *FLAGS.split(), f"--user-data-dir={profile}", "about:blank"]
        self._numbers = itertools.count(1)
        self._buffer = b""
        self._session: str | None = None
        self.events: list[dict[str, Any]] = []

    def __enter__(self) -> Self:
        down, self._down = os.pipe()
        self._up, up = os.pipe()
        theirs = [_high(down), _high(up)]
        null = os.devnull
        actions: list[tuple[Any, ...]] = [(os.POSIX_SPAWN_OPEN, number, null, os.O_RDWR, 0) for number in (0, 1, 2)]
        actions += [(os.POSIX_SPAWN_DUP2, end, number) for end, number in zip(theirs, (3, 4), strict=True)]  # where the browser looks
        self._pid = os.posix_spawn(self._command[0], self._command, os.environ, file_actions=actions)
        for end in theirs:
            os.close(end)
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self._session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Network", "Runtime"):
            self.call(f"{domain}.enable")
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._session = None
        with contextlib.suppress(AssertionError, OSError):
            self.call("Browser.close")
        os.kill(self._pid, signal.SIGKILL)
        os.waitpid(self._pid, 0)
        os.close(self._down)
        os.close(self._up)

    def open(self, address: str) -> None:
        """Go to a page, and forget what was seen of the one before."""
        self.events.clear()
        failed = self.call("Page.navigate", url=address).get("errorText")
        assert failed is None, f"{address}: {failed}"
        self._until(lambda: any(event["method"] == "Page.loadEventFired" for event in self.events))

    def eventually(self, expression: str) -> Any:
        """The value of an expression, once it is true, not zero and not empty; a page that is left while it is looked at is followed."""
        limit = monotonic() + PATIENCE_SECONDS
        answer = None
        while answer is None:
            assert monotonic() < limit, f"it never came: {expression}"
            with contextlib.suppress(PageLeft):
                answer = self.call("Runtime.evaluate", expression=EVENTUALLY % expression, awaitPromise=True, returnByValue=True)
        assert "exceptionDetails" not in answer, answer
        return answer["result"].get("value")

    @property
    def asked(self) -> list[str]:
        """The addresses that the page has asked for."""
        sent = (event["params"]["request"]["url"] for event in self.events if event["method"] == "Network.requestWillBeSent")
        return [address for address in sent if not address.startswith("data:")]

    @property
    def complaints(self) -> list[str]:
        """Exceptions and errors of the page's scripts."""
        bad = ("Runtime.exceptionThrown", "Runtime.consoleAPICalled")
        return [json.dumps(event["params"]) for event in self.events if event["method"] in bad]

    def call(self, method: str, **params: Any) -> dict[str, Any]:
        """Send a command and wait for its answer."""
        number = next(self._numbers)
        message = {"id": number, "method": method, "params": params}
        if self._session is not None:
            message["sessionId"] = self._session
        os.write(self._down, json.dumps(message).encode() + b"\0")
        found: list[dict[str, Any]] = []
        self._until(lambda: bool(found), found, number)
        if any(sign in found[0].get("error", {}).get("message", "") for sign in LEFT):
            raise PageLeft
        assert "error" not in found[0], found[0]
        result: dict[str, Any] = found[0]["result"]
        return result

    def _until(self, reached: Callable[[], bool], found: list[dict[str, Any]] | None = None, number: int = 0) -> None:
        """Read messages until something holds; the answer with this number goes to `found`."""
        limit = monotonic() + PATIENCE_SECONDS
        while not reached():
            ready, _, _ = select.select([self._up], [], [], max(0, limit - monotonic()))
            assert ready, "the browser does not answer"
            piece = os.read(self._up, 1 << 20)
            assert piece, "the browser has ended"
            *whole, self._buffer = (self._buffer + piece).split(b"\0")
            for message in map(json.loads, whole):
                if found is not None and message.get("id") == number:
                    found.append(message)
                elif "method" in message:
                    self.events.append(message)
