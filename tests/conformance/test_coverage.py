"""Every rule that the specification pins is held by something that exists."""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.conformance.scenario import names

ROOT = Path(__file__).parents[2]
# The sections of engine.md with facts that it marks PIN or QUIRK, as far as a step of a workflow is concerned.
# fmt: off
PINNED = (
    "0.4", "1.1", "1.3", "2.2", "2.3", "2.4", "2.5", "2.6", "2.7", "2.8", "2.9", "2.10", "2.11", "3.1", "3.2", "3.7", "3.8", "3.9",
    "3.10", "3.11", "3.12.1", "3.12.2", "3.12.3", "3.12.5", "3.12.6", "3.12.7", "4.1", "4.2", "4.3", "5.2", "5.3", "6.2", "6.3", "6.5",
    "6.6", "6.8", "8.1", "8.3", "9.2", "9.4", "9.5",
)
# fmt: on


class Row(NamedTuple):
    """A line of coverage.md."""

    section: str
    kind: str
    rule: str
    held_by: tuple[str, ...]


def rows() -> list[Row]:
    lines = [line for line in Path(__file__).with_name("coverage.md").read_text().splitlines() if line.startswith("| ")][1:]
    cells = [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines]
    return [Row(section, kind, rule, tuple(re.findall(r"`([^`]+/[^`]+)`", held_by))) for section, kind, rule, held_by in cells]


def exists(place: str) -> bool:
    """Whether a scenario, or a test of a file, is there; `*` stands for any test of the file."""
    file, is_test, test = place.partition("::")
    if not is_test:
        return place in names()
    if not (ROOT / file).exists():
        return False
    return test == "*" or f"def {test}(" in (ROOT / file).read_text()


@pytest.mark.parametrize("row", rows(), ids=lambda row: f"{row.section}: {row.rule}")
def test_what_holds_a_rule_exists(row: Row) -> None:
    assert row.held_by
    assert [place for place in row.held_by if not exists(place)] == []


def test_every_section_with_pinned_facts_is_in_the_table() -> None:
    told = {row.section for row in rows() if row.kind in ("PIN", "QUIRK")}
    assert [section for section in PINNED if f"engine §{section}" not in told] == []


def test_every_own_scenario_is_in_the_table() -> None:
    named = {place for row in rows() for place in row.held_by}
    assert [name for name in names() if name.startswith("podium/") and name not in named] == []
