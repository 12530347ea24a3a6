"""The list of deliberate differences, and what it explains."""

from __future__ import annotations

import json
import re
from dataclasses import asdict
from functools import cache
from pathlib import Path
from typing import Any

import msgspec
from tools.differential.comparing import Difference
from tools.differential.generator import Case

TABLE = Path(__file__).with_name("deliberate.toml")


class Deliberate(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A difference that is meant. All patterns are regular expressions: the first three fit the whole, `definitions` a part."""

    name: str
    because: str
    spec: str  # where the rule stands
    path: str
    oracle: str = ".*"  # the real server's value, as JSON
    podium: str = ".*"
    definitions: str = ""  # something in the case's definitions, as JSON
    whole: bool = False  # whether all else that differs in the case follows from it

    def explains(self, difference: Difference, definitions: str) -> bool:
        """Whether a difference is this one."""
        return (
            re.fullmatch(self.path, difference.path) is not None
            and re.search(self.definitions, definitions) is not None
            and _fits(self.oracle, difference.oracle)
            and _fits(self.podium, difference.podium)
        )


class _Table(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    deliberate: list[Deliberate]


@cache
def deliberate() -> tuple[Deliberate, ...]:
    """All of them. Raises msgspec.ValidationError when the file is not as it should be."""
    return tuple(msgspec.toml.decode(TABLE.read_bytes(), type=_Table).deliberate)


def unexplained(case: Case, differences: list[Difference]) -> tuple[list[Difference], list[Deliberate]]:
    """What nothing explains, and what explained the rest."""
    definitions = json.dumps(asdict(case), ensure_ascii=False)
    reasons = [(one, _reason(one, definitions)) for one in differences]
    used = [reason for _, reason in reasons if reason]
    if any(reason.whole for reason in used):
        return [], used
    return [one for one, reason in reasons if reason is None], used


def _reason(difference: Difference, definitions: str) -> Deliberate | None:
    return next((one for one in deliberate() if one.explains(difference, definitions)), None)


def _fits(pattern: str, value: Any) -> bool:
    return re.fullmatch(pattern, json.dumps(value, ensure_ascii=False), re.DOTALL) is not None
