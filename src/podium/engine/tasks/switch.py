"""SWITCH: takes the branch that an expression names (spec/engine.md §3.8.4)."""

from __future__ import annotations

from podium.engine.evaluators import ScriptFailed, UnknownEvaluator, evaluate
from podium.engine.graph import Node
from podium.engine.java_text import java_text
from podium.engine.turn import Spot, TaskType, Terminated, Turn
from podium.model.json import Json
from podium.model.payload import Payload
from podium.model.status import TaskStatus
from podium.model.task import Task


def plan(spot: Spot, node: Node) -> list[Task]:
    """The SWITCH, and the first task of its branch; a present but empty case means nothing, only an absent one the default."""
    value = spot.draft.resolve(node, None)
    identity = spot.draft.next_task_id()
    try:
        answer = evaluate(node.task.evaluator_type or "", node.task.expression or "", value, spot.draft.answers)
    except UnknownEvaluator as error:
        raise Terminated(f"No evaluator registered for type: {node.task.evaluator_type}") from error
    except ScriptFailed as error:
        return [spot.task(node, TaskStatus.FAILED, value, identity, reason=str(error))]
    case = java_text(answer)
    present = case in node.task.decision_cases
    output: dict[str, Json] = {"evaluationResult": [case], "selectedCase": case}
    return plan_branch(spot, node, identity, {**value, "case": case}, (output, f"={case}" if present else ""))


def plan_branch(
    spot: Spot, node: Node, identity: tuple[int, str], value: dict[str, Json], chosen: tuple[dict[str, Json], str]
) -> list[Task]:
    """A switch with the first task of the branch that was chosen: (output, key of the branch)."""
    output, key = chosen
    first = spot.first(node.children.get(key))
    if first is not None:
        value = {**value, "hasChildren": "true"}
    task = spot.task(node, TaskStatus.IN_PROGRESS, value, identity, output=Payload.of(output))
    return [task, *(spot.plan(first) if first is not None else [])]


def execute(turn: Turn, task: Task) -> None:
    """It was decided when it was planned."""
    turn.draft.change(task, status=TaskStatus.COMPLETED)


SWITCH = TaskType(plan=plan, execute=execute, control=True)
