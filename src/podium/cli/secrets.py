"""`podium secrets`: makes the key that encrypts secrets, and changes it."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Sequence

from podium.cli.server import parser, read_settings
from podium.errors import PodiumError
from podium.settings import Settings

_USAGE = """usage: podium secrets COMMAND [options]

  new-key     Print a key for the setting secret-key.
  rotate-key  Encrypt all secrets anew: under a new key where the keys are in a file, else under the first of secret-key.

`podium secrets rotate-key` takes the flags of `podium server`. Servers may run meanwhile.
"""


def run(arguments: Sequence[str]) -> int:
    """Run one of the commands; 2 for one that does not exist or settings that are not valid, 1 when it failed."""
    command, *rest = arguments or [""]
    if command == "new-key" and not rest:
        return _new_key()
    if command == "rotate-key":
        return _rotate_key(rest)
    if command in ("-h", "--help"):
        sys.stdout.write(_USAGE)
        return 0
    sys.stderr.write(_USAGE)
    return 2


def _new_key() -> int:
    from podium.runtime.keyring import new_key

    sys.stdout.write(new_key().text + "\n")
    return 0


def _rotate_key(arguments: Sequence[str]) -> int:
    settings = read_settings(parser("podium secrets rotate-key", "Encrypt all secrets anew."), arguments)
    if settings is None:
        return 2
    try:
        count = asyncio.run(_rotated(settings))
    except (PodiumError, OSError) as problem:
        sys.stderr.write(f"podium: {problem}\n")
        return 1
    sys.stdout.write(f"Secrets encrypted under another key: {count}\n")
    return 0


async def _rotated(settings: Settings) -> int:
    from podium.app import build

    platform = build(settings, os.environ)
    await platform.store.open()
    try:
        await platform.vault.load()
        return await platform.vault.rotate()
    finally:
        await platform.store.close()
