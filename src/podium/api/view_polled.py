"""Tasks as workers get them: in this copy alone, secrets stand in the place of their references, and nothing is masked."""

from __future__ import annotations

import msgspec
from msgspec.structs import replace

from podium.api.view import TaskView, encode_view, task_view
from podium.engine.run import Run
from podium.model.task import Task
from podium.runtime.secrets import Secrets


def polled_view(run: Run, task: Task, known: Secrets) -> TaskView:
    """A task of `run` as it is handed to the worker who took it (spec/api.md §1.9, spec/engine.md §3.12.6). Raises MissingSecret."""
    view = task_view(run, task, masked=False)
    definition = run.node_of(task).task_definition
    if definition is not None and definition.runtime_metadata:
        view = replace(view, runtime_metadata=known.metadata(run, definition.runtime_metadata) or None)
    value = known.filled(run, task.input)
    if value is not None:
        view = replace(view, input_data=msgspec.Raw(encode_view(value)))
    return view
