"""A server without doors, on a clock that stands still."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from podium.runtime.platform import Platform
from podium.testing.server import TestServer
from tests.runtime.world import TestStore


@pytest.fixture
async def store(tmp_path: Path) -> TestStore:
    return TestStore(str(tmp_path / "podium.db"))


@pytest.fixture
async def server(store: TestStore) -> AsyncIterator[TestServer]:
    async with TestServer(store=store) as running:
        yield running


@pytest.fixture
def platform(server: TestServer) -> Platform:
    return server.platform
