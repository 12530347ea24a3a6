"""Store: the real SQL on a database in memory, behind a disk and a network that a seed makes slow, broken or silent."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable
from random import Random
from typing import Any, TypeVar

from podium.store.connection import connect
from podium.store.saving import UNWRITABLE, Saver
from podium.store.schema import migrate, migrations
from podium.store.sqlite import SqliteStore
from podium.store.store import Batch, Saved

T = TypeVar("T")

Work = Callable[[sqlite3.Cursor, bool], T]


class Faults:
    """How often something goes wrong; all are probabilities for one operation of a store."""

    def __init__(self, random: Random) -> None:
        self._random = random
        self.on = True
        self.slow = random.choice((0.0, 0.01, 0.05))
        self.failed = random.choice((0.0, 0.002, 0.02))
        self.unanswered = random.choice((0.0, 0.002, 0.02))
        self.fatal = random.choice((0.0, 0.002, 0.02))  # the server dies before or after it

    def strikes(self, probability: float) -> bool:
        """Whether this one goes wrong."""
        return self.on and self._random.random() < probability

    def delay(self) -> float:
        """How long an operation takes (s)."""
        return self._random.uniform(0.2, 3.0) if self.strikes(self.slow) else self._random.expovariate(200)


class Database:
    """What survives every server."""

    def __init__(self) -> None:
        self.connection = connect(":memory:", writes=True, durable=False)
        migrate(self.connection, migrations())
        self.commits = 0


class SimulatedStore(SqliteStore):
    """A server's way to the database. `die` is called when the server is to die; then nothing is ever answered again."""

    shared = True

    def __init__(self, database: Database, faults: Faults, die: Callable[[], None], committed: Callable[[Batch, Saved], None]) -> None:
        self._saver = Saver()
        self._database = database
        self._faults = faults
        self._die = die
        self._committed = committed
        self.dead = False
        self._readers: Any = self  # `run` below
        self._opened: Any = self  # `submit` below

    async def open(self) -> None:
        """It is open."""

    async def close(self) -> None:
        """Nothing is held."""

    async def save(self, batch: Batch) -> Saved:
        """See `Store.save`."""
        return await self._operate(lambda: self._saved(batch))

    def _saved(self, batch: Batch) -> Saved:
        saved: Saved = self._transact(lambda cursor, carefully: self._saver.save(cursor, batch, carefully))
        self._committed(batch, saved)
        return saved

    async def run(self, work: Callable[[sqlite3.Cursor], T]) -> T:
        """Read."""
        return await self._operate(lambda: work(self._database.connection.cursor()))

    async def submit(self, work: Work[T]) -> T:
        """Write."""
        return await self._operate(lambda: self._transact(work))

    async def _operate(self, operation: Callable[[], T]) -> T:
        faults = self._faults
        await self._pass(faults.delay())
        if faults.strikes(faults.fatal):
            await self._perish()
        if faults.strikes(faults.failed):
            raise sqlite3.OperationalError("disk I/O error")
        result = operation()
        if faults.strikes(faults.fatal):
            await self._perish()
        await self._pass(faults.delay())
        if faults.strikes(faults.unanswered):
            raise sqlite3.OperationalError("disk I/O error after the commit")
        return result

    async def _pass(self, seconds: float) -> None:
        await asyncio.sleep(seconds)
        if self.dead:
            await asyncio.get_running_loop().create_future()

    async def _perish(self) -> None:
        self._die()
        await asyncio.get_running_loop().create_future()

    def _transact(self, work: Work[T]) -> T:
        try:
            return self._attempt(work, carefully=False)
        except UNWRITABLE:
            self._saver.forget()
            return self._attempt(work, carefully=True)

    def _attempt(self, work: Work[T], *, carefully: bool) -> T:
        connection = self._database.connection
        cursor = connection.cursor()
        cursor.execute("BEGIN IMMEDIATE")
        try:
            result = work(cursor, carefully)
            cursor.execute("COMMIT")
            self._database.commits += 1
        finally:
            if connection.in_transaction:
                cursor.execute("ROLLBACK")
        return result
