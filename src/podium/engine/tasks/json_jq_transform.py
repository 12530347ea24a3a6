"""JSON_JQ_TRANSFORM: runs a jq query over its input (spec/tasks.md §4.6)."""

from __future__ import annotations

from podium.engine.evaluators import ScriptFailed, evaluate_jq
from podium.engine.tasks.handed import Handed
from podium.engine.tasks.inline import plan
from podium.engine.turn import TaskType, Turn
from podium.model.status import TaskStatus
from podium.model.task import Task


def execute(turn: Turn, task: Task) -> None:
    """Put the first result into `result` and all into `resultList`."""
    handed = Handed(turn, task)
    query = handed.value.get("queryExpression")
    if not isinstance(query, str):
        turn.draft.finish_task(task, TaskStatus.FAILED, None, "Missing 'queryExpression' in input parameters")
        return
    try:
        results = evaluate_jq(query, handed.value, turn.draft.answers)
    except ScriptFailed as error:
        handed.fail(TaskStatus.FAILED, str(error))
    else:
        handed.complete({"result": results[0] if results else None, "resultList": results})


JSON_JQ_TRANSFORM = TaskType(plan=plan, execute=execute)
