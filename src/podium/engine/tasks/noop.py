"""NOOP: does nothing (spec/tasks.md §3.14)."""

from __future__ import annotations

from podium.engine.graph import Node
from podium.engine.turn import Spot, TaskType, Turn
from podium.model.status import TaskStatus
from podium.model.task import Task


def plan(spot: Spot, node: Node) -> list[Task]:
    """One task that is executed in the same decision; whatever its parameters say, it has no input."""
    return [spot.task(node, TaskStatus.IN_PROGRESS, {}, spot.draft.next_task_id())]


def execute(turn: Turn, task: Task) -> None:
    """It is done."""
    turn.draft.change(task, status=TaskStatus.COMPLETED)


NOOP = TaskType(plan=plan, execute=execute)
