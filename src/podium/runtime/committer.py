"""Committer: while one commit is in flight, everything that arrives becomes the next."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import msgspec

from podium import log
from podium.clock import Clock
from podium.model.decision import Decision
from podium.model.task import PollData, TaskLog
from podium.runtime.bell import Bell
from podium.runtime.round import Offer
from podium.store.store import Batch, Claimed, Saved, Store, Want

MOST_LOGS = 10_000
PAUSE_AFTER_FAILURE_MS = 100


class Entry(Offer, Protocol):
    """A decision on its way into the store. It hears its fate first, and when all of the commit have heard theirs, it may go on."""

    decision: Decision

    @property
    def bytes(self) -> int:
        """What it takes, roughly."""

    @property
    def stale(self) -> bool:
        """Its run has changed since it was decided, so that it would lose."""

    def saved(self) -> None:
        """It is committed."""

    def lost(self) -> None:
        """Somebody else was faster: nothing of it was written."""

    def broken(self, reason: str) -> None:
        """It broke a constraint: nothing of it was written."""

    def failed(self, cause: Exception) -> None:
        """The commit failed: nothing of it is known to be written."""

    def resume(self) -> None:
        """Its fate is known, and so are those of all others in the commit."""


class ClaimRound(Protocol):
    """What the queues add to a commit: the wants of pollers who wait, and who has polled."""

    @property
    def wants(self) -> Sequence[Want]:
        """What each of them can take."""

    @property
    def polls(self) -> Sequence[PollData]:
        """Who has polled since the last writing."""

    def settle(self, saved: Saved) -> None:
        """The commit is done: each gets what was claimed for it."""

    def failed(self) -> None:
        """The commit failed: all wait again."""


class Claims(Protocol):
    """Where pollers wait."""

    def collect(self, now: int, offers: Sequence[Offer]) -> ClaimRound:
        """What goes into the next commit, with these decisions, of which it may hand tasks over."""


class Claimants(Protocol):
    """Who must know that the store has claimed tasks."""

    def claimed(self, claim: Claimed) -> None:
        """Take in a claim."""


class CommitLimits(msgspec.Struct, frozen=True):
    """How much goes into one commit."""

    decisions: int = 500
    bytes: int = 16_000_000


class Committer:
    """Gathers decisions, claims, polls and log lines, and gives them to the store, one commit at a time."""

    def __init__(self, store: Store, clock: Clock, bell: Bell, claims: Claims, claimants: Claimants, limits: CommitLimits) -> None:
        self._store = store
        self._clock = clock
        self._bell = bell
        self._claims = claims
        self._claimants = claimants
        self._limits = limits
        self._waiting: dict[Entry, None] = {}  # in order
        self._logs: list[TaskLog] = []
        self._in_flight = False
        self.resting = False  # after a failure, for a moment
        self.commits = 0
        self.committed = 0  # decisions

    @property
    def busy(self) -> bool:
        """Something is being committed, or is about to be; False while it rests after a failure."""
        return not self.resting and (self._in_flight or bool(self._waiting or self._logs) or self._bell.rung)

    def put(self, entry: Entry) -> None:
        """Make a decision durable in the next commit."""
        self._waiting[entry] = None
        self._bell.ring()

    def note_logs(self, lines: Sequence[TaskLog]) -> None:
        """Make log lines durable in the next commit."""
        self._logs.extend(lines)
        self._bell.ring()

    async def run(self) -> None:
        """Commit whenever there is something to commit."""
        while True:
            await self._bell.wait()
            while await self.run_once():
                pass

    async def run_once(self) -> bool:
        """Commit what has gathered; False when there was nothing."""
        entries = self._take()
        now = self._clock.now()
        claims = self._claims.collect(now, entries)
        logs, self._logs = self._logs[:MOST_LOGS], self._logs[MOST_LOGS:]
        if not (entries or claims.wants or claims.polls or logs):
            return False
        batch = Batch(now=now, decisions=[entry.decision for entry in entries], wants=claims.wants, polls=claims.polls, logs=logs)
        self._in_flight = True
        try:
            saved = await self._store.save(batch)
        except Exception as cause:  # noqa: BLE001 - whatever the store met, those who wait must hear of it
            self._fail(entries, claims, logs, cause)
            await self._rest()
            return True
        finally:
            self._in_flight = False
        self._settle(entries, claims, saved)
        return True

    async def _rest(self) -> None:
        self.resting = True
        try:
            await self._clock.sleep_until(self._clock.now() + PAUSE_AFTER_FAILURE_MS)
        finally:
            self.resting = False

    def _take(self) -> list[Entry]:
        """The decisions of the next commit. A stale one is told that it lost, and mostly comes back as a fresh one at once."""
        taken: list[Entry] = []
        size = 0
        waiting = self._waiting
        while waiting and len(taken) < self._limits.decisions and size < self._limits.bytes:
            entry = next(iter(waiting))
            del waiting[entry]
            if entry.stale:
                entry.lost()
                entry.resume()
                continue
            taken.append(entry)
            size += entry.bytes
        return taken

    def _settle(self, entries: Sequence[Entry], claims: ClaimRound, saved: Saved) -> None:
        self.commits += 1
        self.committed += len(entries)
        if saved.conflicts or saved.failures:
            self._settle_mixed(entries, saved)
        else:
            for entry in entries:
                entry.saved()
        for claim in saved.claimed:
            self._claimants.claimed(claim)
        claims.settle(saved)
        for entry in entries:
            entry.resume()

    def _settle_mixed(self, entries: Sequence[Entry], saved: Saved) -> None:
        for index, entry in enumerate(entries):
            if index in saved.conflicts:
                entry.lost()
            elif index in saved.failures:
                entry.broken(saved.failures[index])
            else:
                entry.saved()

    def _fail(self, entries: Sequence[Entry], claims: ClaimRound, logs: list[TaskLog], cause: Exception) -> None:
        log.error(log.Event.COMMIT_FAILED, cause, count=len(entries))
        self._logs[:0] = logs
        for entry in entries:
            entry.failed(cause)
        claims.failed()
        for entry in entries:
            entry.resume()
