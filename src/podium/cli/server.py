"""`podium server`: runs the server until it is told to stop."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from podium.errors import Invalid
from podium.settings import Row, Settings, load_settings, table


def run(arguments: Sequence[str]) -> int:
    """Run the server; 0 after an orderly end, 2 for settings that are not valid, 1 when it could not start."""
    settings = read_settings(parser(), arguments)
    if settings is None:
        return 2
    return serve_many(settings, arguments) if settings.workers > 1 else serve(settings)


def read_settings(flags_of: argparse.ArgumentParser, arguments: Sequence[str]) -> Settings | None:
    """The settings, with these flags on top; None when something is wrong with them, which is told on standard error."""
    known, unknown = flags_of.parse_known_args(arguments)
    given = vars(known)
    config = given.pop("config")
    flags = {name: value for name, value in given.items() if value is not None}
    flags |= {word.lstrip("-").partition("=")[0]: "" for word in unknown if word.startswith("-")}  # to be refused with all other mistakes
    try:
        return load_settings(flags, os.environ, Path(config) if config else None)
    except Invalid as mistakes:
        for problem in mistakes.problems:
            sys.stderr.write(f"podium: {problem.path}: {problem.message}\n")
        return None


def parser(program: str = "podium server", about: str = "Run the Podium server.") -> argparse.ArgumentParser:
    """A flag for every setting."""
    made = argparse.ArgumentParser(prog=program, description=about, allow_abbrev=False)
    made.add_argument("--config", metavar="FILE", help="TOML file with settings, named as the flags are (PODIUM_CONFIG)")
    for row in table():
        made.add_argument("--" + row.name.replace("_", "-"), metavar=row.type.upper().replace(" | ", "|"), help=_help(row))
    return made


def _help(row: Row) -> str:
    default = ",".join(row.default) if isinstance(row.default, tuple) else str(row.default)
    unit = f" {row.unit}" if row.unit else ""
    return f"{row.help} Default: {default or 'none'}{unit}.".replace("%", "%%")


def serve_many(settings: Settings, arguments: Sequence[str]) -> int:
    """Run several servers on one port."""
    from podium import log
    from podium.cli.workers import supervise

    if not settings.database.startswith("postgres"):
        sys.stderr.write("podium: workers: several processes need a database that they can share: postgresql://…\n")
        return 2
    log.configure(settings.log_level, settings.log_format)
    try:
        command = [sys.executable, "-m", "podium", "server", *arguments, "--workers", "1"]
        return supervise(settings.workers, settings.host, settings.port, settings.drain_seconds, command)
    except OSError as problem:
        sys.stderr.write(f"podium: {settings.host}:{settings.port}: {problem.strerror}\n")
        return 1


def serve(settings: Settings) -> int:
    """Run the server in this process."""
    from podium.cli.process import run_process

    return run_process(settings)
