"""What every test of the doors starts from."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from podium.api.application import create_application
from podium.runtime.platform import Platform
from podium.testing.server import TestServer
from tests.api.door import Client


@pytest.fixture
async def platform() -> AsyncIterator[Platform]:
    """A server with an empty database and a clock that stands still."""
    async with TestServer() as server:
        yield server.platform


@pytest.fixture
def client(platform: Platform) -> Client:
    """The whole API over it."""
    return Client(create_application(platform))
