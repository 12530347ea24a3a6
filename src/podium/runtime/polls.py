"""Polls: when workers last asked for tasks; kept in memory and written behind."""

from __future__ import annotations

from collections.abc import Sequence

from podium.clock import Clock
from podium.model.task import PollData

ACTIVE_MS = 10_000  # a domain is active when somebody polled it this recently (spec/engine.md §0.3)
WRITE_BEHIND_MS = 1_000  # between two writings that go along with a commit
LATEST_MS = 5_000  # after which they are written even if there is nothing else to commit
NO_DOMAIN = "NO_DOMAIN"


class Polls:
    """The last poll of every queue and domain."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._last: dict[tuple[str, str | None], PollData] = {}
        self._unwritten: dict[tuple[str, str | None], tuple[str | None, int]] = {}  # -> worker, time
        self._written_at = 0
        self._unwritten_since = 0

    def load(self, rows: Sequence[PollData]) -> None:
        """What the store knew at start."""
        for row in rows:
            self._last[row.queue_name, row.domain] = row

    def note(self, queue: str, domain: str | None, worker_id: str | None) -> bool:
        """Somebody polls now. Whether this is the first poll that is not yet written."""
        first, now = not self._unwritten, self._clock.now()
        if first:
            self._unwritten_since = now
        self._unwritten[queue, domain] = (worker_id, now)
        return first

    def take(self, now: int, *, alone: bool) -> list[PollData]:
        """What is to be written, if it has waited long enough; nothing otherwise. `alone`: nothing else is in the commit."""
        due = self._unwritten_since + LATEST_MS if alone else self._written_at + WRITE_BEHIND_MS
        if not self._unwritten or now < due:
            return []
        self._written_at = now
        rows = self._pending()
        self._unwritten.clear()
        self.load(rows)
        return rows

    def of(self, queue: str | None = None) -> list[PollData]:
        """The last polls of a queue, one for each domain; of all queues when none is named."""
        known = self._last | {(row.queue_name, row.domain): row for row in self._pending()}
        return [row for (name, _), row in known.items() if queue is None or name == queue]

    def active_domain(self, task_type: str, domains: Sequence[str]) -> str | None:
        """The first domain of a list that is polled, or the last of the list (spec/engine.md §2.7)."""
        named = [domain.strip() for domain in domains]
        since = self._clock.now() - ACTIVE_MS
        for domain in named:
            if domain.upper() != NO_DOMAIN and self._last_time(task_type, domain) >= since:
                return domain
        return named[-1] if named and named[-1].upper() != NO_DOMAIN else None

    def _last_time(self, queue: str, domain: str) -> int:
        unwritten = self._unwritten.get((queue, domain))
        if unwritten is not None:
            return unwritten[1]
        row = self._last.get((queue, domain))
        return row.last_poll_time if row is not None else 0

    def _pending(self) -> list[PollData]:
        return [
            PollData(queue_name=queue, domain=domain, worker_id=worker_id, last_poll_time=when)
            for (queue, domain), (worker_id, when) in self._unwritten.items()
        ]
