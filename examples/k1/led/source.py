"""Where something stands in a pattern, and how a mistake in it is shown."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


@dataclass(frozen=True)
class Place:
    """A position in a text; both numbers start at 1."""

    line: int
    column: int


@dataclass(frozen=True)
class Mistake:
    """One thing that is wrong, and where."""

    place: Place
    text: str


class PatternError(Exception):
    """A pattern that cannot be built; its text shows every mistake under the line it stands in."""

    def __init__(self, source: str, mistakes: Iterable[Mistake]) -> None:
        self.mistakes = sorted(mistakes, key=lambda mistake: (mistake.place.line, mistake.place.column))
        lines = source.splitlines() or [""]
        super().__init__("\n".join(_shown(lines, mistake) for mistake in self.mistakes))

    @property
    def summary(self) -> str:
        """The first mistake in one line, and how many more there are."""
        first, more = self.mistakes[0], len(self.mistakes) - 1
        rest = f" (and {more} more mistake{'s' * (more > 1)})" if more else ""
        return f"line {first.place.line}, column {first.place.column}: {first.text}{rest}"


def _shown(lines: list[str], mistake: Mistake) -> str:
    place = mistake.place
    line = lines[min(place.line, len(lines)) - 1].replace("\t", " ")
    number = f"{place.line:>4} | "
    return f"line {place.line}, column {place.column}: {mistake.text}\n{number}{line}\n{' ' * (len(number) + place.column - 1)}^"


def suggestion(word: str, known: Iterable[str]) -> str:
    """`; did you mean 'x'?` when a known word is close to the given one, else nothing."""
    near = difflib.get_close_matches(word, sorted(known), n=1, cutoff=0.6)
    return f"; did you mean '{near[0]}'?" if near else ""
