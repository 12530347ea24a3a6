"""Scrubbing: what is reported about a task loses the secrets that the task was given, before anything is decided or stored."""

from __future__ import annotations

from msgspec.structs import replace

from podium.engine.run import Run
from podium.engine.scrub import Scrub
from podium.model.command import AnyCommand, FinishSystemTask, UpdateTask, UpdateTaskByRef
from podium.model.json import Json, JsonObject
from podium.model.task import Task, TaskLog
from podium.runtime.secrets import Secrets


def scrubbed(secrets: Secrets, run: Run, command: AnyCommand) -> AnyCommand:
    """The command without the secrets of its task; the same object when there is nothing to hide (spec/platform.md §4.8)."""
    if not isinstance(command, UpdateTask | FinishSystemTask | UpdateTaskByRef) or secrets.none():
        return command
    task = _task(run, command)
    scrub = secrets.scrub(run, task) if task is not None else None
    if scrub is None:
        return command
    if isinstance(command, UpdateTask):
        logs = tuple(line_without(scrub, line) for line in command.logs)
        return replace(command, output=scrub.payload(command.output), reason=_text(scrub, command.reason), logs=logs)
    if isinstance(command, FinishSystemTask):
        return replace(command, output=_object(scrub.value(command.output)), reason=_text(scrub, command.reason))
    return replace(command, output=_object(scrub.value(command.output)))


def line_without(scrub: Scrub, line: TaskLog) -> TaskLog:
    """A line of a task's log without secrets."""
    return replace(line, log=scrub.text(line.log))


def _task(run: Run, command: UpdateTask | FinishSystemTask | UpdateTaskByRef) -> Task | None:
    if not isinstance(command, UpdateTaskByRef):
        return run.task(command.task_id)
    task_id = run.index.last.get(command.ref) or run.index.latest.get(command.ref)
    return run.task(task_id) if task_id is not None else None


def _text(scrub: Scrub, text: str | None) -> str | None:
    return text if text is None else scrub.text(text)


def _object(value: Json) -> JsonObject:
    assert isinstance(value, dict)
    return value
