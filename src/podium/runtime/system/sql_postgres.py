"""PostgreSQL for JDBC tasks: a small pool of connections, opened when the first task needs one."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Final

from podium.errors import Invalid
from podium.model.json import Json, JsonObject
from podium.runtime.system.sql_database import Address, Gathered, SqlFailed, SqlLimits, WrongCount, json_value
from podium.runtime.system.sql_placeholders import numbered

MOST_CONNECTIONS: Final = 4
CLOSE_SECONDS: Final = 5
ROWS_AT_A_TIME: Final = 100
_COUNT: Final = re.compile(r"(?:INSERT \d+|UPDATE|DELETE|MERGE|COPY) (\d+)")
# Types whose parameters are sent as text, so that the database reads them as it would read a literal: `"5"` fits an integer.
_AS_TEXT: Final = (
    "int2",
    "int4",
    "int8",
    "float4",
    "float8",
    "numeric",
    "bool",
    "uuid",
    "date",
    "time",
    "timestamp",
    "timestamptz",
    "interval",
    "text",
)
_NUMBERS: Final = frozenset({"int2", "int4", "int8", "float4", "float8", "numeric"})


class PostgresDatabase:
    """One database."""

    def __init__(self, address: Address, limits: SqlLimits) -> None:
        """Raises Invalid when the driver is not installed."""
        try:
            import asyncpg
        except ImportError as absent:
            raise Invalid("PostgreSQL needs podium[postgres]") from absent
        self._driver: Any = asyncpg
        self._address = address
        self._limits = limits
        self._pool: Any = None
        self._opening = asyncio.Lock()

    async def select(self, statement: str, parameters: list[Json]) -> list[JsonObject]:
        """The rows of a statement, in a transaction that can only read."""
        async with self._prepared(statement, parameters, read_only=True) as (prepared, values):
            cursor = await prepared.cursor(*values)
            found = Gathered(self._limits)
            while rows := await cursor.fetch(ROWS_AT_A_TIME):
                for row in rows:
                    found.take(row.keys(), row.values())
        return found.rows

    async def update(self, statement: str, parameters: list[Json], expected: int) -> int:
        """Run a statement in a transaction of its own."""
        async with self._prepared(statement, parameters, read_only=self._address.read_only) as (prepared, values):
            await prepared.fetch(*values)
            found = _COUNT.fullmatch(prepared.get_statusmsg())
            count = int(found[1]) if found is not None else 0
            if expected and count != expected:
                raise WrongCount(count)
        return count

    async def close(self) -> None:
        """Close all connections."""
        if self._pool is not None:
            try:
                await asyncio.wait_for(self._pool.close(), CLOSE_SECONDS)
            except TimeoutError:
                self._pool.terminate()

    @asynccontextmanager
    async def _prepared(self, statement: str, parameters: list[Json], *, read_only: bool) -> AsyncIterator[tuple[Any, list[str | None]]]:
        """A statement in a transaction that is committed if all goes well, and its parameters."""
        text, count = numbered(statement)
        if count != len(parameters):
            raise SqlFailed(f"The statement has {count} placeholders, there are {len(parameters)} parameters")
        try:
            async with asyncio.timeout(self._limits.seconds):
                pool = await self._opened()
                async with pool.acquire() as connection, connection.transaction(readonly=read_only):
                    if read_only:
                        await connection.execute("SELECT 1")  # after its first snapshot a transaction cannot be made one that writes
                    yield await connection.prepare(text), [_text(value) for value in parameters]
        except TimeoutError as late:
            raise SqlFailed(f"The statement took longer than {self._limits.seconds} seconds (setting sql-seconds)") from late
        except (self._driver.PostgresError, self._driver.InterfaceError, OSError, ValueError) as problem:
            raise SqlFailed(str(problem) or type(problem).__name__) from problem

    async def _opened(self) -> Any:
        async with self._opening:
            if self._pool is None:
                settings = {"application_name": "podium"}
                if self._address.read_only:
                    settings["default_transaction_read_only"] = "on"
                self._pool = await self._driver.create_pool(
                    self._address.url,
                    min_size=0,
                    max_size=MOST_CONNECTIONS,
                    init=_speak_text,
                    server_settings=settings,
                    timeout=self._limits.seconds,
                )
        return self._pool


async def _speak_text(connection: Any) -> None:
    for name in _AS_TEXT:
        decoder = _number if name in _NUMBERS else _boolean if name == "bool" else str
        await connection.set_type_codec(name, schema="pg_catalog", encoder=str, decoder=decoder, format="text")
    for name in ("json", "jsonb"):
        await connection.set_type_codec(name, schema="pg_catalog", encoder=str, decoder=json.loads, format="text")


def _text(value: Json) -> str | None:
    """A parameter as the text that a literal of it would have."""
    if value is None or isinstance(value, str):
        return value
    return json.dumps(value)


def _number(text: str) -> Json:
    try:
        return int(text)
    except ValueError:
        return json_value(float(text))


def _boolean(text: str) -> bool:
    return text == "t"
