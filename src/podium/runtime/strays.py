"""Strays: tasks that were claimed for a poller that is gone; they go back into their queues."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence

from podium import log
from podium.errors import PodiumError
from podium.model.command import AnyCommand, RequeueTask
from podium.model.task import Task


class Strays:
    """Tasks on their way back."""

    def __init__(self) -> None:
        self._tasks: list[Task] = []
        self._arrived = asyncio.Event()

    def add(self, tasks: Sequence[Task]) -> None:
        """These tasks were claimed for nobody."""
        self._tasks.extend(tasks)
        self._arrived.set()

    async def run(self, submit: Callable[[AnyCommand], Awaitable[object]]) -> None:
        """Put them back, again and again."""
        while True:
            await self._arrived.wait()
            await self.run_once(submit)

    async def run_once(self, submit: Callable[[AnyCommand], Awaitable[object]]) -> int:
        """Put those back that are here; how many that were."""
        tasks, self._tasks = self._tasks, []
        self._arrived.clear()
        answers = [submit(RequeueTask(workflow_id=task.workflow_id, task_id=task.task_id)) for task in tasks]
        for task, outcome in zip(tasks, await asyncio.gather(*answers, return_exceptions=True), strict=True):
            if isinstance(outcome, Exception) and not isinstance(outcome, PodiumError):
                log.error(log.Event.TASK_NOT_RETURNED, outcome, workflow_id=task.workflow_id, task_id=task.task_id)
        return len(tasks)
