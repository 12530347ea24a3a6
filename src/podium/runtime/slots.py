"""Slots: when a run with a rate limit key has ended, the one that has waited longest begins (spec/engine.md §6.7)."""

from __future__ import annotations

from podium.errors import NotFound
from podium.model.command import AdmitWorkflow
from podium.runtime.executor import Executor
from podium.store.store import Store


class Slots:
    """Lets waiting runs in."""

    def __init__(self, store: Store, executor: Executor) -> None:
        self._store = store
        self._executor = executor

    async def admit(self, key: str) -> int:
        """Let in as many as there are free slots, in the order of their starts; how many that were."""
        admitted, last = 0, ""
        # A run that is first once more was changed by somebody else meanwhile, and that has sent a message of its own.
        while (waiting := (await self._store.slot_standing(key)).waiting) is not None and waiting != last:
            last = waiting
            try:
                if not await self._executor.submit(AdmitWorkflow(workflow_id=waiting)):
                    break
                admitted += 1
            except NotFound:
                continue  # removed since: it waits no longer
        return admitted
