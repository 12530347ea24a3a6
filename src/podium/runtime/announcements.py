"""Announcements: tasks that a claim has started, and whose definitions have that published (spec/engine.md §10.1).

A claim is no decision, so it publishes nothing by itself. What a crash leaves out here is made up for by the next decision on the task.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence

from podium import log
from podium.errors import PodiumError
from podium.model.command import AnnounceStart, AnyCommand
from podium.model.task import Task


class Announcements:
    """Starts that are still to be told."""

    def __init__(self) -> None:
        self._tasks: list[Task] = []
        self._arrived = asyncio.Event()

    @property
    def waiting(self) -> bool:
        """Something is still to be told."""
        return bool(self._tasks)

    def add(self, tasks: Sequence[Task]) -> None:
        """These tasks were claimed."""
        untold = [task for task in tasks if task.start_untold]
        if untold:
            self._tasks.extend(untold)
            self._arrived.set()

    async def run(self, submit: Callable[[AnyCommand], Awaitable[object]]) -> None:
        """Tell of them, again and again."""
        while True:
            await self._arrived.wait()
            await self.run_once(submit)

    async def run_once(self, submit: Callable[[AnyCommand], Awaitable[object]]) -> int:
        """Tell of those that are here; how many that were."""
        tasks, self._tasks = self._tasks, []
        self._arrived.clear()
        answers = [submit(AnnounceStart(workflow_id=task.workflow_id, task_id=task.task_id)) for task in tasks]
        for task, outcome in zip(tasks, await asyncio.gather(*answers, return_exceptions=True), strict=True):
            if isinstance(outcome, Exception) and not isinstance(outcome, PodiumError):
                log.error(log.Event.START_NOT_ANNOUNCED, outcome, workflow_id=task.workflow_id, task_id=task.task_id)
        return len(tasks)
