"""Scenarios: recorded conversations with a Conductor server, as they stand in the files of `scenarios/`."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any, Literal

import msgspec
from msgspec import UNSET, UnsetType
from msgspec.structs import replace

SCENARIOS = Path(__file__).parent / "scenarios"


class Seen(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An answer in the form that is compared: ids, times and the run's suffix are placeholders."""

    status: int
    body: Any | UnsetType = UNSET


class Step(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One request and what was seen, or a sleep. `README.md` beside this file explains each word."""

    call: str = ""
    body: Any | UnsetType = UNSET
    text: str | UnsetType = UNSET
    type: str = "text/plain"
    headers: dict[str, str] = {}
    save: dict[str, str] = {}
    until: dict[str, Any] = {}
    within: float = 15
    see: list[str] | Literal["all"] | UnsetType = UNSET
    sort: dict[str, str] = {}
    drop: list[str] = []
    exact: bool = False
    sleep: float = 0
    seen: Seen | UnsetType = UNSET
    podium: Seen | UnsetType = UNSET
    why: str = ""
    note: str = ""

    @property
    def wanted(self) -> Seen | UnsetType:
        """What Podium has to answer."""
        return self.seen if self.podium is UNSET else self.podium


class Scenario(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A conversation about one rule."""

    name: str
    about: str
    steps: list[Step]
    spec: str = ""
    note: str = ""

    @property
    def calls_itself(self) -> bool:
        """Whether tasks of it call the server they run on, so that it needs a real port."""
        return b"${base}" in msgspec.json.encode(self.steps)


class Explained(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A step whose recording contradicts another one, or the specification, and what Podium answers instead."""

    scenario: str
    step: int
    status: int
    because: str


class Later(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Scenarios that the issue with this subject will bring."""

    subject: str
    because: str
    scenarios: list[str]


class _Table(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    explained: list[Explained]
    issue: list[Later] = []  # none: every recording holds


@cache
def _table() -> _Table:
    return msgspec.toml.decode(Path(__file__).with_name("later.toml").read_bytes(), type=_Table)


def later() -> frozenset[str]:
    """The scenarios that do not hold yet."""
    return frozenset(name for issue in _table().issue for name in issue.scenarios)


def explained() -> list[Explained]:
    """The steps that Podium answers otherwise than its recording says."""
    return _table().explained


def read(name: str, *, as_recorded: bool = False) -> Scenario:
    """The scenario `folder/name`, with the explained answers in the place of the recorded ones."""
    scenario = msgspec.json.decode((SCENARIOS / f"{name}.json").read_bytes(), type=Scenario)
    answers = {} if as_recorded else {entry.step: entry for entry in explained() if entry.scenario == name}
    steps = [
        replace(step, podium=Seen(status=answers[number].status), why=answers[number].because) if number in answers else step
        for number, step in enumerate(scenario.steps)
    ]
    return replace(scenario, steps=steps)


def names() -> list[str]:
    """All scenarios, as `folder/name`."""
    return sorted(str(file.relative_to(SCENARIOS).with_suffix("")) for file in SCENARIOS.rglob("*.json"))
