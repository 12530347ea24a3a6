"""DYNAMIC: the name of the task to run is an input (spec/engine.md §3.8.3)."""

from __future__ import annotations

from msgspec.structs import replace

from podium.engine.deadlines import lease_ms
from podium.engine.definitions import registered
from podium.engine.graph import Node
from podium.engine.java_text import java_text
from podium.engine.turn import Spot, TaskType, Terminated
from podium.model.task import Task


def plan(spot: Spot, node: Node) -> list[Task]:
    """One task of the type that the input names, with the policy that is registered under that name."""
    identity = spot.draft.next_task_id()
    value = spot.draft.resolve(node, identity[1])
    parameter = node.task.dynamic_task_name_param or ""
    named = value.get(parameter)
    if named is None:
        raise Terminated(f"Cannot map a dynamic task based on the parameter and input. Parameter= {parameter}, input= {java_text(value)}")
    name = java_text(named)
    known = registered(name, spot.draft.catalog)
    own = replace(node.task, task_definition=known) if known is not None else None
    policy = known or node.policy
    task = spot.queued(
        node.replaced(own) if own is not None and own.task_definition != node.policy else node,
        value,
        identity,
        task_type=name,
        def_name=name,
        start_delay_seconds=node.task.start_delay,
        response_timeout_seconds=policy.response_timeout_seconds if policy is not None else 0,
        lease_ms=lease_ms(policy, 0),
    )
    return [replace(task, node=own)]


DYNAMIC = TaskType(plan=plan)
