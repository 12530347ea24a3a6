"""The `podium` command: a table of subcommands, each in its own file and imported only when it is called."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from importlib import import_module
from typing import NamedTuple


class Command(NamedTuple):
    """A subcommand."""

    module: str  # has a function `run(arguments) -> exit code`
    help: str


COMMANDS = {
    "backup": Command("podium.cli.backup", "Copy the database while the server runs."),
    "server": Command("podium.cli.server", "Run the server."),
    "secrets": Command("podium.cli.secrets", "Make and change the key that encrypts secrets."),
    "version": Command("podium.cli.version", "Print the version."),
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a subcommand; its exit code."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    if not given or given[0] in ("-h", "--help", "help"):
        sys.stdout.write(usage())
        return 0
    command = COMMANDS.get(given[0])
    if command is None:
        sys.stderr.write(f"podium: there is no command {given[0]!r}\n\n{usage()}")
        return 2
    run: Callable[[list[str]], int] = import_module(command.module).run
    return run(given[1:])


def usage() -> str:
    """What the command can do."""
    lines = [f"  {name:<10}{command.help}" for name, command in COMMANDS.items()]
    return "usage: podium COMMAND [options]\n\n" + "\n".join(lines) + "\n\n`podium COMMAND --help` tells more of each.\n"
