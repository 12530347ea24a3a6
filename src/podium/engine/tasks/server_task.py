"""Tasks that the server's own loop runs because they touch the world: each waits in the queue of its type (spec/tasks.md §1.6)."""

from __future__ import annotations

from podium.engine.deadlines import SYSTEM_LEASE_MS
from podium.engine.graph import Node
from podium.engine.turn import Spot, TaskType
from podium.model.json import JsonObject
from podium.model.task import Task


def plan(spot: Spot, node: Node) -> list[Task]:
    """One task in the queue of its type."""
    identity = spot.draft.next_task_id()
    return [queued(spot, node, spot.draft.resolve(node, identity[1]), identity)]


def queued(spot: Spot, node: Node, value: JsonObject, identity: tuple[int, str]) -> Task:
    """A task with this input for the server's own loop."""
    policy = node.policy
    return spot.queued(
        node,
        value,
        identity,
        lease_ms=SYSTEM_LEASE_MS,
        isolation_group_id=policy.isolation_group_id if policy is not None else None,
        execution_name_space=policy.execution_name_space if policy is not None else None,
    )


SERVER_TASK = TaskType(plan=plan, polled=True)
