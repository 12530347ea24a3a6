"""The sandbox: runs the scripts that need time in processes that can be killed, so that no script holds up the server."""

from __future__ import annotations

import asyncio
import contextlib
import json
import struct
import sys
from pathlib import Path
from typing import Final

from podium.engine.evaluators.javascript import error_text, outcome_of
from podium.engine.evaluators.jq import jq_failure, whole_query
from podium.engine.evaluators.prelude import FRESH
from podium.engine.evaluators.script import ScriptCall, ScriptOutcome
from podium.errors import Busy

MEMORY: Final = 128 << 20
MOST_WAITING: Final = 1_000
START_SECONDS: Final = 10.0
LARGEST_ANSWER: Final = 64 << 20
PROGRAM: Final = str(Path(__file__).with_name("sandbox_process.py"))
ENDED: Final = "The script ended its process: it needed more memory than it may have, or it broke its interpreter"


class _Gone(Exception):
    """The process ended in the middle of a call."""


class _Child:
    """One process: it is sent a call and answers it, or is killed."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        assert process.stdin is not None
        assert process.stdout is not None
        self.process, self.to, self.out = process, process.stdin, process.stdout

    @classmethod
    async def start(cls, language: str, memory: int) -> _Child:
        """A process that is ready; raises _Gone when it cannot start."""
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-I",
            "-S",
            PROGRAM,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            env={},
            start_new_session=True,
        )
        child = cls(process)
        try:
            settings = {"path": sys.path, "prelude": FRESH, "memory": memory, "language": language}
            await asyncio.wait_for(child.ask(json.dumps(settings).encode()), START_SECONDS)
        except TimeoutError:
            await child.end()
            raise _Gone from None
        except BaseException:
            await child.end()
            raise
        return child

    async def ask(self, *frames: bytes) -> str:
        """The answer to the frames; raises _Gone when the process ended instead."""
        try:
            for frame in frames:
                self.to.write(struct.pack(">I", len(frame)) + frame)
            await self.to.drain()
            size = struct.unpack(">I", await self.out.readexactly(4))[0]
            if size > LARGEST_ANSWER:
                raise _Gone
            return (await self.out.readexactly(size)).decode("utf-8", "replace")
        except (asyncio.IncompleteReadError, ConnectionError):
            raise _Gone from None

    async def end(self) -> None:
        """Kills the process and waits until it is gone."""
        with contextlib.suppress(ProcessLookupError):
            self.process.kill()
        await self.process.wait()
        self.to.close()


class Sandbox:
    """A few warm processes for scripts; started at first use. Python scripts get a process each, used once.

    `limit_ms`: wall clock of one script. `memory_bytes`: what a script may use on top of its process. `processes`: scripts at the same
    time; a thousand more may wait, then Busy is raised.
    """

    def __init__(self, limit_ms: int = 4000, memory_bytes: int = MEMORY, processes: int = 2) -> None:
        self._limit_ms = limit_ms
        self._memory = memory_bytes
        self._slots = asyncio.Semaphore(processes)
        self._idle: list[_Child] = []
        self._running: set[asyncio.Task[ScriptOutcome]] = set()
        self._closed = False

    async def run(self, call: ScriptCall) -> ScriptOutcome:
        """The outcome of a script, at the latest when its time is over (`spec/tasks.md §6.2`); never raises for what a script does."""
        if self._closed or len(self._running) >= MOST_WAITING:
            raise Busy("No script can be evaluated now")
        task = asyncio.create_task(self._evaluate(call))
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        return await task

    async def close(self) -> None:
        """Ends all processes, also those in the middle of a script."""
        self._closed = True
        running = list(self._running)
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
        while self._idle:
            await self._idle.pop().end()

    async def _evaluate(self, call: ScriptCall) -> ScriptOutcome:
        async with self._slots:
            for _ in range(2):
                with contextlib.suppress(_Gone):
                    return await self._attempt(call)
        return ScriptOutcome(error=ENDED)

    async def _attempt(self, call: ScriptCall) -> ScriptOutcome:
        """One try in one process; raises _Gone when the process did not survive it."""
        alone = call.language == "python"
        child = self._idle.pop() if self._idle and not alone else await _Child.start(call.language, self._memory)
        keep = False
        try:
            answer = await asyncio.wait_for(child.ask(*_frames(call)), self._limit_ms / 1000)
            keep = not alone and not self._closed
        except TimeoutError:
            return ScriptOutcome(error=f"Script not evaluated within {self._limit_ms / 1000:g} seconds, interrupted.", timed_out=True)
        finally:
            if keep:
                self._idle.append(child)
            else:
                await child.end()
        return _outcome(answer, call)


def _frames(call: ScriptCall) -> tuple[bytes, bytes, bytes]:
    source = whole_query(call.source) if call.language == "jq" else call.source
    return call.language.encode(), source.encode("utf-8", "surrogatepass"), call.document


def _outcome(answer: str, call: ScriptCall) -> ScriptOutcome:
    """What a process's answer means (`podium.runtime.sandbox_process`)."""
    kind, content = answer[:1], answer[1:]
    if kind == "F":
        return ScriptOutcome(error=jq_failure(call.source, content) if call.language == "jq" else content)
    if kind == "X":
        words, _, stack = content.partition("\n")
        return ScriptOutcome(error=error_text(words, stack, call.source))
    return outcome_of(answer, call.source)
