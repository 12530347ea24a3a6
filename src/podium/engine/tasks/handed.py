"""What a script is given and what becomes of its result: secrets go in, and do not come out (spec/engine.md §3.12.6)."""

from __future__ import annotations

from podium.engine.scrub import Scrub
from podium.engine.secrets import REFERENCE_BYTES, secret_values, substitute_secrets
from podium.engine.turn import Turn
from podium.model.json import JsonObject
from podium.model.payload import Payload
from podium.model.status import TaskStatus
from podium.model.task import Task


class Handed:
    """The input of a task with its secrets, for as long as its script runs."""

    __slots__ = ("_scrub", "_task", "_turn", "value")

    def __init__(self, turn: Turn, task: Task) -> None:
        self._turn = turn
        self._task = task
        self._scrub: Scrub | None = None
        self.value: JsonObject = task.input.value
        # Nearly no input mentions a secret, and its bytes tell.
        if REFERENCE_BYTES in task.input.raw:
            self._fill()

    def complete(self, output: JsonObject) -> None:
        """End the task with what the script gave."""
        payload = Payload.of(output)
        self._turn.draft.change(
            self._task, status=TaskStatus.COMPLETED, output=payload if self._scrub is None else self._scrub.payload(payload)
        )

    def fail(self, status: TaskStatus, message: str) -> None:
        """Fail the task: the message is its reason and its output's `error`."""
        message = message if self._scrub is None else self._scrub.text(message)
        self._turn.draft.finish_task(self._task, status, {"error": message}, message)

    def _fill(self) -> None:
        catalog, starter = self._turn.draft.catalog, self._turn.draft.workflow.created_by or ""

        def known(name: str) -> str | None:
            return catalog.secret(name, starter)

        value = substitute_secrets(self.value, known)
        assert isinstance(value, dict)
        self._scrub = Scrub.of(secret_values(self.value, known))
        self.value = value
