"""Schema: brings a database up to the shape that this program knows, forward only."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator
from importlib.resources import files

from podium.errors import NewerDatabase

_NUMBERED = re.compile(r"(\d{4})_[a-z_]+\.sql")


def migrations(folder: str = "migrations") -> list[str]:
    """The scripts, in order; the first brings an empty database to version 1."""
    found = {int(match[1]): path for path in (files("podium.store") / folder).iterdir() if (match := _NUMBERED.fullmatch(path.name))}
    return [found[number].read_text() for number in range(1, len(found) + 1)]


def refuse_newer(present: int, known: int) -> None:
    """Raises NewerDatabase when a database has seen more scripts than this program knows."""
    if present > known:
        message = f"The database was written by a newer Podium: its schema is version {present}, this program knows up to {known}."
        raise NewerDatabase(f"{message} Upgrade Podium.", present=present, known=known)


def version(connection: sqlite3.Connection) -> int:
    """The schema's version; 0 for an empty database."""
    if not connection.execute("SELECT count(*) FROM sqlite_master WHERE name = 'meta'").fetchone()[0]:
        return 0
    number: int = connection.execute("SELECT schema_version FROM meta").fetchone()[0]
    return number


def migrate(connection: sqlite3.Connection, scripts: list[str]) -> None:
    """Run the scripts that this database has not seen, all in one transaction. Raises NewerDatabase when it has seen more."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        present, known = version(connection), len(scripts)
        refuse_newer(present, known)
        for script in scripts[present:]:
            for statement in _split(script):
                connection.execute(statement)
        if present < known:
            connection.execute("UPDATE meta SET schema_version = ?", (known,))
        connection.execute("COMMIT")
    finally:
        if connection.in_transaction:
            connection.execute("ROLLBACK")


def _split(script: str) -> Iterator[str]:
    # sqlite3's own executescript would commit before it starts.
    statement = ""
    for line in script.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""
