"""Outbox: delivers messages, at least once, and in order to each receiver.

A message that a commit has sent is delivered right after it. What was left when the server stopped is read at start. A message
disappears in the commit of what it causes; one that causes nothing is deleted.
"""

from __future__ import annotations

import asyncio
from collections import deque

from msgspec.structs import replace

from podium import log
from podium.clock import Clock
from podium.errors import CallerError
from podium.model.message import AdmitNext, Message, OutboxRow, Publish, RevivedChild, StartFailureWorkflow, StartOther, TellParent
from podium.runtime.deliveries import Deliveries
from podium.runtime.outgoing import Outgoing
from podium.runtime.timers import first_of
from podium.store.store import Store

FIRST_PAUSE_MS = 100
LONGEST_PAUSE_MS = 60_000
PAGE = 1_000
LOOK_AGAIN_MS = 2_000
OVERDUE_MS = 5_000  # after which another server takes a message over; delivered twice, it is ignored
FOREVER = 2**62  # later than any message is due


class Outbox:
    """A lane for each receiver; a lane delivers one message after the other."""

    def __init__(self, store: Store, clock: Clock, outgoing: Outgoing, deliveries: Deliveries) -> None:
        self._store = store
        self._clock = clock
        self._outgoing = outgoing
        self._deliveries = deliveries
        self._lanes: dict[str, deque[OutboxRow]] = {}
        self._carriers: dict[str, asyncio.Task[None]] = {}
        self._known: set[str] = set()
        self._look_at = 0  # when to look for what others have left

    async def run(self) -> None:
        """Deliver what the store holds, then what commits send."""
        await self._recover()
        while True:
            await self._arrival()
            if self._outgoing.doubted:
                self._outgoing.doubted = False
                await self._recover()
            rows, self._outgoing.rows = self._outgoing.rows, []
            for row in rows:
                self._accept(row)

    async def _arrival(self) -> None:
        """Until a commit has sent something. Meanwhile, take over what a server that is gone has left."""
        arrived = self._outgoing.arrived
        while self._store.shared and not arrived.is_set():
            now = self._clock.now()
            if now >= self._look_at:
                self._look_at = now + LOOK_AGAIN_MS
                for row in await self._store.outbox(now - OVERDUE_MS, PAGE):
                    self._accept(row)
            await first_of(self._clock.sleep_until(self._look_at), arrived)
        await arrived.wait()
        arrived.clear()

    async def stop(self) -> None:
        """Stop all lanes; what is not delivered stays in the store."""
        carriers = list(self._carriers.values())
        for carrier in carriers:
            carrier.cancel()
        await asyncio.gather(*carriers, return_exceptions=True)

    async def settled(self) -> None:
        """Until nothing is on its way."""
        while self._carriers:
            await asyncio.wait(list(self._carriers.values()))

    @property
    def carrying(self) -> bool:
        """A message that is due is on its way."""
        now = self._clock.now()
        return bool(self._outgoing.rows) or any(lane and lane[0].due <= now for lane in self._lanes.values())

    @property
    def waiting(self) -> int:
        """Messages that are not delivered yet."""
        return len(self._known) + len(self._outgoing.rows)

    async def _recover(self) -> None:
        limit = PAGE
        while True:
            rows = await self._store.outbox(FOREVER, limit)
            for row in rows:
                self._accept(row)
            if len(rows) < limit:
                return
            limit *= 2

    def _accept(self, row: OutboxRow) -> None:
        if row.outbox_id in self._known:
            return
        self._known.add(row.outbox_id)
        key = receiver(row.message)
        lane = self._lanes.get(key)
        if lane is not None:
            lane.append(row)
            return
        self._lanes[key] = deque((row,))
        self._carriers[key] = asyncio.create_task(self._carry(key))

    async def _carry(self, key: str) -> None:
        lane = self._lanes[key]
        try:
            while lane:
                row = lane[0]
                if row.due > self._clock.now():
                    await self._clock.sleep_until(row.due)
                again = await self._deliver(row)
                if again is not None:
                    lane[0] = again
                    continue
                lane.popleft()
                self._known.discard(row.outbox_id)
        finally:
            del self._lanes[key], self._carriers[key]

    async def _deliver(self, row: OutboxRow) -> OutboxRow | None:
        """Deliver a message; what is to be delivered later, if it could not be now."""
        outgoing = self._outgoing
        outgoing.delivering.add(row.outbox_id)
        try:
            await self._deliveries.deliver(row)
            if row.outbox_id not in outgoing.consumed:
                await self._store.delete_messages([row.outbox_id])
        except CallerError as refusal:
            log.debug(log.Event.MESSAGE_DROPPED, outbox_id=row.outbox_id, message=type(row.message).__name__, reason=refusal.message)
            await self._store.delete_messages([row.outbox_id])
        except Exception as failure:  # noqa: BLE001 - a message is never lost: it is tried again
            return await self._postpone(row, failure)
        finally:
            outgoing.delivering.discard(row.outbox_id)
            outgoing.consumed.discard(row.outbox_id)
        return None

    async def _postpone(self, row: OutboxRow, failure: Exception) -> OutboxRow:
        pause = min(FIRST_PAUSE_MS * 2**row.attempts, LONGEST_PAUSE_MS)
        log.error(log.Event.MESSAGE_POSTPONED, failure, outbox_id=row.outbox_id, attempts=row.attempts + 1, retry_ms=pause)
        due = self._clock.now() + pause
        try:
            await self._store.postpone_message(row.outbox_id, due)
        except Exception as cause:  # noqa: BLE001 - the store is in trouble: memory remembers the pause
            log.error(log.Event.MESSAGE_POSTPONED, cause, outbox_id=row.outbox_id)
        return replace(row, due=due, attempts=row.attempts + 1)


def receiver(message: Message) -> str:
    """Who gets a message: messages to the same receiver are delivered in order."""
    if isinstance(message, TellParent | RevivedChild):
        return message.workflow_id
    if isinstance(message, StartOther):
        return message.other_id
    if isinstance(message, StartFailureWorkflow):
        return message.failure_id
    if isinstance(message, Publish):
        return message.queue
    if isinstance(message, AdmitNext):
        return f"slots of {message.key}"
    return message.child_id
