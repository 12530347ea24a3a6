"""Secrets: how values come to workers and to calls to the outside, who may have them, and how they are kept out of what comes back."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from enum import StrEnum

import msgspec

from podium.engine.run import Run
from podium.engine.scrub import Scrub
from podium.engine.secrets import REFERENCE_BYTES, Known, secret_names, secret_values, substitute_secrets
from podium.errors import CallerError
from podium.model.json import Json
from podium.model.payload import Payload
from podium.model.task import Task


class Access(StrEnum):
    """What one may want to do with a secret."""

    CREATE = "CREATE"
    READ = "READ"
    UPDATE = "UPDATE"
    DELETE = "DELETE"
    EXECUTE = "EXECUTE"


def may(actor: str, access: Access, name: str) -> bool:
    """Whether `actor` may do this with the secret `name`: the one place where it is asked. Without log-in everybody may."""
    del actor, access, name
    return True


class MissingSecret(CallerError):
    """A secret that a task needs is not there, or its workflow's starter may not read it."""


class Secrets(msgspec.Struct, frozen=True, kw_only=True):
    """Two sources of values by name, and whether a missing secret fails the task that needs it."""

    secret: Known
    environment: Known
    strict: bool = False
    none: Callable[[], bool] = lambda: False  # whether there is no secret at all

    def filled(self, run: Run, task_input: Payload) -> Json:
        """An input with its secrets; None for one that mentions none. Raises MissingSecret when one is missing and that matters."""
        # The bytes tell, so that it need not be decoded.
        if REFERENCE_BYTES not in task_input.raw:
            return None
        known = self._granted(run)
        if self.strict:
            missing = sorted(name for name in secret_names(task_input.value) if known(name) is None)
            if missing:
                raise MissingSecret("; ".join(f"Secret '{name}' not found or not accessible" for name in missing))
        return substitute_secrets(task_input.value, known)

    def metadata(self, run: Run, names: Sequence[str]) -> dict[str, str]:
        """Name -> value: a secret, else an environment variable; unknown names are left out (spec/engine.md §3.12.6)."""
        known = self._granted(run)
        found = {name: known(name) or self.environment(name) for name in names}
        return {name: value for name, value in found.items() if value is not None}

    def scrub(self, run: Run, task: Task) -> Scrub | None:
        """What hides the secrets that a task was given; None when it was given none."""
        if self.none():
            return None
        definition = run.node_of(task).task_definition
        known = self._granted(run)
        values: list[Json] = [known(name) for name in definition.runtime_metadata] if definition is not None else []
        if REFERENCE_BYTES in task.input.raw:
            values += secret_values(task.input.value, known)
        return Scrub.of(values) if values else None

    def _granted(self, run: Run) -> Known:
        """The secrets that the starter of a run may read."""
        starter = run.workflow.created_by or ""
        return lambda name: self.secret(name) if may(starter, Access.READ, name) else None
