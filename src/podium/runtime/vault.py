"""Vault: the secrets of the installation, in memory as they are, in the store encrypted."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

import msgspec

from podium.clock import Clock
from podium.errors import Invalid, LostKey, NotFound, NotSupported, Problem, TooLarge
from podium.runtime.key_source import KeySource
from podium.runtime.keyring import Keyring
from podium.store.store import Store

LONGEST: Final = 65_535  # characters of a value
_NAME: Final = re.compile(r"[a-zA-Z0-9_-]+")
SECRET: Final = "secret"  # noqa: S105 - not a secret: a kind of what the store keeps by name


class Secret(msgspec.Struct, frozen=True, kw_only=True):
    """A value and when it was set; times are epoch ms, 0 for one that stands in the environment of the server."""

    value: str
    create_time: int = 0
    update_time: int = 0


class _Record(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A secret as it is stored."""

    sealed: bytes
    create_time: int
    update_time: int
    updated_by: str


_decode = msgspec.json.Decoder(_Record).decode


class Vault:
    """Secrets by name. Those of the server's environment lie below: one that is stored under the same name wins."""

    def __init__(self, store: Store, clock: Clock, keys: KeySource, below: Mapping[str, str]) -> None:
        self._store = store
        self._clock = clock
        self._keys = keys
        self._below = {name: Secret(value=value) for name, value in below.items()}
        self._stored: dict[str, Secret] = {}

    async def load(self) -> None:
        """Read and decrypt everything, and make a key if this is the first start. Raises LostKey, naming every secret that it concerns."""
        kept = await self._store.kept(SECRET)
        self._keys.ready(needed=bool(kept))
        self._stored = _opened(kept, self._keys.keyring()) if kept else {}

    @property
    def empty(self) -> bool:
        """There is no secret at all."""
        return not self._stored and not self._below

    def names(self) -> list[str]:
        """The names of all secrets."""
        return sorted(self._below.keys() | self._stored.keys())

    def find(self, name: str) -> Secret | None:
        """A secret."""
        return self._stored.get(name) or self._below.get(name)

    def value(self, name: str) -> str | None:
        """What `${workflow.secrets.NAME}` stands for."""
        secret = self.find(name)
        return None if secret is None else secret.value

    async def put(self, name: str, value: str, actor: str) -> None:
        """Keep a secret. Raises Invalid for a name or value that cannot be one, TooLarge, NotSupported when this server has no key."""
        _check(name, value)
        now = self._clock.now()
        known = self._stored.get(name)
        created = known.create_time if known is not None else now
        # The keys are read anew: they may have been rotated since.
        sealed = self._keys.keyring().seal(value.encode(), _about(name))
        record = _Record(sealed=sealed, create_time=created, update_time=now, updated_by=actor)
        await self._store.keep(SECRET, name, msgspec.json.encode(record))
        self._stored[name] = Secret(value=value, create_time=created, update_time=now)

    async def forget(self, name: str) -> None:
        """Forget a secret. Raises NotFound, NotSupported for one that stands in the environment of the server."""
        if name not in self._stored and name in self._below:
            raise NotSupported(f"The secret '{name}' stands in the environment of the server and cannot be deleted here")
        if await self._store.forget(SECRET, name) is None:
            raise NotFound(f"Secret '{name}' not found")
        self._stored.pop(name, None)

    async def rotate(self) -> int:
        """Encrypt everything under a new key; how many secrets. Servers may run meanwhile. Raises LostKey, NotSupported."""
        self._keys.keyring()
        older = await self._seal_anew()  # ends a rotation that was interrupted, whose oldest key goes now
        self._keys.rotate()
        return max(older, await self._seal_anew())

    async def _seal_anew(self) -> int:
        """Encrypt under the first key what is not; how many. What changes meanwhile is looked at again."""
        ring, count = self._keys.keyring(), 0
        while True:
            kept = await self._store.kept(SECRET)
            _opened(kept, ring)
            older = {name: body for name, body in kept.items() if not ring.newest(_decode(body).sealed)}
            if not older:
                return count
            for name, body in older.items():
                record = _decode(body)
                sealed = ring.seal(ring.open(record.sealed, _about(name)), _about(name))
                anew = msgspec.structs.replace(record, sealed=sealed)
                count += await self._store.exchange(SECRET, name, body, msgspec.json.encode(anew))


def _check(name: str, value: str) -> None:
    if not _NAME.fullmatch(name):
        message = f"The name of a secret must consist of letters, digits, _ and -, not '{name[:100]}'"
        raise Invalid(message, [Problem("key", message, name[:100])])
    if not value.strip():
        raise Invalid("The value of a secret cannot be empty")
    if len(value) > LONGEST:
        raise TooLarge(f"The value of a secret has at most {LONGEST} characters, this one has {len(value)}")


def _opened(kept: Mapping[str, bytes], ring: Keyring) -> dict[str, Secret]:
    """The secrets, decrypted. Raises LostKey with the reason for each that cannot be."""
    found: dict[str, Secret] = {}
    problems: list[str] = []
    for name, body in kept.items():
        record = _decode(body)
        try:
            value = ring.open(record.sealed, _about(name)).decode()
        except LostKey as problem:
            problems.append(problem.message)
        else:
            found[name] = Secret(value=value, create_time=record.create_time, update_time=record.update_time)
    if problems:
        raise LostKey("Secrets cannot be decrypted: " + "; ".join(problems))
    return found


def _about(name: str) -> str:
    return f"secret {name}"
