"""Key source: where the keys of this installation are kept, which is never the database.

Either a setting holds them, one after the other, for several servers; or a file that only its owner may read, made at the first start.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from podium.errors import LostKey, NotSupported
from podium.runtime.keyring import Key, Keyring, new_key, read_key

_HEADER = "# The keys of a Podium installation: the first encrypts secrets, all decrypt them. Without this file the secrets are lost.\n"


class KeySource(Protocol):
    """Where keys come from."""

    def ready(self, *, needed: bool) -> None:
        """Make a key if there is none. Raises LostKey when there is none though something was encrypted with one (`needed`)."""

    def keyring(self) -> Keyring:
        """The keys as they are now. Raises LostKey when they cannot be read, NotSupported when this server has none."""

    def rotate(self) -> None:
        """Put a new key first, if keys are made here; where an operator sets them, the first one is the new one."""


class KeyFile:
    """A file with a key in each line."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def ready(self, *, needed: bool) -> None:
        """Make the file at the first start."""
        if self._path.exists():
            self.keyring()
        elif needed:
            raise LostKey(f"The database holds secrets, but the file with their key is not there: {self._path}")
        else:
            self._make([new_key()])

    def keyring(self) -> Keyring:
        """Read the file."""
        try:
            lines = self._path.read_text(encoding="ascii").splitlines()
        except (OSError, UnicodeDecodeError) as error:
            raise LostKey(f"The file with the keys cannot be read: {self._path}: {error}") from error
        numbered = [(number, line) for number, line in enumerate(lines, start=1) if line.strip() and not line.startswith("#")]
        if not numbered:
            raise LostKey(f"The file with the keys holds none: {self._path}")
        return Keyring([read_key(line, f"{self._path}:{number}") for number, line in numbered])

    def rotate(self) -> None:
        """A new key first; the one that was first stays, for what a running server may still encrypt with it. Older ones go."""
        self._replace([new_key(), self.keyring().keys[0]])

    def _make(self, keys: Sequence[Key]) -> None:
        written = self._written(keys)
        try:
            os.link(written, self._path)  # whole or not at all, and only if nobody was faster
        except FileExistsError:
            self.keyring()
        finally:
            written.unlink()
        _sync(self._path.parent)

    def _replace(self, keys: Sequence[Key]) -> None:
        self._written(keys).replace(self._path)
        _sync(self._path.parent)

    def _written(self, keys: Sequence[Key]) -> Path:
        """A file beside it that is on disk, and that its owner alone may read."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=self._path.name, dir=self._path.parent)  # mode 0600
        with os.fdopen(handle, "w", encoding="ascii") as file:
            file.write(_HEADER + "".join(key.text + "\n" for key in keys))
            file.flush()
            os.fsync(file.fileno())
        return Path(name)


class GivenKeys:
    """Keys that an operator sets, the first of which encrypts; without any there are no secrets."""

    def __init__(self, texts: Sequence[str]) -> None:
        self._texts = tuple(texts)

    def ready(self, *, needed: bool) -> None:
        """See whether they can be read."""
        if self._texts:
            self.keyring()
        elif needed:
            raise LostKey("The database holds secrets, but this server has no key: set secret-key or secret-key-file")

    def keyring(self) -> Keyring:
        """Read them."""
        if not self._texts:
            raise NotSupported("This server keeps no secrets: it has no key to encrypt them with (settings secret-key, secret-key-file)")
        return Keyring([read_key(text, f"secret-key, number {number}") for number, text in enumerate(self._texts, start=1)])

    def rotate(self) -> None:
        """The operator has put a new one first."""


def _sync(folder: Path) -> None:
    """Make a name in a folder survive a power cut."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
