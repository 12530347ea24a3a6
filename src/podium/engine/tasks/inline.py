"""INLINE: evaluates a script over its input (spec/tasks.md §4.4)."""

from __future__ import annotations

from podium.engine.evaluators import ScriptFailed, ScriptTimedOut, UnknownEvaluator, evaluate
from podium.engine.graph import Node
from podium.engine.tasks.handed import Handed
from podium.engine.turn import Spot, TaskType, Turn
from podium.model.json import Json
from podium.model.status import TaskStatus
from podium.model.task import Task

_TERMINAL = TaskStatus.FAILED_WITH_TERMINAL_ERROR


def plan(spot: Spot, node: Node) -> list[Task]:
    """One task that is executed in the same decision."""
    identity = spot.draft.next_task_id()
    return [spot.task(node, TaskStatus.IN_PROGRESS, spot.draft.resolve(node, identity[1]), identity)]


def execute(turn: Turn, task: Task) -> None:
    """Put the value of the script into the output's `result`."""
    handed = Handed(turn, task)
    value = handed.value
    language, source = value.get("evaluatorType", "javascript"), value.get("expression")
    problem = _problem(language, source)
    if problem is not None:
        handed.fail(_TERMINAL, problem)
        return
    try:
        result = evaluate(str(language), str(source), value, turn.draft.answers)
    except UnknownEvaluator:
        handed.fail(_TERMINAL, f"Unknown evaluator '{language}' in INLINE task.")
    except ScriptTimedOut as error:
        handed.fail(TaskStatus.FAILED, str(error))
    except ScriptFailed as error:
        handed.fail(_TERMINAL, str(error))
    else:
        handed.complete({"result": result})


def _problem(language: Json, source: Json) -> str | None:
    if not isinstance(language, str) or not language.strip():
        return "Empty 'evaluatorType' in INLINE task's input parameters. A non-empty String value must be provided."
    if not isinstance(source, str) or not source.strip():
        return "Empty 'expression' in Inline task's input parameters. A non-empty String value must be provided."
    return None


INLINE = TaskType(plan=plan, execute=execute)
