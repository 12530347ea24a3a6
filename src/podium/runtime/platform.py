"""Platform: everything that doors may use, and the loops behind it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from podium.clock import Clock
from podium.runtime.announcements import Announcements
from podium.runtime.committer import Committer
from podium.runtime.events import Events
from podium.runtime.executor import Executor
from podium.runtime.limits import Limits
from podium.runtime.neighbours import Neighbours
from podium.runtime.outbox import Outbox
from podium.runtime.polls import Polls
from podium.runtime.queue import TaskQueue
from podium.runtime.registry import Registry
from podium.runtime.retention import Retention
from podium.runtime.scheduler import Scheduler
from podium.runtime.schedules import Schedules
from podium.runtime.secrets import Secrets
from podium.runtime.strays import Strays
from podium.runtime.supervisor import Supervisor
from podium.runtime.sweeper import Sweeper
from podium.runtime.system_tasks import SystemTasks
from podium.runtime.timers import Timers
from podium.runtime.vault import Vault
from podium.runtime.watchers import Watchers
from podium.settings import Settings
from podium.store.store import Store


class Closing(Protocol):
    """Something that ends with the platform."""

    async def close(self) -> None:
        """End it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Loops:
    """What runs in the background."""

    timers: Timers
    limits: Limits
    committer: Committer
    strays: Strays
    announcements: Announcements
    sweeper: Sweeper
    outbox: Outbox
    scheduler: Scheduler
    retention: Retention
    system_tasks: SystemTasks
    neighbours: Neighbours


@dataclass(frozen=True, slots=True, kw_only=True)
class Platform:
    """One server, without its doors. `start` before use, `stop` at the end; `drain` in between to let pollers go."""

    settings: Settings
    clock: Clock
    store: Store
    registry: Registry
    queue: TaskQueue
    executor: Executor
    events: Events
    schedules: Schedules
    secrets: Secrets
    vault: Vault
    polls: Polls
    watchers: Watchers
    supervisor: Supervisor
    loops: Loops
    sandbox: Closing

    async def start(self) -> None:
        """Open the store, read what is kept in memory, start all loops. Raises NewerDatabase, LostKey."""
        await self.store.open()
        try:
            await self.registry.load()
        except BaseException:
            await self.store.close()
            raise
        self.polls.load(await self.store.poll_data())
        known_queues = [queue for queue, domain in await self.store.queue_sizes() if domain is None]
        loops, start = self.loops, self.supervisor.start
        start("timers", loops.timers.run)
        start("limits", loops.limits.run)
        start("committer", loops.committer.run)
        start("announcements", lambda: loops.announcements.run(self.executor.submit))
        start("strays", lambda: loops.strays.run(self.executor.submit))
        start("sweeper", loops.sweeper.run)
        start("outbox", loops.outbox.run)
        start("scheduler", loops.scheduler.run)
        start("retention", loops.retention.run)
        start("system tasks", lambda: loops.system_tasks.run(known_queues))
        if self.store.shared:
            self._meet(loops.neighbours)

    def _meet(self, neighbours: Neighbours) -> None:
        """Work together with other servers on the same database."""
        self.queue.share(neighbours.note)
        self.supervisor.start("listen to other servers", neighbours.listen)
        self.supervisor.start("tell other servers", neighbours.speak)
        self.supervisor.start("definitions of other servers", neighbours.learn)

    def drain(self) -> None:
        """Answer pollers and watchers with nothing, now and from now on, so that connections can end."""
        self.queue.drain()
        self.watchers.drain()

    async def stop(self) -> None:
        """Let what is in hand end, then stop the loops and close the store. Nothing durable is lost by not calling it."""
        self.drain()
        await self.loops.system_tasks.stop(self.settings.drain_seconds)
        await self.loops.scheduler.stop(self.settings.drain_seconds)
        await self.loops.outbox.stop()
        await self.executor.drain()
        await self.supervisor.stop()
        await self.sandbox.close()
        await self.store.close()
