"""An open, empty store per test, of each database."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

import pytest

from podium.store.postgres import PostgresStore
from podium.store.sqlite import SqliteStore
from podium.store.store import Store
from tests import postgres


@asynccontextmanager
async def a_sqlite_store() -> AsyncIterator[Store]:
    yield SqliteStore("sqlite://")


@asynccontextmanager
async def a_postgres_store() -> AsyncIterator[Store]:
    async with postgres.database() as url:
        yield PostgresStore(url)


STORES: dict[str, Callable[[], AbstractAsyncContextManager[Store]]] = {"sqlite": a_sqlite_store, "postgres": a_postgres_store}


@pytest.fixture(params=list(STORES))
async def store(request: pytest.FixtureRequest) -> AsyncIterator[Store]:
    """An open, empty store."""
    async with STORES[request.param]() as opened:
        await opened.open()
        yield opened
        await opened.close()
