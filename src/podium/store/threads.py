"""Threads: one that writes, several that read, one that keeps the log of the database short.

SQLite has one writer at a time, so there is one writing thread, with a connection of its own. It takes whatever work is waiting and
makes one transaction of it, so that all of it shares one fsync; nobody gets an answer before the commit has returned.
"""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from queue import Empty, SimpleQueue
from typing import Any, Generic, TypeVar

from podium.errors import Busy
from podium.store.saving import UNWRITABLE

T = TypeVar("T")

Connect = Callable[[], sqlite3.Connection]
Work = Callable[[sqlite3.Cursor, bool], T]  # (cursor, carefully): carefully means that trying it fast has broken a constraint

READERS = 4
_AT_ONCE = 64  # pieces of work in one transaction
_IDLE = 0.2  # seconds without work after which the log is moved into the database
_CHANGES = 2_000  # rows written between two moves of the log into the database


class _Job(Generic[T]):
    """A piece of work, and who waits for it."""

    def __init__(self, work: Work[T], answer: asyncio.Future[T]) -> None:
        self.work = work
        self.answer = answer
        self.result: T | None = None
        self.error: BaseException | None = None


class Writer:
    """The thread that writes."""

    def __init__(self, connection: sqlite3.Connection, checkpointer: Checkpointer, undone: Callable[[], None]) -> None:
        self._connection = connection
        self._undone = undone  # called in the thread after a transaction was undone
        self._jobs: SimpleQueue[_Job[Any] | None] = SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="podium-store-writer", daemon=True)
        self._checkpointer = checkpointer
        self._moved = connection.total_changes  # rows written before the last checkpoint
        self._stopped = False

    def start(self) -> None:
        """Begin to take work."""
        self._thread.start()
        self._checkpointer.start()

    def stop(self) -> None:
        """Finish what was handed in; blocks until it is done."""
        self._stopped = True
        self._jobs.put(None)
        self._thread.join()
        self._checkpointer.stop()
        self._connection.close()

    async def submit(self, work: Work[T]) -> T:
        """Do the work in the next transaction; its result, after the commit. Raises Busy once the store is closed."""
        if self._stopped:
            raise Busy("The store is closed.")
        answer: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._jobs.put(_Job(work, answer))
        return await answer

    def _run(self) -> None:
        while jobs := self._next():
            _transact(self._connection, jobs, self._undone)
            _answer(jobs)
            if self._connection.total_changes - self._moved >= _CHANGES:
                self._checkpoint()

    def _next(self) -> list[_Job[Any]]:
        """What is waiting, at least one piece; empty at the end."""
        job = self._wait()
        jobs: list[_Job[Any]] = []
        while job is not None:
            jobs.append(job)
            if len(jobs) == _AT_ONCE:
                break
            try:
                job = self._jobs.get_nowait()
            except Empty:
                break
        if job is None and jobs:
            self._jobs.put(None)  # the end, for the next time round
        return jobs

    def _wait(self) -> _Job[Any] | None:
        if self._connection.total_changes == self._moved:
            return self._jobs.get()
        try:
            return self._jobs.get(timeout=_IDLE)
        except Empty:
            self._checkpoint()
            return self._jobs.get()

    def _checkpoint(self) -> None:
        self._moved = self._connection.total_changes
        self._checkpointer.wake()


def _transact(connection: sqlite3.Connection, jobs: list[_Job[Any]], undone: Callable[[], None]) -> None:
    """All jobs in one transaction; if the data of one breaks a constraint, each in its own, carefully."""
    try:
        _attempt(connection, jobs, carefully=False)
    except UNWRITABLE:
        undone()
        for job in jobs:
            try:
                _attempt(connection, [job], carefully=True)
            except Exception as error:  # noqa: BLE001 - whatever it is, it is the answer
                undone()
                job.error = error
    except Exception as error:  # noqa: BLE001 - whatever it is, it is the answer
        undone()
        for job in jobs:
            job.error = error


def _attempt(connection: sqlite3.Connection, jobs: list[_Job[Any]], *, carefully: bool) -> None:
    cursor = connection.cursor()
    cursor.execute("BEGIN IMMEDIATE")
    try:
        for job in jobs:
            job.result = job.work(cursor, carefully)
        cursor.execute("COMMIT")
    finally:
        if connection.in_transaction:
            cursor.execute("ROLLBACK")


def _answer(jobs: list[_Job[Any]]) -> None:
    """Wake those who wait, once per event loop."""
    by_loop: dict[asyncio.AbstractEventLoop, list[_Job[Any]]] = {}
    for job in jobs:
        by_loop.setdefault(job.answer.get_loop(), []).append(job)
    for loop, answered in by_loop.items():
        if not loop.is_closed():
            loop.call_soon_threadsafe(_settle, answered)


def _settle(jobs: list[_Job[Any]]) -> None:
    for job in jobs:
        if job.answer.done():
            continue  # who waited was cancelled
        if job.error is not None:
            job.answer.set_exception(job.error)
        else:
            job.answer.set_result(job.result)


class Checkpointer:
    """Moves the log into the database beside the writer, which then finds little left to move.

    Left to the writer alone, one commit in a few hundred would have to move megabytes first.
    """

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._due = threading.Event()
        self._stopping = False
        self._thread = threading.Thread(target=self._run, name="podium-store-checkpointer", daemon=True)

    def start(self) -> None:
        """Begin to wait."""
        self._thread.start()

    def wake(self) -> None:
        """There is something to move."""
        self._due.set()

    def stop(self) -> None:
        """Blocks until it is done."""
        self._stopping = True
        self._due.set()
        self._thread.join()
        self._connection.close()

    def _run(self) -> None:
        while self._due.wait() and not self._stopping:
            self._due.clear()
            self._connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()


class Readers:
    """The threads that read, each with its own connection."""

    def __init__(self, connect: Connect, count: int = READERS) -> None:
        self._connect = connect
        self._local = threading.local()
        self._connections: list[sqlite3.Connection] = []
        self._pool = ThreadPoolExecutor(count, "podium-store-reader", self._begin)

    async def run(self, work: Callable[[sqlite3.Cursor], T]) -> T:
        """Do the work in a transaction that sees one state of the database."""
        return await asyncio.get_running_loop().run_in_executor(self._pool, self._transact, work)

    def stop(self) -> None:
        """Blocks until all is read."""
        self._pool.shutdown()
        for connection in self._connections:
            connection.close()

    def _begin(self) -> None:
        self._local.connection = self._connect()
        self._connections.append(self._local.connection)

    def _transact(self, work: Callable[[sqlite3.Cursor], T]) -> T:
        connection: sqlite3.Connection = self._local.connection
        cursor = connection.cursor()
        cursor.execute("BEGIN")
        try:
            return work(cursor)
        finally:
            cursor.execute("COMMIT")
