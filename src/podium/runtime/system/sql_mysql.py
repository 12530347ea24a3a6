"""MySQL for JDBC tasks: a connection for each statement, on a thread.

The driver by itself writes parameters into the statement's text. Here they are bound: the statement is prepared by the server, and its
text and each parameter come to the server as hexadecimal digits or numbers, in which nothing can be quoted wrongly.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from podium.errors import Invalid
from podium.model.json import Json, JsonObject
from podium.runtime.system.sql_database import Address, Gathered, SqlFailed, SqlLimits, WrongCount, plain_parameter, read_login

PORT: Final = 3306


class MysqlDatabase:
    """One database."""

    def __init__(self, address: Address, limits: SqlLimits) -> None:
        """Raises Invalid when the driver is not installed."""
        try:
            import pymysql
        except ImportError as absent:
            raise Invalid("MySQL needs podium[mysql]") from absent
        self._driver: Any = pymysql
        self._login = read_login(address.url)
        self._read_only = address.read_only
        self._limits = limits

    async def select(self, statement: str, parameters: list[Json]) -> list[JsonObject]:
        """The rows of a statement, in a transaction that can only read."""
        return await asyncio.to_thread(self._select, statement, parameters)

    async def update(self, statement: str, parameters: list[Json], expected: int) -> int:
        """Run a statement in a transaction of its own."""
        return await asyncio.to_thread(self._update, statement, parameters, expected)

    async def close(self) -> None:
        """There is nothing open."""

    def _select(self, statement: str, parameters: list[Json]) -> list[JsonObject]:
        with self._executed(statement, parameters, read_only=True) as cursor:
            names = [column[0] for column in cursor.description or ()]
            found = Gathered(self._limits)
            for row in cursor:
                found.take(names, row)
            return found.rows

    def _update(self, statement: str, parameters: list[Json], expected: int) -> int:
        with self._executed(statement, parameters, read_only=self._read_only) as cursor:
            count = max(0, int(cursor.rowcount))
            if expected and count != expected:
                raise WrongCount(count)
            return count

    @contextmanager
    def _executed(self, statement: str, parameters: list[Json], *, read_only: bool) -> Iterator[Any]:
        """The cursor after the statement; what it has done is committed if all goes well."""
        try:
            connection = self._connect()
            try:
                begin = "START TRANSACTION READ ONLY" if read_only else "START TRANSACTION"
                with connection.cursor(self._driver.cursors.SSCursor) as cursor:
                    for text in (begin, *prepared(statement, parameters)):
                        cursor.execute(text)
                    yield cursor
                connection.commit()
            finally:
                connection.close()  # which undoes what was not committed
        except (self._driver.MySQLError, OSError, ValueError) as problem:
            raise SqlFailed(str(problem)) from problem

    def _connect(self) -> Any:
        login, seconds = self._login, self._limits.seconds
        return self._driver.connect(
            host=login.host,
            port=login.port or PORT,
            user=login.user,
            password=login.password,
            database=login.database or None,
            charset="utf8mb4",
            autocommit=False,
            local_infile=False,
            connect_timeout=seconds,
            read_timeout=seconds,
            write_timeout=seconds,
        )


def prepared(statement: str, parameters: list[Json]) -> list[str]:
    """The statements that have the server prepare one, bind its parameters and execute it."""
    values = [f"@podium_{number} = {_literal(plain_parameter(value))}" for number, value in enumerate(parameters)]
    using = f" USING {', '.join(f'@podium_{number}' for number in range(len(parameters)))}" if parameters else ""
    return [
        f"SET {', '.join([f'@podium = {_literal(statement)}', *values])}",
        "PREPARE podium FROM @podium",
        f"EXECUTE podium{using}",
    ]


def _literal(value: str | float | None) -> str:
    if value is None:
        return "NULL"
    if isinstance(value, str):
        return f"CONVERT(X'{value.encode().hex()}' USING utf8mb4)"
    if isinstance(value, float) and not math.isfinite(value):
        raise ValueError(f"{value} is no number that a database knows")
    return repr(value)
