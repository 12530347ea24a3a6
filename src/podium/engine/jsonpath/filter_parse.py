"""Reads a filter, `(@.x == 1 && …)`, into a test of one item."""

import re
from collections.abc import Callable
from typing import Final, TypeAlias

from podium.engine.java_text import scalar_text
from podium.engine.jsonpath.compare import OPERATORS, NotAListError
from podium.engine.jsonpath.cursor import Cursor, read_literal
from podium.engine.jsonpath.pattern import Pattern, pattern
from podium.engine.jsonpath.reading import MAX_DEPTH, Reading
from podium.engine.jsonpath.step import Test, Track
from podium.model.json import Json

# A value written down (in a tuple of its own), a path, or a pattern.
_Operand: TypeAlias = tuple[Json] | Track | Pattern
_ReadTrack: TypeAlias = Callable[[Cursor, int], Track]
_OPERATOR = re.compile(r"[<>=~!]+|[A-Za-z]+")
_PATTERN = re.compile(r"/((?:[^\\/]|\\.)*)/([A-Za-z]*)", re.DOTALL)
_ENDS: Final = ("", ")", "&", "|")


class FilterParser:
    """Reads one filter. `read_track` reads the paths in it."""

    def __init__(self, cursor: Cursor, read_track: _ReadTrack, depth: int) -> None:
        self.cursor = cursor
        self.read_track = read_track
        self.depth = depth

    def group(self) -> Test:
        """`( … )`."""
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise self.cursor.error("too many brackets inside of each other")
        self.cursor.expect("(")
        test = self.alternatives()
        self.cursor.expect(")")
        self.depth -= 1
        return test

    def alternatives(self) -> Test:
        """`a || b`."""
        tests = [self.conditions()]
        while self.cursor.skip("||"):
            tests.append(self.conditions())
        return tests[0] if len(tests) == 1 else lambda item, reading: any(test(item, reading) for test in tests)

    def conditions(self) -> Test:
        """`a && b`."""
        tests = [self.condition()]
        while self.cursor.skip("&&"):
            tests.append(self.condition())
        return tests[0] if len(tests) == 1 else lambda item, reading: all(test(item, reading) for test in tests)

    def condition(self) -> Test:
        """One comparison, one `@.path` that must be there, a group, or the opposite of any of them."""
        negative = False
        while self.cursor.skip("!"):
            negative = not negative
        if self.cursor.peek() == "(" or self.cursor.skip_blanks() == "(":
            test = self.group()
            return _negated(test) if negative else test
        left = self.operand()
        if self.cursor.skip_blanks() in _ENDS:
            if not isinstance(left, Track):
                raise self.cursor.error("expected an operator")
            return _exists(left, wanted=not negative)
        # Jayway does not see a `!` before the path of a comparison.
        return self.comparison(left)

    def comparison(self, left: _Operand) -> Test:
        """`left operator right`. An operand that cannot be compared does not pass."""
        found = self.cursor.match(_OPERATOR)
        name = found[0].lower() if found else ""
        if name != "=~" and name not in OPERATORS:
            raise self.cursor.error("unknown operator")
        right = self.operand()
        if name == "=~":
            return _matches(left, right)
        if isinstance(left, Pattern) or isinstance(right, Pattern):
            raise self.cursor.error("a pattern needs the operator =~")
        return _compared(OPERATORS[name], left, right)

    def operand(self) -> _Operand:
        """A literal, a path or a pattern."""
        symbol = self.cursor.skip_blanks()
        if symbol and symbol in "$@":
            return self.read_track(self.cursor, self.depth)
        if symbol == "/":
            found = self.cursor.match(_PATTERN)
            if found is None:
                raise self.cursor.error("the pattern does not end")
            return pattern(found[1], found[2])
        return (read_literal(self.cursor),)


def _negated(test: Test) -> Test:
    return lambda item, reading: not test(item, reading)


def _exists(track: Track, *, wanted: bool) -> Test:
    return lambda item, reading: bool(track.found(item, reading)) is wanted


def _value(operand: tuple[Json] | Track, item: Json, reading: Reading) -> Json:
    if isinstance(operand, tuple):
        return operand[0]
    found = operand.found(item, reading)
    if not operand.definite:
        return found
    return found[-1] if found else None  # a path that leads nowhere is as good as null


def _compared(compare: Callable[[Json, Json], bool], left: tuple[Json] | Track, right: tuple[Json] | Track) -> Test:
    def test(item: Json, reading: Reading) -> bool:
        one, other = _value(left, item, reading), _value(right, item, reading)
        reading.spend((len(one) if isinstance(one, list) else 1) * (len(other) if isinstance(other, list) else 1))
        try:
            return compare(one, other)
        except NotAListError:
            return False

    return test


def _matches(left: _Operand, right: _Operand) -> Test:
    """`=~`: the pattern fits the whole text; of a list, one of its elements."""
    expression, operand = (left, right) if isinstance(left, Pattern) else (right, left)
    if not isinstance(expression, Pattern) or isinstance(operand, Pattern):
        return lambda item, reading: False  # noqa: ARG005 - a test has two parameters

    def test(item: Json, reading: Reading) -> bool:
        value = _value(operand, item, reading)
        candidates = value if isinstance(value, list) else [value]
        return any(expression.matches(_subject(candidate), reading) for candidate in candidates)

    return test


def _subject(value: Json) -> str:
    return scalar_text(value) if isinstance(value, str | int | float) else ""
