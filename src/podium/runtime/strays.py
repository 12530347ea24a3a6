"""Strays: tasks that were claimed for a poller that is gone; they go back into their queues."""

from __future__ import annotations

from podium import log
from podium.model.command import RequeueTask
from podium.model.task import Task
from podium.runtime.errands import Errands


class Strays(Errands):
    """Tasks on their way back."""

    def __init__(self) -> None:
        super().__init__(_back, log.Event.TASK_NOT_RETURNED)


def _back(task: Task) -> RequeueTask:
    return RequeueTask(workflow_id=task.workflow_id, task_id=task.task_id)
