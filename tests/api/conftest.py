"""What every test of the doors starts from."""

from __future__ import annotations

import pytest

from podium.api.resources import all_routes
from tests.api.door import Client


@pytest.fixture
def client() -> Client:
    """The whole API over an empty platform."""
    return Client(all_routes())
