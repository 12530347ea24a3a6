"""Neighbours: what servers on one database tell each other, so that nobody waits for the next look into it.

A server tells of tasks that it has put into a queue in which nobody waits here, once per queue and moment; the others look into that queue.
Whatever gets lost, a look now and then finds.
"""

from __future__ import annotations

import asyncio

import msgspec

from podium.clock import Clock
from podium.model.task import Task
from podium.runtime.queue import TaskQueue
from podium.runtime.registry import Registry
from podium.runtime.timers import first_of
from podium.store.store import DEFINITIONS, Store

DEBOUNCE_MS = 20  # between two words about one queue
LOOK_AGAIN_MS = 5_000  # for definitions, should a word have got lost
SPREAD_MS = 997

Place = tuple[str, str | None]  # queue, domain

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(tuple[str, str | None, int]).decode


class Neighbours:
    """The other servers, as far as this one has to do with them."""

    def __init__(self, store: Store, clock: Clock, queue: TaskQueue, registry: Registry) -> None:
        self._store = store
        self._clock = clock
        self._queue = queue
        self._registry = registry
        self._news: dict[Place, int] = {}  # where tasks wait -> when the first of them is ready (epoch ms)
        self._arrived = asyncio.Event()
        self._definitions = asyncio.Event()  # they have changed, perhaps

    def note(self, task: Task) -> None:
        """A task is in the store, and nobody waits for it here."""
        place = (task.queue, task.domain)
        known = self._news.get(place)
        if known is None or task.ready_at < known:
            self._news[place] = task.ready_at
        self._arrived.set()

    async def speak(self) -> None:
        """Tell what was noted, again and again."""
        while True:
            await self._arrived.wait()
            self._arrived.clear()
            news, self._news = self._news, {}
            await self._store.tell([_encode((queue, domain, ready_at)).decode() for (queue, domain), ready_at in news.items()])
            await self._clock.sleep_until(self._clock.now() + DEBOUNCE_MS)

    async def listen(self) -> None:
        """Hear what the others tell."""
        self._definitions.set()
        self._queue.look_again()
        await self._store.listen(self._hear)

    def _hear(self, word: str) -> None:
        if word == DEFINITIONS:
            self._definitions.set()
            return
        try:
            queue, domain, ready_at = _decode(word)
        except msgspec.MsgspecError:
            return  # a word of another program, or of a newer server
        self._queue.hear(queue, domain, ready_at)

    async def learn(self) -> None:
        """Read definitions again when others have changed them."""
        while True:
            await self._registry.catch_up()
            now = self._clock.now()
            # Servers that began together do not look together for ever.
            await first_of(self._clock.sleep_until(now + LOOK_AGAIN_MS + now % SPREAD_MS), self._definitions)
            self._definitions.clear()
