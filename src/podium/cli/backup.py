"""`podium backup`: copies the database into a file, while the server runs or not."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from podium.errors import CallerError, Invalid, Problem
from podium.settings import load_settings
from podium.store.backup import back_up
from podium.store.connection import database_path


def run(arguments: Sequence[str]) -> int:
    """Copy; 0 when the copy is complete, 1 when it could not be made, 2 for arguments that are not valid."""
    given = parser().parse_args(arguments)
    flags = {"database": given.database} if given.database is not None else {}
    try:
        settings = load_settings(flags, os.environ, Path(given.config) if given.config else None)
        path = _file(settings.database)
    except Invalid as mistakes:
        for problem in mistakes.problems:
            sys.stderr.write(f"podium: {problem.path}: {problem.message}\n")
        return 2
    try:
        size = back_up(path, Path(given.file))
    except (CallerError, OSError) as problem:
        sys.stderr.write(f"podium: {problem}\n")
        return 1
    sys.stdout.write(f"{given.file}: {size} bytes\n")
    return 0


def parser() -> argparse.ArgumentParser:
    """Its arguments."""
    made = argparse.ArgumentParser(
        prog="podium backup", description="Copy the database while the server runs: one file, complete and checked.", allow_abbrev=False
    )
    made.add_argument("file", metavar="FILE", help="where to; must not exist yet")
    made.add_argument("--database", metavar="URL", help="which database: sqlite:///FILE (PODIUM_DATABASE)")
    made.add_argument("--config", metavar="FILE", help="TOML file with settings (PODIUM_CONFIG)")
    return made


def _file(database: str) -> Path:
    """The file of a SQLite database. Raises Invalid for another kind: it has tools of its own."""
    scheme = database.partition("://")[0] if "://" in database else "sqlite"
    path = database_path(database)
    if scheme != "sqlite" or not path:
        raise Invalid(problems=[Problem("database", "only a SQLite file is copied; use pg_dump for PostgreSQL")])
    return Path(path)
