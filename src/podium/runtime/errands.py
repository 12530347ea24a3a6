"""Errands: tasks for each of which one command must still be given, beside what brought them here."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence

from podium import log
from podium.errors import PodiumError
from podium.model.command import AnyCommand
from podium.model.task import Task


class Errands:
    """Tasks that wait for their command."""

    def __init__(self, command: Callable[[Task], AnyCommand], failure: log.Event) -> None:
        """`command`: what is to be done about a task; `failure`: what is logged when it cannot be done."""
        self._command = command
        self._failure = failure
        self._tasks: list[Task] = []
        self._arrived = asyncio.Event()

    @property
    def waiting(self) -> bool:
        """Something is still to be done."""
        return bool(self._tasks)

    def add(self, tasks: Sequence[Task]) -> None:
        """It is to be done for these."""
        if tasks:
            self._tasks.extend(tasks)
            self._arrived.set()

    async def run(self, submit: Callable[[AnyCommand], Awaitable[object]]) -> None:
        """Do it, again and again."""
        while True:
            await self._arrived.wait()
            await self.run_once(submit)

    async def run_once(self, submit: Callable[[AnyCommand], Awaitable[object]]) -> int:
        """Do it for those that are here; how many that were. A refusal is an answer; anything else is logged."""
        tasks, self._tasks = self._tasks, []
        self._arrived.clear()
        answers = [submit(self._command(task)) for task in tasks]
        for task, outcome in zip(tasks, await asyncio.gather(*answers, return_exceptions=True), strict=True):
            if isinstance(outcome, Exception) and not isinstance(outcome, PodiumError):
                log.error(self._failure, outcome, workflow_id=task.workflow_id, task_id=task.task_id)
        return len(tasks)
