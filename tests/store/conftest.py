"""A store per test. A database that joins later adds one entry to `STORES`."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from podium.store.sqlite import SqliteStore
from podium.store.store import Store

STORES: dict[str, Callable[[Path], Store]] = {
    "sqlite": lambda folder: SqliteStore(str(folder / "podium.db")),
    "sqlite-private": lambda _: SqliteStore("sqlite://"),
}


@pytest.fixture(params=list(STORES))
async def store(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Store]:
    """An open, empty store."""
    opened = STORES[request.param](tmp_path)
    await opened.open()
    yield opened
    await opened.close()
