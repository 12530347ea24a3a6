"""SQL databases: what a JDBC task asks of one, whichever it is."""

from __future__ import annotations

import base64
import math
from collections.abc import Iterable
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Protocol
from urllib.parse import parse_qsl, unquote, urlencode, urlsplit

import msgspec

from podium.errors import Invalid
from podium.model.json import Json, JsonObject

READ_ONLY = "readonly"


class SqlFailed(Exception):
    """A database refused a statement; the text is the database's own."""


class SqlLimits(msgspec.Struct, frozen=True, kw_only=True):
    """What one statement may take."""

    seconds: int = 30
    rows: int = 10_000
    bytes: int = 10_000_000  # of all values together


class WrongCount(Exception):
    """A statement changed another number of rows than was expected, and was undone."""

    def __init__(self, count: int) -> None:
        super().__init__(f"{count} rows")
        self.count = count


class Database(Protocol):
    """One configured database. Parameters are bound to the `?` of a statement, never written into it. All raise SqlFailed."""

    async def select(self, statement: str, parameters: list[Json]) -> list[JsonObject]:
        """The rows, column -> value, of a statement that can change nothing; SqlFailed when there are more than the limit."""

    async def update(self, statement: str, parameters: list[Json], expected: int) -> int:
        """How many rows a statement has changed. Raises WrongCount when it is not `expected`, unless that is 0."""

    async def close(self) -> None:
        """Close all connections."""


class Address(msgspec.Struct, frozen=True, kw_only=True):
    """Where a database is."""

    scheme: str
    url: str  # without what is ours
    read_only: bool


def read_address(url: str) -> Address:
    """The parts of a setting: `?readonly=true` is ours, all else belongs to the driver. Raises Invalid."""
    base, _, query = url.partition("?")
    options = parse_qsl(query, keep_blank_values=True)
    ours = [value for name, value in options if name == READ_ONLY]
    if any(value not in ("true", "false") for value in ours):
        raise Invalid(f"{READ_ONLY} of a database must be true or false, not {ours[0]!r}")
    rest = urlencode([(name, value) for name, value in options if name != READ_ONLY])
    return Address(scheme=base.partition(":")[0], url=f"{base}?{rest}" if rest else base, read_only="true" in ours)


class Login(msgspec.Struct, frozen=True, kw_only=True):
    """Who connects to what, out of a URL."""

    host: str
    port: int | None
    user: str
    password: str
    database: str


def read_login(url: str) -> Login:
    """The parts of `scheme://user:password@host:port/database`, percent-decoded."""
    parts = urlsplit(url)
    return Login(
        host=parts.hostname or "localhost",
        port=parts.port,
        user=unquote(parts.username or ""),
        password=unquote(parts.password or ""),
        database=unquote(parts.path.lstrip("/")),
    )


def plain_parameter(value: Json) -> str | int | float | None:
    """A parameter as drivers take it: lists and maps as JSON text, true and false as 1 and 0."""
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, dict | list):
        return msgspec.json.encode(value).decode()
    return value


def json_value(value: object) -> Json:
    """A value of a row as JSON: exact numbers as numbers, times in ISO form, bytes in base64."""
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, dict):
        return value
    if isinstance(value, list | tuple):
        return [json_value(child) for child in value]
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    if isinstance(value, Decimal):
        if not value.is_finite():
            return str(value)
        return int(value) if value == value.to_integral_value() and value.as_tuple().exponent == 0 else float(value)
    if isinstance(value, bytes | bytearray | memoryview):
        return base64.b64encode(value).decode()
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    return str(value.total_seconds()) if isinstance(value, timedelta) else str(value)


class Gathered:
    """The rows of a result, as far as they may be taken."""

    def __init__(self, limits: SqlLimits) -> None:
        self._limits = limits
        self._left = limits.bytes
        self.rows: list[JsonObject] = []

    def take(self, names: Iterable[str], values: Iterable[object]) -> None:
        """One more row. Raises SqlFailed when it is too much."""
        if len(self.rows) >= self._limits.rows:
            raise SqlFailed(f"The statement gives more than {self._limits.rows} rows (setting sql-rows)")
        row = dict(zip(names, map(json_value, values), strict=True))
        self._left -= sum(len(value) if isinstance(value, str | list | dict) else 8 for value in row.values())
        if self._left < 0:
            raise SqlFailed(f"The statement gives more than {self._limits.bytes} bytes, which is as much as an output may have")
        self.rows.append(row)
