"""WAIT: goes on after a time, at a time, or when somebody says so (spec/engine.md §3.8.10)."""

from __future__ import annotations

from podium.engine.deadlines import wait_deadline
from podium.engine.draft import Draft
from podium.engine.graph import Node
from podium.engine.java_text import java_text
from podium.engine.turn import Spot, TaskType, Turn
from podium.engine.when import duration_seconds, moment_ms
from podium.model.json import Json, JsonObject
from podium.model.status import TaskStatus
from podium.model.task import FOREVER_SECONDS, Task

BOTH = "Both 'duration' and 'until' specified. Please provide only one input"


def plan(spot: Spot, node: Node) -> list[Task]:
    """One open task that knows when it ends; times that cannot be read fail it at once."""
    identity = spot.draft.next_task_id()
    value = spot.draft.resolve(node, identity[1])
    now = spot.draft.now
    end, problem = _end(value, now)
    if problem is not None:
        return [spot.task(node, TaskStatus.FAILED_WITH_TERMINAL_ERROR, value, identity, reason=problem)]
    seconds = FOREVER_SECONDS if not end else max(0, (end - now + 999) // 1000)
    return [spot.task(node, TaskStatus.IN_PROGRESS, value, identity, wait_timeout=end, callback_after_seconds=seconds)]


def execute(turn: Turn, task: Task) -> None:
    """End one whose time has passed already; a new attempt begins to wait when its delay is over."""
    pass_time(turn.draft, task)


def pass_time(draft: Draft, task: Task) -> None:
    """What the time has made of a WAIT."""
    if task.status is TaskStatus.SCHEDULED:
        if wait_deadline(task) > draft.now:
            return
        task = draft.change(task, status=TaskStatus.IN_PROGRESS, start_time=task.start_time or draft.now)
    if 0 < task.wait_timeout <= draft.now:
        draft.change(task, status=TaskStatus.COMPLETED)


def _end(value: JsonObject, now: int) -> tuple[int, str | None]:
    """When it ends (epoch ms; 0: never), and what is wrong with the input."""
    duration, until = _text(value.get("duration")), _text(value.get("until")) or _text(value.get("wait_until"))
    if duration and until:
        return 0, BOTH
    if duration:
        seconds = duration_seconds(duration)
        return (0, f"Not valid duration: {duration}") if seconds is None else (now + seconds * 1000, None)
    if until:
        moment = moment_ms(until)
        return (0, f"Invalid/Unsupported Wait Until format.  Provided: {until}") if moment is None else (max(moment, 1), None)
    return 0, None


def _text(value: Json) -> str:
    return "" if value is None else java_text(value).strip()


WAIT = TaskType(plan=plan, execute=execute)
