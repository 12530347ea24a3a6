"""HTTP, KAFKA_PUBLISH: calls to the world that the server's own loop makes (spec/tasks.md §4.2, §4.7)."""

from __future__ import annotations

from podium.engine.deadlines import SYSTEM_LEASE_MS
from podium.engine.graph import Node
from podium.engine.turn import Spot, TaskType
from podium.model.task import Task


def plan(spot: Spot, node: Node) -> list[Task]:
    """One task in the queue of its type; its input says whether it completes from outside."""
    identity = spot.draft.next_task_id()
    value = spot.draft.resolve(node, identity[1])
    value.setdefault("asyncComplete", node.task.async_complete)
    policy = node.policy
    return [
        spot.queued(
            node,
            value,
            identity,
            lease_ms=SYSTEM_LEASE_MS,
            isolation_group_id=policy.isolation_group_id if policy is not None else None,
            execution_name_space=policy.execution_name_space if policy is not None else None,
        )
    ]


HTTP = TaskType(plan=plan, polled=True)
