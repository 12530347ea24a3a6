"""Announcements: tasks that a claim has started, and whose definitions have that published (spec/engine.md §10.1).

A claim is no decision, so it publishes nothing by itself. What a crash leaves out here is made up for by the next decision on the task.
"""

from __future__ import annotations

from collections.abc import Sequence

from podium import log
from podium.model.command import AnnounceStart
from podium.model.task import Task
from podium.runtime.errands import Errands


class Announcements(Errands):
    """Starts that are still to be told."""

    def __init__(self) -> None:
        super().__init__(_told, log.Event.START_NOT_ANNOUNCED)

    def add(self, tasks: Sequence[Task]) -> None:
        """These tasks were claimed."""
        super().add([task for task in tasks if task.start_untold])


def _told(task: Task) -> AnnounceStart:
    return AnnounceStart(workflow_id=task.workflow_id, task_id=task.task_id)
