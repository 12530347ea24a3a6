"""HUMAN, YIELD: wait until somebody has done something; a YIELD is ended by a signal too (spec/tasks.md §3.13, §3.15)."""

from __future__ import annotations

from podium.engine.graph import Node
from podium.engine.turn import Spot, TaskType, Turn
from podium.model.status import TaskStatus
from podium.model.task import Task


def plan(spot: Spot, node: Node) -> list[Task]:
    """One open task; only an update from outside ends it."""
    identity = spot.draft.next_task_id()
    return [spot.task(node, TaskStatus.IN_PROGRESS, spot.draft.resolve(node, identity[1]), identity)]


def execute(turn: Turn, task: Task) -> None:
    """A new attempt begins to wait like the first one."""
    if task.status is TaskStatus.SCHEDULED:
        turn.draft.change(task, status=TaskStatus.IN_PROGRESS, start_time=task.start_time or turn.draft.now)


HUMAN = TaskType(plan=plan, execute=execute)
