"""SIMPLE and types that users invent: work for a worker that polls (spec/engine.md §3.8.1-2)."""

from __future__ import annotations

from podium.engine.graph import Node
from podium.engine.turn import Spot, TaskType
from podium.model.definition import TaskDef
from podium.model.task import Task

_NO_POLICY = TaskDef(response_timeout_seconds=0)
_UNKNOWN = TaskDef()  # what a dynamic branch without a definition says of itself; nothing holds it to that


def plan_simple(spot: Spot, node: Node) -> list[Task]:
    """One task in the queue of the node's name."""
    identity = spot.draft.next_task_id()
    policy = node.policy or _UNKNOWN
    task = spot.queued(
        node,
        spot.draft.resolve(node, identity[1]),
        identity,
        task_type=node.task.name or node.type,
        start_delay_seconds=node.task.start_delay,
        response_timeout_seconds=policy.response_timeout_seconds,
        rate_limit_per_frequency=policy.rate_limit_per_frequency,
        rate_limit_frequency_in_seconds=policy.rate_limit_frequency_in_seconds,
    )
    return [task]


def plan_user_defined(spot: Spot, node: Node) -> list[Task]:
    """One task in the queue of the node's type; its task definition gives limits and timeouts, not the delay."""
    identity = spot.draft.next_task_id()
    policy = node.policy or _NO_POLICY
    task = spot.queued(
        node,
        spot.draft.resolve(node, identity[1]),
        identity,
        rate_limit_per_frequency=policy.rate_limit_per_frequency,
        rate_limit_frequency_in_seconds=policy.rate_limit_frequency_in_seconds,
    )
    return [task]


SIMPLE = TaskType(plan=plan_simple, system=False, polled=True)
USER_DEFINED = TaskType(plan=plan_user_defined, system=False, polled=True)
