"""NOOP: does nothing (spec/tasks.md §3.14)."""

from __future__ import annotations

from podium.engine.tasks.set_variable import plan
from podium.engine.turn import TaskType, Turn
from podium.model.status import TaskStatus
from podium.model.task import Task


def execute(turn: Turn, task: Task) -> None:
    """It is done."""
    turn.draft.change(task, status=TaskStatus.COMPLETED)


NOOP = TaskType(plan=plan, execute=execute)
