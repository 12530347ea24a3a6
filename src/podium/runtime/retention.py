"""Retention: removes workflows that ended long ago, as the settings and their definitions say, and what nobody needs any more.

A definition says so in its `metadata`: `retentionDays`, and `retentionCount` for how many to keep at most. Without it the settings hold.
Open workflows are never touched; sub-workflows go with the workflow that started them (spec/platform.md §8.4).
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import NamedTuple

from podium import log
from podium.clock import Clock
from podium.errors import PodiumError
from podium.model.command import RemoveWorkflow
from podium.model.json import JsonObject
from podium.model.status import WorkflowStatus
from podium.runtime.executor import Executor
from podium.runtime.registry import Registry
from podium.store.store import Ended, Store

MINUTE_MS = 60_000
CHUNK = 50
DAY_MS = 86_400_000
ACTOR = "retention"
COMPLETED = (WorkflowStatus.COMPLETED,)
FAILED = (WorkflowStatus.FAILED, WorkflowStatus.TIMED_OUT, WorkflowStatus.TERMINATED)


class Policy(NamedTuple):
    """What the settings say."""

    completed_days: int  # how long workflows are kept after their end, unless their definition says something else; 0: for ever
    failed_days: int
    every_minutes: int  # how often to look; 0: never


class Rule(NamedTuple):
    """Which workflows of a name have been kept long enough."""

    statuses: tuple[WorkflowStatus, ...]
    before: int  # epoch ms: they ended earlier
    spare: int = 0  # of the latest, so many stay


class Retention:
    """Looks now and then."""

    def __init__(self, store: Store, clock: Clock, registry: Registry, executor: Executor, policy: Policy) -> None:
        self._store = store
        self._clock = clock
        self._registry = registry
        self._executor = executor
        self._policy = policy
        self.busy = False

    async def run(self) -> None:
        """Remove what has been kept long enough, again and again, if it is to be looked for at all."""
        while self._policy.every_minutes:
            await self._clock.sleep_until(self._clock.now() + self._policy.every_minutes * MINUTE_MS)
            self.busy = True
            try:
                await self.run_once()
            finally:
                self.busy = False

    async def run_once(self) -> int:
        """Remove what has been kept long enough; how many workflows that were."""
        removed = 0
        for name in await self._store.workflow_names():
            for rule in self._rules(name):
                removed += await self._apply(name, rule)
        if removed:
            log.info(log.Event.WORKFLOWS_EXPIRED, count=removed)
        while await self._store.delete_unused_definitions(CHUNK) == CHUNK:
            pass
        return removed

    def _rules(self, name: str) -> list[Rule]:
        definition = self._registry.workflow_definition(name, None)
        metadata = definition.metadata if definition is not None else {}
        now = self._clock.now()
        days = _number(metadata, "retentionDays")
        by_settings = [(COMPLETED, self._policy.completed_days), (FAILED, self._policy.failed_days)]
        by_age = by_settings if days is None else [(COMPLETED + FAILED, days)]
        rules = [Rule(statuses, now - round(days * DAY_MS)) for statuses, days in by_age if days]
        if count := _number(metadata, "retentionCount"):
            rules.append(Rule(COMPLETED + FAILED, now, int(count)))
        return rules

    async def _apply(self, name: str, rule: Rule) -> int:
        """Remove chunk by chunk, each durable before the next is looked for; how many workflows that were."""
        removed = skipped = 0
        while True:
            wanted = Ended(name=name, statuses=rule.statuses, before=rule.before, spare=rule.spare, skip=skipped, limit=CHUNK)
            roots = await self._store.ended(wanted)
            if not roots:
                return removed
            gone = await self._remove_families(roots)
            removed += sum(gone.values())
            skipped += len(roots) - len(gone)

    async def _remove_families(self, roots: Sequence[str]) -> dict[str, int]:
        """Remove these workflows with all below them, unless one of those is open; each that is gone -> how many went, itself included."""
        below: dict[str, list[str]] = {root: [] for root in roots}
        for member in await self._store.offspring(roots):
            if not member.status.terminal:
                below.pop(member.root, None)
            elif member.root in below:
                below[member.root].append(member.workflow_id)
        await self._remove([workflow_id for members in below.values() for workflow_id in members])
        gone = await self._remove(list(below))
        return {root: 1 + len(below[root]) for root in gone}

    async def _remove(self, workflow_ids: Sequence[str]) -> list[str]:
        """Remove those that are still closed; which of them are gone."""
        commands = [RemoveWorkflow(workflow_id=workflow_id, actor=ACTOR, ended_only=True) for workflow_id in workflow_ids]
        outcomes = await asyncio.gather(*map(self._executor.submit, commands), return_exceptions=True)
        for workflow_id, outcome in zip(workflow_ids, outcomes, strict=True):
            if isinstance(outcome, Exception) and not isinstance(outcome, PodiumError):
                log.error(log.Event.WORKFLOW_NOT_EXPIRED, outcome, workflow_id=workflow_id)
        return [workflow_id for workflow_id, outcome in zip(workflow_ids, outcomes, strict=True) if not isinstance(outcome, BaseException)]


def _number(metadata: JsonObject, key: str) -> float | None:
    value = metadata.get(key)
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None
