"""SQLite for JDBC tasks: a file, opened for each statement, on a thread, and with no way out of it."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections.abc import Callable
from typing import Final, TypeVar
from urllib.parse import quote

from podium.errors import Invalid
from podium.model.json import Json, JsonObject
from podium.runtime.system.sql_database import Address, Gathered, SqlFailed, SqlLimits, WrongCount, plain_parameter

T = TypeVar("T")

_SCHEME: Final = "sqlite:///"
_STEPS: Final = 10_000  # of SQLite's machine between two looks at the time
# A statement may not reach other files, nor end the transaction that it runs in, nor change how the connection works.
_FORBIDDEN: Final = frozenset(
    {sqlite3.SQLITE_ATTACH, sqlite3.SQLITE_DETACH, sqlite3.SQLITE_TRANSACTION, sqlite3.SQLITE_SAVEPOINT, sqlite3.SQLITE_PRAGMA}
)


class SqliteDatabase:
    """One file."""

    def __init__(self, address: Address, limits: SqlLimits) -> None:
        """Raises Invalid when the address names no file."""
        path = address.url.removeprefix(_SCHEME)
        if not address.url.startswith(_SCHEME) or not path:
            raise Invalid("the address of an SQLite database must be sqlite:///FILE")
        self._uri = f"file:{quote(path)}?mode={'ro' if address.read_only else 'rwc'}"
        self._limits = limits

    async def select(self, statement: str, parameters: list[Json]) -> list[JsonObject]:
        """The rows of a statement; one that would change something is refused."""

        def read(connection: sqlite3.Connection) -> list[JsonObject]:
            cursor = connection.execute(statement, [plain_parameter(value) for value in parameters])
            names = [column[0] for column in cursor.description or ()]
            found = Gathered(self._limits)
            for row in cursor:
                found.take(names, row)
            return found.rows

        return await asyncio.to_thread(self._with, read, changing=False)

    async def update(self, statement: str, parameters: list[Json], expected: int) -> int:
        """Run a statement in a transaction of its own."""

        def write(connection: sqlite3.Connection) -> int:
            count = max(0, connection.execute(statement, [plain_parameter(value) for value in parameters]).rowcount)
            if expected and count != expected:
                raise WrongCount(count)
            return count

        return await asyncio.to_thread(self._with, write, changing=True)

    async def close(self) -> None:
        """There is nothing open."""

    def _with(self, work: Callable[[sqlite3.Connection], T], *, changing: bool) -> T:
        try:
            connection = sqlite3.connect(self._uri, uri=True, timeout=self._limits.seconds, isolation_level=None)
        except sqlite3.Error as problem:
            raise SqlFailed(str(problem)) from problem
        try:
            return self._within(connection, work, changing=changing)
        except (sqlite3.Error, sqlite3.Warning, OverflowError, ValueError) as problem:
            interrupted = str(problem) == "interrupted"
            text = f"The statement took longer than {self._limits.seconds} seconds (setting sql-seconds)" if interrupted else str(problem)
            raise SqlFailed(text) from problem
        finally:
            connection.close()

    def _within(self, connection: sqlite3.Connection, work: Callable[[sqlite3.Connection], T], *, changing: bool) -> T:
        """Do the work in a transaction, which is undone when the work fails."""
        end = time.monotonic() + self._limits.seconds
        connection.setlimit(sqlite3.SQLITE_LIMIT_ATTACHED, 0)
        connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, self._limits.bytes)
        connection.set_progress_handler(lambda: time.monotonic() > end, _STEPS)
        connection.execute(f"PRAGMA query_only = {'OFF' if changing else 'ON'}")
        connection.execute("BEGIN IMMEDIATE" if changing else "BEGIN")
        connection.set_authorizer(_allowed)
        result = work(connection)  # what it did is undone with the connection when it raises
        connection.set_authorizer(None)
        connection.set_progress_handler(None, 0)
        connection.execute("COMMIT")
        return result


def _allowed(action: int, *_about: object) -> int:
    return sqlite3.SQLITE_DENY if action in _FORBIDDEN else sqlite3.SQLITE_OK
