"""Tasks as workers get them: in this copy alone, secrets stand in the place of their references."""

from __future__ import annotations

import msgspec
from msgspec.structs import replace

from podium.api.view import TaskView, encode_view, task_view
from podium.engine.run import Run
from podium.engine.secrets import SECRETS, substitute_secrets
from podium.model.task import Task
from podium.runtime.secrets import Secrets

_REFERENCE = b"${" + SECRETS.encode()


def polled_view(run: Run, task: Task, known: Secrets) -> TaskView:
    """A task of `run` as it is handed to the worker who took it (spec/api.md §1.9, spec/engine.md §3.12.6)."""
    view = task_view(run, task)
    definition = run.node_of(task).task_definition
    if definition is not None and definition.runtime_metadata:
        view = replace(view, runtime_metadata=_values(definition.runtime_metadata, known) or None)
    # Nearly no input mentions a secret, and its bytes tell, so that it need not be decoded.
    if _REFERENCE in task.input.raw:
        view = replace(view, input_data=msgspec.Raw(encode_view(substitute_secrets(task.input.value, known.secret))))
    return view


def _values(names: list[str], known: Secrets) -> dict[str, str]:
    """Name -> value: a secret, else an environment variable; unknown names are left out."""
    found = {name: known.secret(name) or known.environment(name) for name in names}
    return {name: value for name, value in found.items() if value is not None}
