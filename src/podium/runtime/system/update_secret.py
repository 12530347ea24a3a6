"""UPDATE_SECRET: keeps a value under a name that workflows can refer to (spec/tasks.md §4.13)."""

from __future__ import annotations

from typing import Final

import msgspec

from podium.errors import CallerError, LostKey
from podium.model.json import Json, JsonObject
from podium.model.status import TaskStatus
from podium.model.task import Task
from podium.runtime.executor import Executor
from podium.runtime.secrets import Access, may
from podium.runtime.system.finished import Finished
from podium.runtime.vault import Vault

_MISSING: Final = "Missing '_secrets' with 'secretKey' and 'secretValue' in input data"


class UpdateSecretTask:
    """Sets a secret in the name of whoever started the workflow."""

    def __init__(self, vault: Vault, executor: Executor) -> None:
        self._vault = vault
        self._executor = executor

    async def run(self, value: JsonObject, task: Task) -> Finished:
        """No output: nobody is to see the value."""
        given = value.get("_secrets")
        name, text = (given.get("secretKey"), _text(given.get("secretValue"))) if isinstance(given, dict) else (None, None)
        if not isinstance(name, str) or not name.strip() or text is None or not text.strip():
            return Finished(status=TaskStatus.FAILED_WITH_TERMINAL_ERROR, reason=_MISSING)
        try:
            starter = (await self._executor.known(task.workflow_id)).workflow.created_by or ""
            access = Access.CREATE if self._vault.find(name) is None else Access.UPDATE
            if not may(starter, access, name):
                return Finished(status=TaskStatus.FAILED, reason=f"{starter} has no {access} access to the secret '{name}'")
            await self._vault.put(name, text, starter)
        except (CallerError, LostKey) as refusal:
            return Finished(status=TaskStatus.FAILED, reason=refusal.message)
        return Finished(status=TaskStatus.COMPLETED)

    async def close(self) -> None:
        """There is nothing to close."""


def _text(value: Json) -> str | None:
    """A value as it is kept: a text as it is, anything else as JSON."""
    return value if value is None or isinstance(value, str) else msgspec.json.encode(value).decode()
