"""FORK_JOIN: runs fixed branches side by side (spec/engine.md §3.8.5)."""

from __future__ import annotations

from podium.engine.graph import Node
from podium.engine.turn import Spot, TaskType, Terminated
from podium.model.status import TaskStatus
from podium.model.task import Task

NO_JOIN = "Fork task definition is not followed by a join task.  Check the blueprint"


def plan(spot: Spot, node: Node) -> list[Task]:
    """The marker, the first task of every branch in order, and the JOIN."""
    join = node.following
    if join is None or join.type != "JOIN":
        raise Terminated(NO_JOIN)
    identity = spot.draft.next_task_id()
    planned = [spot.task(node, TaskStatus.COMPLETED, spot.draft.resolve(node, None), identity, task_type="FORK")]
    for number in range(len(node.task.fork_tasks)):
        first = spot.first(node.children.get(str(number)))
        if first is not None:
            planned += spot.plan(first)
    return planned + spot.plan(join)


FORK_JOIN = TaskType(plan=plan, control=True)
