"""HTTP, KAFKA_PUBLISH: calls to the world that the server's own loop makes (spec/tasks.md §4.2, §4.7)."""

from __future__ import annotations

from podium.engine.graph import Node
from podium.engine.tasks.server_task import queued
from podium.engine.turn import Spot, TaskType
from podium.model.task import Task


def plan(spot: Spot, node: Node) -> list[Task]:
    """One task in the queue of its type; its input says whether it completes from outside."""
    identity = spot.draft.next_task_id()
    value = spot.draft.resolve(node, identity[1])
    value.setdefault("asyncComplete", node.task.async_complete)
    return [queued(spot, node, value, identity)]


HTTP = TaskType(plan=plan, polled=True)
