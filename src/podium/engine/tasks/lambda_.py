"""LAMBDA: the older INLINE, whose script is the body of a function (spec/tasks.md §4.5)."""

from __future__ import annotations

from podium.engine.evaluators import ScriptFailed, evaluate_function_body
from podium.engine.tasks.handed import Handed
from podium.engine.tasks.inline import plan
from podium.engine.turn import TaskType, Turn
from podium.model.status import TaskStatus
from podium.model.task import Task

_EMPTY = "Empty 'scriptExpression' in Lambda task's input parameters. A non-empty String value must be provided."


def execute(turn: Turn, task: Task) -> None:
    """Put what the function returns into the output's `result`; its errors may be retried."""
    handed = Handed(turn, task)
    source = handed.value.get("scriptExpression")
    if not isinstance(source, str) or not source.strip():
        turn.draft.finish_task(task, TaskStatus.FAILED, None, _EMPTY)
        return
    try:
        result = evaluate_function_body(source, handed.value, turn.draft.answers)
    except ScriptFailed as error:
        handed.fail(TaskStatus.FAILED, str(error))
    else:
        handed.complete({"result": result})


LAMBDA = TaskType(plan=plan, execute=execute)
