"""JOIN: completes when every task it names has (spec/engine.md §3.8)."""

from __future__ import annotations

from podium.engine.draft import Draft
from podium.engine.evaluators import ScriptFailed, evaluate
from podium.engine.graph import Node
from podium.engine.index import awaited
from podium.engine.scope import TASK_FIELDS
from podium.engine.turn import Spot, TaskType, Turn
from podium.model.json import Json, JsonObject
from podium.model.status import TaskStatus
from podium.model.task import Task

_OPEN_ENDED = frozenset({TaskStatus.COMPLETED, TaskStatus.COMPLETED_WITH_ERRORS, TaskStatus.FAILED, TaskStatus.FAILED_WITH_TERMINAL_ERROR})


def plan(spot: Spot, node: Node) -> list[Task]:
    """One task, open from the start."""
    return [plan_join(spot, node, {"joinOn": list(node.task.join_on)})]


def plan_join(spot: Spot, node: Node, task_input: JsonObject) -> Task:
    """An open JOIN that waits for the references in its input's `joinOn`."""
    return spot.task(node, TaskStatus.IN_PROGRESS, task_input, spot.draft.next_task_id())


def execute(turn: Turn, task: Task) -> None:
    """End the JOIN if everything it waits for is over, or if its script says so."""
    draft = turn.draft
    node = draft.node(task)
    if node is not None and node.task.expression:
        _execute_script(turn, task, node)
    elif draft.index.missing_count.get(task.task_id, 0) == 0:
        _end(turn, task)


def _joined(turn: Turn, task: Task) -> list[Task]:
    found = (turn.draft.last(ref) for ref in awaited(task))
    return [joined for joined in found if joined is not None]


def _end(turn: Turn, task: Task) -> None:
    draft = turn.draft
    joined = _joined(turn, task)
    output = draft.shown(task).output.value
    node = draft.node(task)
    wanted = statuses_of(node.task.join_status) if node is not None else frozenset()
    if wanted:
        _end_by_status(draft, task, joined, wanted)
        return
    failed = [t for t in joined if t.status.failed and not _optional(turn, t)]
    if failed:
        reason = " ".join(t.reason for t in joined if t.status.failed and t.reason is not None)
        cancelled = all(t.status is TaskStatus.CANCELED for t in failed)
        draft.finish_task(task, TaskStatus.CANCELED if cancelled else TaskStatus.FAILED, output, reason)
        return
    with_errors = [t for t in joined if t.status is TaskStatus.COMPLETED_WITH_ERRORS and _optional(turn, t)]
    if with_errors:
        named = " ".join(f"{t.def_name}/{t.task_id}" for t in with_errors)
        draft.finish_task(task, TaskStatus.COMPLETED_WITH_ERRORS, output, f"{named} completed with errors")
    else:
        draft.finish_task(task, TaskStatus.COMPLETED, output)


def statuses_of(join_status: str | None) -> frozenset[str]:
    """The statuses that a `joinStatus` names, with commas between."""
    return frozenset(name.strip() for name in (join_status or "").split(",") if name.strip())


def _end_by_status(draft: Draft, task: Task, joined: list[Task], wanted: frozenset[str]) -> None:
    """With a `joinStatus` the JOIN completes if every task has ended so, and fails if one has not, whatever else would hold."""
    output = draft.shown(task).output.value
    wrong = [f"{one.ref} is {one.status}" for one in joined if one.status.value not in wanted]
    if wrong:
        reason = f"Expected the joined tasks to be {' or '.join(sorted(wanted))}, found: {', '.join(wrong)}"
        draft.finish_task(task, TaskStatus.FAILED, output, reason)
    else:
        draft.finish_task(task, TaskStatus.COMPLETED, output)


def _optional(turn: Turn, task: Task) -> bool:
    node = turn.draft.node(task)
    return node is not None and node.task.optional


def _execute_script(turn: Turn, task: Task, node: Node) -> None:
    """A script decides (spec/tasks.md §3.3): true, false, or an object with a status, a reason and an output."""
    draft = turn.draft
    output = draft.shown(task).output.value
    try:
        answer = evaluate("javascript", node.task.expression or "", _script_input(turn, task, node), draft.answers)
    except ScriptFailed as error:
        draft.finish_task(task, TaskStatus.FAILED_WITH_TERMINAL_ERROR, output, str(error))
        return
    if isinstance(answer, dict):
        _follow(turn, task, answer, output)
    elif answer is True:
        draft.finish_task(task, TaskStatus.COMPLETED, output)


def _script_input(turn: Turn, task: Task, node: Node) -> JsonObject:
    document: dict[str, Json] = dict(turn.draft.resolve(node, task.task_id))
    document["joinOn"] = list(awaited(task))
    for joined in _joined(turn, task):
        fields = {name: read(joined) for name, read in TASK_FIELDS.items()}
        document[joined.ref] = {**fields, "outputData": joined.output.value, "inputData": joined.input.value}
    return document


def _follow(turn: Turn, task: Task, answer: JsonObject, output: JsonObject) -> None:
    named = str(answer.get("status", "IN_PROGRESS"))
    status = TaskStatus(named) if named in TaskStatus.__members__ else TaskStatus.IN_PROGRESS
    if status not in _OPEN_ENDED:
        return
    more, reason = answer.get("outputData"), answer.get("reasonForIncompletion")
    given = more if isinstance(more, dict) else {}
    turn.draft.finish_task(task, status, {**output, **given}, None if reason is None else str(reason))


JOIN = TaskType(plan=plan, execute=execute, control=True)
