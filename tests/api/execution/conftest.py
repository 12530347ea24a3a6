"""What every test of executions starts from."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from podium.testing.server import TestServer
from tests.api.execution.scene import Scene


@pytest.fixture
async def scene() -> AsyncIterator[Scene]:
    """An empty server whose clock the test owns."""
    async with TestServer() as server:
        yield Scene(server)
