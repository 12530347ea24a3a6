"""Every operation that the real server has is there, apart from those that later issues bring."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from podium.api.resources import all_routes
from podium.api.routing import Router

OPERATIONS = [f"{one['method']} {one['path']}" for one in json.loads(Path(__file__).with_name("operations.json").read_text())]
# Files; agents and their providers: each has an issue of its own.
LATER = re.compile(r"\w+ /api/(files|agent|a2a|providers)\b")
ROUTER = Router(all_routes())


def is_served(operation: str) -> bool:
    method, _, path = operation.partition(" ")
    return ROUTER.match(method, re.sub(r"\{[^}]+\}", "x", path)).route is not None


@pytest.mark.parametrize("operation", [one for one in OPERATIONS if not LATER.match(one)])
def test_an_operation_is_there(operation: str) -> None:
    assert is_served(operation)


@pytest.mark.parametrize("operation", [one for one in OPERATIONS if LATER.match(one)])
def test_an_operation_of_a_later_issue_is_not_there_yet(operation: str) -> None:
    assert not is_served(operation)
