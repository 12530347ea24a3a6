"""DO_WHILE: runs its body until a condition is false or its items are used up (spec/engine.md §3.7)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from podium.engine.draft import Draft
from podium.engine.evaluators import ScriptFailed, UnknownEvaluator, evaluate, reads, truthy
from podium.engine.graph import Node
from podium.engine.outputs import LoopOutput, iteration_output, iteration_tasks, loop_output, output_so_far
from podium.engine.question import NeedsAnswer
from podium.engine.retry import text_of
from podium.engine.turn import Spot, TaskType, Turn
from podium.model.json import Json, JsonObject
from podium.model.payload import Payload
from podium.model.status import TaskStatus
from podium.model.task import Task


def plan(spot: Spot, node: Node) -> list[Task]:
    """The loop itself; its first iteration opens when it is executed."""
    identity = spot.draft.next_task_id()
    return [spot.task(node, TaskStatus.IN_PROGRESS, spot.draft.resolve(node, identity[1]), identity, iteration=0)]


def execute(turn: Turn, task: Task) -> None:
    """Open the first iteration, or, when one is complete, the next; or end the loop."""
    node = turn.draft.node(task)
    if node is None:
        return
    if task.iteration == 0:
        _open_first(turn, task, node)
    elif turn.draft.index.loop_open.get(task.task_id, 0) == 0:
        _after_iteration(turn, task, node)


def _open_first(turn: Turn, task: Task, node: Node) -> None:
    items = _items(turn, task, node)
    if items is not None and not items:
        turn.draft.finish_task(task, TaskStatus.COMPLETED, {"iteration": 0})
    else:
        _open(turn, task, node, items)


def _open(turn: Turn, task: Task, node: Node, items: list[Json] | None) -> None:
    """Begin the next iteration with the first task of the body."""
    number = task.iteration + 1
    opened = turn.draft.change(task, iteration=number, output=Payload.of(_own_output(number, items)))
    first = node.children.get("")
    if first is None:
        turn.draft.look_at(task.task_id)  # an iteration without tasks is over at once
        return
    try:
        planned = turn.spot(f"{opened.suffix}__{number}", opened.retry_count).plan(first)
    except NeedsAnswer:
        turn.draft.restore(task)
        raise
    turn.schedule(planned)
    _forget_iterations(turn, opened, node)


def _own_output(number: int, items: list[Json] | None) -> JsonObject:
    output: dict[str, Json] = {"iteration": number}
    if items is not None:
        output["loopIndex"] = number - 1
        if number <= len(items):
            output["loopItem"] = output["item"] = items[number - 1]
    return output


def _after_iteration(turn: Turn, task: Task, node: Node) -> None:
    if any(key.isdecimal() for key in task.output.value):
        own = {key: value for key, value in task.output.value.items() if not key.isdecimal()}
        task = turn.draft.change(task, output=Payload.of(own))
    failed = [t for t in iteration_tasks(turn.draft.index, task.task_id, task.iteration) if t.status.failed]
    if failed:
        reasons = "".join(f"{text_of(t.reason)} " for t in failed)
        turn.draft.finish_task(task, TaskStatus.FAILED, _whole_output(turn, task), reasons)
        return
    items = _items(turn, task, node)
    try:
        more = _continues(turn, task, node, items)
    except (ScriptFailed, UnknownEvaluator) as error:
        text = f"Unable to evaluate condition {node.task.loop_condition}, exception {error}"
        turn.draft.finish_task(task, TaskStatus.FAILED_WITH_TERMINAL_ERROR, _whole_output(turn, task), text)
        return
    if more:
        _open(turn, task, node, items)
    else:
        turn.draft.finish_task(task, TaskStatus.COMPLETED, _final_output(turn, task, node))


def _final_output(turn: Turn, task: Task, node: Node) -> JsonObject:
    if node.task.input_parameters.get("captureOutput") is False:
        return task.output.value
    return _whole_output(turn, task)


def _whole_output(turn: Turn, task: Task) -> JsonObject:
    return loop_output(turn.draft.index, task, task.iteration)


def _forget_iterations(turn: Turn, task: Task, node: Node) -> None:
    """`keepLastN`: older iterations lose their tasks, and with them their outputs; the last of these when this iteration is over."""
    keep = node.task.input_parameters.get("keepLastN")
    if not isinstance(keep, int) or isinstance(keep, bool) or keep < 1 or task.iteration <= keep:
        return
    number = task.iteration - keep
    shown = iteration_output(turn.draft.index, task.task_id, number)
    for old in reversed(list(_tasks_in(turn.draft, task, number))):
        turn.draft.drop(old)
    if shown is not None:
        turn.draft.change(task, output=Payload.of({str(number): shown, **task.output.value}))


def _tasks_in(draft: Draft, loop: Task, number: int) -> Iterator[Task]:
    """The tasks of one iteration, those of loops in it included, outer ones first."""
    for n in range(draft.index.loop_count.get((loop.task_id, number), 0)):
        task = draft.index.tasks[draft.index.loop_tasks[loop.task_id, number, n]]
        yield task
        if task.task_type == "DO_WHILE":
            for inner in range(1, task.iteration + 1):
                yield from _tasks_in(draft, task, inner)


def _items(turn: Turn, task: Task, node: Node) -> list[Json] | None:
    """The list that the loop goes through, as it is now; None when a condition alone counts."""
    if node.fields is not None:
        value = node.fields(turn.draft.scope(task.task_id))
    else:
        given = node.task.input_parameters
        key = "_items" if _lists(given.get("_items")) else "items" if "items" in given else None
        if key is None:
            return None
        value = turn.draft.resolve(node, task.task_id).get(key)
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def _lists(value: Json) -> bool:
    return bool(value.strip()) if isinstance(value, str) else isinstance(value, list)


def _continues(turn: Turn, task: Task, node: Node, items: list[Json] | None) -> bool:
    condition = node.task.loop_condition
    blank = condition is None or not condition.strip()
    if items is not None:
        if task.iteration >= len(items):
            return False
        if blank or (node.fields is None and "_items" not in node.task.input_parameters):
            # The documented form `inputParameters.items` comes with a condition that is never true: the list alone counts.
            return True
    if condition is None or blank:
        return False
    document = _condition_input(turn, task, node, reads(condition))
    return truthy(evaluate(node.task.evaluator_type or "javascript", condition, document, turn.draft.answers))


def _condition_input(turn: Turn, task: Task, node: Node, needed: frozenset[tuple[str, ...]] | None) -> JsonObject:
    """What the condition sees: the inputs, the loop's output and the latest outputs of its body; of these only what it reads."""
    draft = turn.draft
    document: dict[str, Any] = dict(draft.resolve(node, task.task_id))
    roots = None if needed is None else {path[0] for path in needed}
    for child in _inside(node):
        task_id = draft.index.latest.get(child.ref)
        if task_id is not None and (roots is None or child.ref in roots):
            document[child.ref] = output_so_far(draft.index, draft.index.tasks[task_id]).output.value
    output = LoopOutput(draft.index, task, task.iteration)
    for key in ("loopIndex", "loopItem"):
        if (value := output.get(key)) is not None:
            document[key] = value
    if needed is None or (node.ref,) in needed:
        document[node.ref] = output.whole()
    elif roots is not None and node.ref in roots:
        keys = {path[1] for path in needed if path[0] == node.ref}
        document[node.ref] = {key: output[key] for key in keys if key in output}
    return document


def _inside(node: Node) -> Iterator[Node]:
    """All nodes below a loop, in order of the definition."""
    for first in node.children.values():
        child: Node | None = first
        while child is not None:
            yield child
            yield from _inside(child)
            child = child.following


DO_WHILE = TaskType(plan=plan, execute=execute, control=True)
