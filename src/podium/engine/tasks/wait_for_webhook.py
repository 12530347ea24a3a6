"""WAIT_FOR_WEBHOOK: waits for an event from outside that fits its matches (spec/tasks.md §4.10, spec/platform.md §2.5)."""

from __future__ import annotations

from podium.engine.java_text import java_text
from podium.engine.path import PathError, compile_path
from podium.engine.tasks.human import execute, plan
from podium.engine.turn import TaskType
from podium.model.json import Json
from podium.model.task import Task

NAME = "WAIT_FOR_WEBHOOK"
MATCHES = "matches"


def fits(task: Task, event: Json) -> bool:
    """Whether every match holds in an event's body; one that has no matches takes any event."""
    return all(_holds(path, expected, event) for path, expected in matches_of(task.input.value).items())


def matches_of(parameters: dict[str, Json]) -> dict[str, Json]:
    """Path -> expected value: under `matches`, or, as the JavaScript client writes them, side by side."""
    given = parameters.get(MATCHES)
    if given is not None:
        return given if isinstance(given, dict) else {}
    return {key: value for key, value in parameters.items() if key.startswith("$")}


def _holds(path: str, expected: Json, event: Json) -> bool:
    try:
        found = compile_path(path).find(event)
    except PathError:
        return False
    return _same(found, expected)


def _same(found: Json, expected: Json) -> bool:
    """Equal as JSON; `2` equals `"2"`, because payloads and inputs disagree on types."""
    if isinstance(found, str) is isinstance(expected, str):
        return isinstance(found, bool) is isinstance(expected, bool) and found == expected
    if any(value is None or isinstance(value, dict | list) for value in (found, expected)):
        return False
    return java_text(found) == java_text(expected)


WAIT_FOR_WEBHOOK = TaskType(plan=plan, execute=execute)
