"""Connections to PostgreSQL: a bounded pool, transactions that end whatever happens, and what its errors mean.

A text that holds the character NUL, which PostgreSQL refuses, is written with a character in its place that Unicode gives to programs for
uses of their own.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import asynccontextmanager
from functools import partial
from typing import Any, TypeAlias, TypeVar

import asyncpg
import msgspec

from podium.errors import Busy
from podium.store.statements import Statements, statements

T = TypeVar("T")
Connection: TypeAlias = asyncpg.Connection
Work = Callable[[Connection], Awaitable[T]]

_STATEMENTS = 512  # kept prepared, per connection
_ANSWER_SECONDS = 60  # after which a statement is given up
_CONNECT_SECONDS = 10
_ACQUIRE_SECONDS = 30  # how long to wait for a free connection
_CLOSE_SECONDS = 10
_IDLE_MS = 30_000  # within a transaction, after which the database ends it
_TRIES = 8
_PAUSE_SECONDS = 0.01  # before the second try; doubles
_LONGEST_PAUSE_SECONDS = 0.5

# What the data of one decision can cause, as opposed to the state of the database.
UNWRITABLE = (
    asyncpg.IntegrityConstraintViolationError,
    asyncpg.DataError,
    asyncpg.ProgramLimitExceededError,
    OverflowError,
    UnicodeError,
    TypeError,
    msgspec.MsgspecError,
)
# Two transactions were in each other's way, or a statement was prepared for a schema that has changed: the same may go well now.
_AGAIN = (asyncpg.DeadlockDetectedError, asyncpg.SerializationError, asyncpg.InvalidCachedStatementError)
# The connection is not, or no more, one to a database that does what it is asked.
LOST = (
    OSError,
    TimeoutError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    asyncpg.PostgresConnectionError,
    asyncpg.OperatorInterventionError,
    asyncpg.InsufficientResourcesError,
    asyncpg.ReadOnlySQLTransactionError,
    asyncpg.InvalidAuthorizationSpecificationError,
    asyncpg.InvalidCatalogNameError,
)

# A statement over arrays knows nothing of their lengths when it is planned, and the tables may have been empty then: it is held to the
# plan that is right for large tables, from key to row.
BEGIN_WRITING = "; ".join(
    (
        "BEGIN",
        "SET LOCAL synchronous_commit = on",
        # The locks of a server that is stopped, or cut off, are not held for ever.
        f"SET LOCAL idle_in_transaction_session_timeout = {_IDLE_MS}",
        "SET LOCAL plan_cache_mode = force_generic_plan",
        *(f"SET LOCAL enable_{kind} = off" for kind in ("seqscan", "bitmapscan", "hashjoin", "mergejoin", "sort")),
    )
)
_NUL, _STAND_IN = "\0", "\ufdd0"


def sql(table: str) -> Statements:
    """The statements of a file."""
    return statements(table, "sql_postgres")


def plain(text: str) -> str:
    """A text that PostgreSQL takes."""
    return text.replace(_NUL, _STAND_IN) if _NUL in text else text


def original(value: Any) -> Any:
    """What `plain` was given; what is no text stays."""
    return value.replace(_STAND_IN, _NUL) if isinstance(value, str) and _STAND_IN in value else value


def columns(rows: Sequence[Sequence[object]]) -> list[Sequence[object]]:
    """Rows as one array per column."""
    return [[plain(value) if isinstance(value, str) else value for value in column] for column in zip(*rows, strict=True)]


def changed(done: str) -> bool:
    """Whether a statement, answered so, has changed a row."""
    return not done.endswith(" 0")


class Pool:
    """Connections to one database, at most `size`. `prepared` False: behind a pooler that hands them on between transactions."""

    def __init__(self, url: str, size: int, *, prepared: bool, kind: type[Connection] = Connection) -> None:
        self._create = partial(
            asyncpg.create_pool,
            url,
            min_size=0,
            max_size=size,
            statement_cache_size=_STATEMENTS if prepared else 0,
            max_cached_statement_lifetime=0,
            command_timeout=_ANSWER_SECONDS,
            timeout=_CONNECT_SECONDS,
            connection_class=kind,
            reset=_reset,
            # A pooler refuses what it does not know.
            server_settings={"application_name": "podium", "jit": "off"} if prepared else None,
        )
        self._prepared = prepared
        self._opened: asyncpg.Pool | None = None

    async def open(self) -> None:
        """Before anything else. Connections are made when they are needed."""
        self._opened = await self._create()

    async def close(self) -> None:
        """Let what is in hand end, for a moment, then disconnect."""
        if self._opened is None:
            return
        opened, self._opened = self._opened, None
        try:
            await asyncio.wait_for(opened.close(), _CLOSE_SECONDS)
        except LOST:
            opened.terminate()

    async def read(self, work: Work[T]) -> T:
        """The result of something that only reads. Raises Busy when the database cannot be reached."""
        for pause in _pauses():
            try:
                return await self._read(work)
            except (*LOST, *_AGAIN) as error:
                if pause is None or isinstance(error, TimeoutError):
                    raise _unreachable(error) from error
                await asyncio.sleep(pause)
        raise AssertionError

    async def _read(self, work: Work[T]) -> T:
        async with self._acquired() as connection:
            if self._prepared:
                return await work(connection)
            await connection.execute("BEGIN READ ONLY")
            return await _committed(connection, work)

    async def write(self, work: Work[T]) -> T:
        """The result of something that writes, after its commit. Raises Busy when it is not known to have happened.

        Made again, a bounded number of times, as long as it certainly has not happened.
        """
        for pause in _pauses():
            begun = False
            try:
                async with self._acquired() as connection:
                    await connection.execute(BEGIN_WRITING)
                    begun = True
                    return await _committed(connection, work)
            except (*LOST, *_AGAIN) as error:
                if pause is None or isinstance(error, TimeoutError) or (begun and not isinstance(error, _AGAIN)):
                    raise _unreachable(error) from error
                await asyncio.sleep(pause)
        raise AssertionError

    @asynccontextmanager
    async def _acquired(self) -> AsyncIterator[Connection]:
        """A connection; one that has failed is not given to anybody again."""
        if self._opened is None:
            raise Busy("The store is not open.")
        async with self._opened.acquire(timeout=_ACQUIRE_SECONDS) as connection:
            try:
                yield connection
            except LOST:
                connection.terminate()
                raise


async def _committed(connection: Connection, work: Work[T]) -> T:
    """The result of the work, after the commit."""
    try:
        result = await work(connection)
    except BaseException:
        await _undo(connection)
        raise
    done = await connection.execute("COMMIT")
    if done != "COMMIT":
        raise asyncpg.InterfaceError(f"a commit was answered with {done}")
    return result


async def _undo(connection: Connection) -> None:
    try:
        await connection.execute("ROLLBACK")
    except LOST:
        connection.terminate()  # which undoes it as well


async def _reset(connection: Connection) -> None:
    """What a connection needs before somebody else gets it."""
    if connection.is_in_transaction():
        await connection.execute("ROLLBACK")


def _pauses() -> Iterator[float | None]:
    """Seconds before each further try; None: it was the last."""
    for number in range(_TRIES - 1):
        # Not at the same time as the one that was in the way.
        yield min(_PAUSE_SECONDS * 2**number, _LONGEST_PAUSE_SECONDS) * (0.5 + random.random())  # noqa: S311 - no secret
    yield None


def _unreachable(error: Exception) -> Busy:
    return Busy(f"The database does not answer as it should ({type(error).__name__}); try again shortly.")
