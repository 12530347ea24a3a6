"""Where the `${…}` segments of a string are."""

import re
from collections.abc import Iterator
from typing import NamedTuple

_BRACE = re.compile(r"[{}]")
_OPENING = re.compile(r"(?<!\$)\$\{")


class Segment(NamedTuple):
    """One outermost `${…}`: `text[start:end]`, braces included, and the segments nested inside of it."""

    start: int
    end: int
    nested: bool  # whether another segment begins inside

    def inner(self, text: str) -> str:
        """What stands between the braces."""
        return text[self.start + 2 : self.end - 1]


def segments(text: str) -> list[Segment]:
    """The outermost segments of `text`, left to right.

    A segment begins at `${` with no `$` before it and ends at the brace that balances it; all braces count, quoted or not. A
    `${` without its brace is text (spec/engine.md §3.12.1). Takes time proportional to the text.
    """
    closing = closings(text)
    return list(within(text, closing, 0, len(text)))


def closings(text: str) -> dict[int, int]:
    """Position of every `{` that is balanced → position of its `}`."""
    found: dict[int, int] = {}
    opened: list[int] = []
    for match in _BRACE.finditer(text):
        if match[0] == "{":
            opened.append(match.start())
        elif opened:
            found[opened.pop()] = match.start()
    return found


def within(text: str, closing: dict[int, int], start: int, end: int) -> Iterator[Segment]:
    """The outermost segments of `text[start:end]`, given the `closings` of the whole text."""
    while (match := _OPENING.search(text, start, end)) is not None:
        brace = closing.get(match.end() - 1)
        if brace is None:
            start = match.end()
            continue
        yield Segment(match.start(), brace + 1, _OPENING.search(text, match.end(), brace) is not None)
        start = brace + 1


def innermost(text: str, outer: Segment, closing: dict[int, int]) -> Iterator[Segment]:
    """The segments inside `outer` that hold no other, left to right; `outer` itself when it holds none."""
    pending = [outer]
    while pending:
        segment = pending.pop()
        if segment.nested:
            pending.extend(reversed(list(within(text, closing, segment.start + 2, segment.end - 1))))
        else:
            yield segment
