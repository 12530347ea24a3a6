"""EXCLUSIVE_JOIN: takes the output of whichever branch of a SWITCH ran (spec/engine.md §3.8)."""

from __future__ import annotations

from collections.abc import Iterable

from podium.engine.graph import Node
from podium.engine.index import awaited
from podium.engine.turn import Spot, TaskType, Turn
from podium.model.json import Json
from podium.model.status import TaskStatus
from podium.model.task import Task


def plan(spot: Spot, node: Node) -> list[Task]:
    """One open task that names its branches and its defaults."""
    definition = node.task
    value: dict[str, Json] = {
        "joinOn": list(definition.join_on),
        "defaultExclusiveJoinTask": list(definition.default_exclusive_join_task),
    }
    return [spot.task(node, TaskStatus.IN_PROGRESS, value, spot.draft.next_task_id())]


def execute(turn: Turn, task: Task) -> None:
    """The first branch that ran decides; one that still runs lets the defaults decide."""
    value = task.input.value
    named, defaults = value.get("joinOn"), value.get("defaultExclusiveJoinTask")
    winner = _first(turn, [f"{ref}{task.suffix}" for ref in named] if isinstance(named, list) else [])
    if winner is None or not winner.status.terminal:
        winner = _first(turn, [str(ref) for ref in defaults] if isinstance(defaults, list) else [])
    if winner is None or not winner.status.terminal:
        return
    if winner.status.failed:
        node = turn.draft.node(winner)
        joined = (turn.draft.last(ref) for ref in awaited(task))
        if node is not None and node.task.permissive and any(one is not None and not one.status.terminal for one in joined):
            return
        turn.draft.finish_task(task, TaskStatus.FAILED, None, winner.reason or "")
    else:
        turn.draft.change(task, status=TaskStatus.COMPLETED, output=winner.output)


def _first(turn: Turn, refs: Iterable[str]) -> Task | None:
    for ref in refs:
        found = turn.draft.last(ref)
        if found is not None and found.status is not TaskStatus.SKIPPED:
            return found
    return None


EXCLUSIVE_JOIN = TaskType(plan=plan, execute=execute, control=True)
