"""Schedules: kept, paused, resumed, labelled and forgotten, whatever the scheduler does with them at the same moment."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from msgspec.structs import replace

from podium.clock import Clock
from podium.engine.schedule import placed
from podium.errors import LostRace, NotFound
from podium.model.schedule import ScheduleTag, StoredSchedule, WorkflowSchedule
from podium.runtime.agenda import Agenda
from podium.runtime.zones import zone
from podium.store.store import Store

MOST_TRIES: Final = 20

Change = Callable[[WorkflowSchedule], WorkflowSchedule | None]  # None: nothing changes


class Schedules:
    """All changes that clients ask for."""

    def __init__(self, store: Store, clock: Clock, agenda: Agenda) -> None:
        """`agenda`: where the scheduler reads when the next schedule is due."""
        self._store = store
        self._clock = clock
        self._agenda = agenda

    async def all(self) -> list[WorkflowSchedule]:
        """All, by name."""
        return [stored.shown() for stored in await self._store.schedules()]

    async def get(self, name: str) -> WorkflowSchedule:
        """One. Raises NotFound."""
        return (await self._stored(name)).shown()

    async def put(self, schedule: WorkflowSchedule, actor: str) -> WorkflowSchedule:
        """Keep a schedule, which must be valid; one of that name is replaced.

        When and by whom it was created stays, and so do its tags unless there are new ones. Raises LostRace.
        """
        for _ in range(MOST_TRIES):
            before = next(iter(await self._store.schedules([schedule.name or ""])), None)
            saved = await self._save(_dated(schedule, before, actor, self._clock.now()), before)
            if saved is not None:
                return saved.shown()
        raise LostRace

    async def delete(self, name: str) -> None:
        """Forget a schedule, if there is one; what it has started goes on."""
        await self._store.delete_schedule(name)

    async def pause(self, name: str, reason: str | None, actor: str) -> None:
        """Start nothing more. Raises NotFound."""

        def paused(schedule: WorkflowSchedule) -> WorkflowSchedule | None:
            if schedule.paused and schedule.paused_reason == reason:
                return None
            return replace(schedule, paused=True, paused_reason=reason, updated_by=actor)

        await self._change(name, paused)

    async def resume(self, name: str, actor: str) -> None:
        """Go on; one that is not paused goes on anyway. Raises NotFound."""
        await self._change(
            name, lambda schedule: replace(schedule, paused=False, paused_reason=None, updated_by=actor) if schedule.paused else None
        )

    async def add_tags(self, name: str, tags: Sequence[ScheduleTag]) -> None:
        """Label a schedule; a key that it has gets the new value. Raises NotFound."""

        def tagged(schedule: WorkflowSchedule) -> WorkflowSchedule:
            by_key = {tag.key: tag for tag in (*(schedule.tags or ()), *tags)}
            return replace(schedule, tags=list(by_key.values()))

        await self._change(name, tagged)

    async def remove_tags(self, name: str, tags: Sequence[ScheduleTag]) -> None:
        """Take labels off, where key and value are the same. Raises NotFound."""
        gone = [(tag.key, tag.value) for tag in tags]

        def untagged(schedule: WorkflowSchedule) -> WorkflowSchedule:
            return replace(schedule, tags=[tag for tag in schedule.tags or () if (tag.key, tag.value) not in gone])

        await self._change(name, untagged)

    async def _stored(self, name: str) -> StoredSchedule:
        found = await self._store.schedules([name])
        if not found:
            raise NotFound(f"Schedule '{name}' not found")
        return found[0]

    async def _change(self, name: str, change: Change) -> None:
        for _ in range(MOST_TRIES):
            before = await self._stored(name)
            schedule = change(before.schedule)
            if schedule is None or await self._save(replace(schedule, updated_time=self._clock.now()), before) is not None:
                return
        raise LostRace

    async def _save(self, schedule: WorkflowSchedule, before: StoredSchedule | None) -> StoredSchedule | None:
        """None when somebody else was faster."""
        stored = placed(schedule, before, self._clock.now(), zone)
        if not await self._store.save_schedule(stored, over=before.revision if before else 0):
            return None
        self._agenda.note(stored.wake_at)
        return stored


def _dated(schedule: WorkflowSchedule, before: StoredSchedule | None, actor: str, now: int) -> WorkflowSchedule:
    known = before.schedule if before else None
    return replace(
        schedule,
        create_time=known.create_time if known else now,
        created_by=known.created_by if known else actor,
        updated_time=now,
        updated_by=actor,
        next_run_time=None,
        zone_id=schedule.zone_id or "UTC",
        tags=schedule.tags if schedule.tags is not None or known is None else known.tags,
        paused_reason=schedule.paused_reason if schedule.paused else None,
    )
