"""Every recorded scenario holds, apart from those that stand in later.toml with the reason; and those do not hold yet."""

from __future__ import annotations

import os

import pytest
from msgspec import UNSET

from podium.store.postgres import PostgresStore
from tests import postgres
from tests.conformance.replay import Difference, replay
from tests.conformance.scenario import Explained, explained, later, names, read

LATER = later()
# All of them with PODIUM_TEST_DATABASE=postgres, else a sample: what differs between the databases, tests/store knows better.
ON_POSTGRES = [name for name in names() if name not in LATER][:: 1 if os.environ.get("PODIUM_TEST_DATABASE") == "postgres" else 6]


@pytest.mark.parametrize("name", [name for name in names() if name not in LATER])
async def test_podium_answers_what_was_recorded(name: str) -> None:
    await replay(read(name))


@pytest.mark.parametrize("name", ON_POSTGRES)
async def test_podium_answers_the_same_on_postgres(name: str) -> None:
    async with postgres.database() as url:
        await replay(read(name), PostgresStore(url))


@pytest.mark.parametrize("name", sorted(LATER))
async def test_what_a_later_issue_will_bring_is_not_there_yet(name: str) -> None:
    with pytest.raises(Difference):
        await replay(read(name))


@pytest.mark.parametrize("entry", explained(), ids=lambda entry: f"{entry.scenario}:{entry.step}")
def test_an_explained_answer_differs_from_the_recorded_one(entry: Explained) -> None:
    assert read(entry.scenario, as_recorded=True).steps[entry.step].wanted != read(entry.scenario).steps[entry.step].wanted


def test_every_answer_that_differs_from_the_server_says_why() -> None:
    silent = [name for name in names() if any(step.podium is not UNSET and not step.why for step in read(name).steps)]
    assert silent == []
