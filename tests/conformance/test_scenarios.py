"""Every recorded scenario holds, apart from those that stand in later.toml with the reason; and those do not hold yet."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from tests.conformance.replay import Difference, replay
from tests.conformance.scenario import names, read

LATER: dict[str, str] = {
    name: issue["subject"]
    for issue in tomllib.loads(Path(__file__).with_name("later.toml").read_text())["issue"]
    for name in issue["scenarios"]
}


@pytest.mark.parametrize("name", [name for name in names() if name not in LATER])
async def test_podium_answers_what_was_recorded(name: str) -> None:
    await replay(read(name))


@pytest.mark.parametrize("name", sorted(LATER))
async def test_what_a_later_issue_will_bring_is_not_there_yet(name: str) -> None:
    with pytest.raises(Difference):
        await replay(read(name))
