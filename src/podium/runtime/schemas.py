"""Schemas that definitions name, by name and version (spec/platform.md §5.1)."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from msgspec.structs import replace

from podium.clock import Clock
from podium.errors import NotFound
from podium.model.definition import SchemaDef
from podium.store.store import Store

SCHEMA = "schema"  # the kind under which the store keeps them

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(SchemaDef).decode


class Schemas:
    """All of them, in memory, in step with the store."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._versions: dict[str, dict[int, SchemaDef]] = {}

    async def load(self) -> None:
        """Read all from the store."""
        bodies = await self._store.kept(SCHEMA)
        self._versions = {}
        for body in bodies.values():
            self._take(_decode(body))

    def get(self, name: str, version: int | None) -> SchemaDef | None:
        """The schema; the one with the highest version when none is given."""
        versions = self._versions.get(name)
        if not versions:
            return None
        return versions.get(max(versions) if version is None else version)

    def all(self) -> list[SchemaDef]:
        """All versions of all names, by name and version."""
        return [self._versions[name][version] for name in sorted(self._versions) for version in sorted(self._versions[name])]

    async def put(self, schemas: Sequence[SchemaDef], actor: str, *, new_version: bool) -> None:
        """Keep schemas: those that exist are replaced, or with `new_version` stored as the version after the latest."""
        for schema in schemas:
            dated = self._dated(schema, actor, new_version=new_version)
            await self._store.keep(SCHEMA, _key(dated), _encode(dated))
            self._take(dated)

    async def delete(self, name: str, version: int | None) -> None:
        """Forget a version, or all when none is given. Raises NotFound."""
        versions = self._versions.get(name, {})
        wanted = sorted(versions) if version is None else [number for number in versions if number == version]
        if not wanted:
            raise unknown(name, version)
        for number in wanted:
            await self._store.forget(SCHEMA, _key(versions[number]))
            del versions[number]
        if not versions:
            self._versions.pop(name, None)

    def _dated(self, schema: SchemaDef, actor: str, *, new_version: bool) -> SchemaDef:
        latest = self.get(schema.name or "", None)
        version = (latest.version or 0) + 1 if new_version and latest is not None else 1 if new_version else schema.version or 1
        known = self.get(schema.name or "", version)
        now = self._clock.now()
        if known is None:
            return replace(schema, version=version, create_time=now, created_by=actor, update_time=0, updated_by=None)
        return replace(
            schema, version=version, create_time=known.create_time, created_by=known.created_by, update_time=now, updated_by=actor
        )

    def _take(self, schema: SchemaDef) -> None:
        self._versions.setdefault(schema.name or "", {})[schema.version or 1] = schema


def unknown(name: str, version: int | None) -> NotFound:
    """There is no such schema."""
    return NotFound(f"No such schema found by name: {name}, version: {version}")


def _key(schema: SchemaDef) -> str:
    return f"{schema.name}:{schema.version}"
