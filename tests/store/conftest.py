"""A store per test. A database that joins later adds one entry to `STORES`."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable

import pytest

from podium.store.sqlite import SqliteStore
from podium.store.store import Store

STORES: dict[str, Callable[[], Store]] = {
    "sqlite": lambda: SqliteStore("sqlite://"),
}


@pytest.fixture(params=list(STORES))
async def store(request: pytest.FixtureRequest) -> AsyncIterator[Store]:
    """An open, empty store."""
    opened = STORES[request.param]()
    await opened.open()
    yield opened
    await opened.close()
