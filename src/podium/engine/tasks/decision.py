"""DECISION: the older SWITCH; an empty case falls to the default too (spec/tasks.md §3.6)."""

from __future__ import annotations

from podium.engine.evaluators import ScriptFailed, evaluate
from podium.engine.graph import Node
from podium.engine.java_text import java_text
from podium.engine.tasks.switch import execute, plan_branch
from podium.engine.turn import Spot, TaskType, Terminated
from podium.model.json import Json
from podium.model.task import Task


def plan(spot: Spot, node: Node) -> list[Task]:
    """The DECISION, whose input shows the case alone, and the first task of its branch."""
    value = spot.draft.resolve(node, None)
    case = _case(spot, node, value)
    key = f"={case}" if node.task.decision_cases.get(case) else ""
    return plan_branch(spot, node, spot.draft.next_task_id(), {"case": case}, ({"caseOutput": [case]}, key))


def _case(spot: Spot, node: Node, value: dict[str, Json]) -> str:
    script = node.task.case_expression
    if not script:
        return java_text(value.get(node.task.case_value_param or ""))
    try:
        return java_text(evaluate("javascript", script, value, spot.draft.answers))
    except ScriptFailed as error:
        raise Terminated(f"Error while evaluating script: {script}") from error


DECISION = TaskType(plan=plan, execute=execute, control=True)
