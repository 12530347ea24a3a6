"""Tags: which words hang on what, in memory, in step with the store."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from podium.model.tag import Tag
from podium.store.store import Store

TAG = "tag"  # kind of what the store keeps by name

_decode = msgspec.json.Decoder(list[Tag]).decode


class Tags:
    """The tags of anything that has a kind and a name: `SECRET_NAME`, `ENV_VARIABLE`."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._tags: dict[str, list[Tag]] = {}

    async def load(self) -> None:
        """Read all from the store."""
        self._tags = {name: _decode(body) for name, body in (await self._store.kept(TAG)).items()}

    def of(self, kind: str, name: str) -> list[Tag]:
        """The tags of one thing, by key."""
        return self._tags.get(_place(kind, name), [])

    async def add(self, kind: str, name: str, tags: Sequence[Tag]) -> None:
        """Add tags; one whose key is there already replaces it (spec/platform.md §0.7)."""
        found = {tag.key: tag for tag in (*self.of(kind, name), *tags)}
        await self._keep(_place(kind, name), [found[key] for key in sorted(found)])

    async def remove(self, kind: str, name: str, tags: Sequence[Tag]) -> None:
        """Remove the tags with exactly these keys and values; others stay."""
        gone = [(tag.key, tag.value) for tag in tags]
        await self._keep(_place(kind, name), [tag for tag in self.of(kind, name) if (tag.key, tag.value) not in gone])

    async def clear(self, kind: str, name: str) -> None:
        """Remove all: the thing itself is gone."""
        if self.of(kind, name):
            await self._keep(_place(kind, name), [])

    async def _keep(self, place: str, tags: list[Tag]) -> None:
        if tags:
            await self._store.keep(TAG, place, msgspec.json.encode(tags))
            self._tags[place] = tags
        else:
            await self._store.forget(TAG, place)
            self._tags.pop(place, None)


def _place(kind: str, name: str) -> str:
    return f"{kind}:{name}"
