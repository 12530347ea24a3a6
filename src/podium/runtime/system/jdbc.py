"""JDBC: asks or changes one of the databases that the settings name (spec/tasks.md §4.8)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from podium.engine.java_text import java_text
from podium.errors import Invalid
from podium.model.json import Json, JsonObject
from podium.model.status import TaskStatus
from podium.model.task import Task
from podium.runtime.system.finished import Finished
from podium.runtime.system.sql_database import Address, Database, SqlFailed, SqlLimits, WrongCount, read_address
from podium.runtime.system.sql_mysql import MysqlDatabase
from podium.runtime.system.sql_postgres import PostgresDatabase
from podium.runtime.system.sql_sqlite import SqliteDatabase

_KINDS: Final[dict[str, Callable[[Address, SqlLimits], Database]]] = {
    "sqlite": SqliteDatabase,
    "postgresql": PostgresDatabase,
    "postgres": PostgresDatabase,
    "mysql": MysqlDatabase,
}
_TERMINAL: Final = TaskStatus.FAILED_WITH_TERMINAL_ERROR
MOST_SHOWN: Final = 500  # characters of an input in a reason


def open_databases(settings: Sequence[str], limits: SqlLimits) -> dict[str, Database]:
    """Name -> database, of settings `NAME=URL`. Connects to none. Raises Invalid."""
    found: dict[str, Database] = {}
    for setting in settings:
        name, equals, url = setting.partition("=")
        address = read_address(url)
        kind = _KINDS.get(address.scheme)
        if not name.strip() or not equals or kind is None:
            raise Invalid(f"sql-databases must be a list of NAME=URL, URL one of {', '.join(f'{scheme}://…' for scheme in _KINDS)}")
        found[name.strip()] = kind(address, limits)
    return found


class JdbcTask:
    """Runs statements with parameters."""

    def __init__(self, databases: Mapping[str, Database]) -> None:
        self._databases = databases

    async def run(self, value: JsonObject, task: Task) -> Finished:
        """The rows under `result`, or the number of changed ones under `update_count`."""
        statement, kind = value.get("statement"), value.get("type")
        name = value.get("integrationName") or value.get("connectionId")
        database = self._databases.get(name) if isinstance(name, str) else None
        if database is None:
            # The input as it is stored: the copy in hand holds secrets.
            shown = java_text(task.input.value)[:MOST_SHOWN]
            return Finished(status=_TERMINAL, reason=f"No such datasource configured.  input: {shown}")
        if not isinstance(statement, str) or not statement.strip():
            return Finished(status=_TERMINAL, reason="Missing JDBC statement")
        parameters = value.get("parameters")
        if parameters is not None and not isinstance(parameters, list):
            return Finished(status=_TERMINAL, reason="'parameters' must be a list, in the order of the placeholders")
        try:
            if kind == "SELECT":
                rows: list[Json] = [*await database.select(statement, parameters or [])]
                return Finished(status=TaskStatus.COMPLETED, output={"result": rows})
            if kind == "UPDATE":
                return await _updated(database, statement, parameters or [], _expected(value))
        except SqlFailed as failure:
            return Finished(status=TaskStatus.FAILED, reason=str(failure))
        return Finished(status=TaskStatus.FAILED, reason=f"Unsupported Operation {java_text(kind)[:100]}")

    async def close(self) -> None:
        """Close all connections."""
        await asyncio.gather(*(database.close() for database in self._databases.values()))


async def _updated(database: Database, statement: str, parameters: list[Json], expected: int) -> Finished:
    try:
        count = await database.update(statement, parameters, expected)
    except WrongCount as wrong:
        reason = f"Update count {wrong.count} does not match with expected update count {expected}"
        return Finished(status=TaskStatus.FAILED, output={"update_count": wrong.count}, reason=reason)
    return Finished(status=TaskStatus.COMPLETED, output={"update_count": count})


def _expected(value: JsonObject) -> int:
    """How many rows must change; 0: any number."""
    given = value.get("expectedUpdateCount")
    text = java_text(value.get("expectedOutputCount") if given is None else given).strip()
    return int(text) if text.isdecimal() and len(text) < 10 else 0
