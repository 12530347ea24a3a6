"""Finished: what came of a system task."""

from __future__ import annotations

from typing import Protocol

import msgspec

from podium.model.json import JsonObject
from podium.model.status import TaskStatus
from podium.model.task import Task


class Finished(msgspec.Struct, frozen=True, kw_only=True):
    """IN_PROGRESS with `callback_after_seconds`: run it again then; without: it waits for an update from outside."""

    status: TaskStatus
    output: JsonObject = {}
    reason: str | None = None
    callback_after_seconds: int = 0


class SystemTask(Protocol):
    """A type of task that the server runs."""

    async def run(self, value: JsonObject, task: Task) -> Finished:
        """Do the work. `value` is the task's input with its secrets filled in; it is not to be changed. `task`: as it was claimed.

        After a crash the same task runs again: what was done twice must be as if it was done once, where that can be.
        """

    async def close(self) -> None:
        """Let go of connections."""
