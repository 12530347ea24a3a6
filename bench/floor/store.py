"""Store: SQLite with full durability; one thread writes, and all that waits is one commit."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from queue import Empty, SimpleQueue
from typing import NamedTuple

SCHEMA = """
CREATE TABLE workflow (id TEXT PRIMARY KEY, step INTEGER NOT NULL, input TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE task (workflow_id TEXT, number INTEGER, status TEXT NOT NULL, output TEXT, PRIMARY KEY (workflow_id, number)) WITHOUT ROWID;
"""
START = "INSERT INTO workflow VALUES (?, 1, ?)"
STEP = "UPDATE workflow SET step = ? WHERE id = ?"
TASK = "INSERT INTO task VALUES (?, ?, 'SCHEDULED', NULL)"
OUTPUT = "UPDATE task SET status = 'COMPLETED', output = ? WHERE workflow_id = ? AND number = ?"


class Change(NamedTuple):
    """A workflow takes one step. Step 1 is its start; a step above the last is its end."""

    workflow_id: str
    step: int
    payload: str  # the input of the start, the output of the task before
    last: bool
    committed: asyncio.Future[None]


class Store:
    """Writes changes in groups."""

    def __init__(self, database: str) -> None:
        self._database = database
        self._changes: SimpleQueue[Change] = SimpleQueue()
        threading.Thread(target=self._run, daemon=True).start()

    def put(self, change: Change) -> None:
        """Have it in the next commit."""
        self._changes.put(change)

    def _run(self) -> None:
        connection = sqlite3.connect(self._database, isolation_level=None)
        for pragma in ("journal_mode = WAL", "synchronous = FULL", "cache_size = -32768"):
            connection.execute(f"PRAGMA {pragma}").fetchall()
        connection.executescript(SCHEMA)
        while True:
            changes = self._next()
            connection.execute("BEGIN IMMEDIATE")
            _write(connection, changes)
            connection.execute("COMMIT")
            changes[0].committed.get_loop().call_soon_threadsafe(_settle, changes)

    def _next(self) -> list[Change]:
        changes = [self._changes.get()]
        while True:
            try:
                changes.append(self._changes.get_nowait())
            except Empty:
                return changes


def _write(connection: sqlite3.Connection, changes: list[Change]) -> None:
    starts = [(change.workflow_id, change.payload) for change in changes if change.step == 1]
    steps = [change for change in changes if change.step > 1]
    connection.executemany(START, starts)
    connection.executemany(STEP, [(change.step, change.workflow_id) for change in steps])
    connection.executemany(OUTPUT, [(change.payload, change.workflow_id, change.step - 1) for change in steps])
    connection.executemany(TASK, [(change.workflow_id, change.step) for change in changes if not change.last])


def _settle(changes: list[Change]) -> None:
    for change in changes:
        if not change.committed.done():
            change.committed.set_result(None)
