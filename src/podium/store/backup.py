"""Backup: copies a database while servers go on working with it."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from pathlib import Path

from podium.errors import Conflict, NotFound


def back_up(database: Path, copy: Path) -> int:
    """Write the state of a SQLite database at this moment into a new file, durably; its size in bytes.

    One read transaction sees it whole, and holds up nobody. The file appears under its name when it is complete and has been checked.
    Raises NotFound when there is no database, Conflict when there is something under the name of the copy, OSError when either
    cannot be read or written.
    """
    if not database.is_file():
        raise NotFound(f"There is no database {database}.")
    if copy.exists():
        raise Conflict(f"{copy} exists; a copy does not take the place of another.")
    part = copy.with_name(f"{copy.name}.part")
    part.unlink(missing_ok=True)
    try:
        _copy(database, part)
        _sync(part)
        part.rename(copy)
        _sync(copy.parent)
        return copy.stat().st_size
    except sqlite3.Error as problem:
        raise OSError(f"{database} could not be copied to {copy}: {problem}") from problem
    finally:
        part.unlink(missing_ok=True)


def _copy(database: Path, part: Path) -> None:
    with closing(sqlite3.connect(database)) as source, closing(sqlite3.connect(part)) as target:
        source.execute("PRAGMA query_only = ON")
        source.backup(target)  # in one step: in several it would begin anew whenever somebody writes in between
        target.execute("PRAGMA journal_mode = DELETE")  # so that the copy is one file
        found = target.execute("PRAGMA quick_check").fetchone()[0]
        if found != "ok":
            raise sqlite3.DatabaseError(found)


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
