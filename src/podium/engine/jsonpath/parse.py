"""Reads the text of a path into its steps."""

import re
from collections.abc import Sequence
from typing import Final, NamedTuple, TypeAlias

from podium.engine.jsonpath import step
from podium.engine.jsonpath.cursor import Cursor, read_literal, read_string
from podium.engine.jsonpath.filter_parse import FilterParser
from podium.engine.jsonpath.function import Argument, function
from podium.engine.jsonpath.reading import MAX_DEPTH, PathError
from podium.engine.jsonpath.step import Step, Test, Track

_NAME = re.compile(r"[^ .\[(]+")
_NAME_IN_FILTER = re.compile(r"[^ .\[()<>=~!&|,]+")
_ARRAY = re.compile(r"([-\d:, ]+)\]")
_ENDS_IN_FILTER: Final = frozenset(" )<>=~!&|,")
_MAX_INDEX: Final = 2**31 - 1


class Key(NamedTuple):
    """`.name`, `['name']`."""

    name: str


class Keys(NamedTuple):
    """`['a','b']`."""

    names: list[str]


class Index(NamedTuple):
    """`[0]`."""

    number: int


class Many(NamedTuple):
    """Several indexes, a part of a list, or a wildcard."""

    step: Step


class Scan(NamedTuple):
    """`..`."""


class Filter(NamedTuple):
    """`[?(…)]`."""

    test: Test


class Call(NamedTuple):
    """`.name(…)`."""

    name: str
    arguments: list[Argument]


Token: TypeAlias = Key | Keys | Index | Many | Scan | Filter | Call


class Parsed(NamedTuple):
    """A path that was read."""

    tokens: list[Token]
    definite: bool  # leads to one value at most
    reads_document: bool  # refers to `$` from a filter or an argument


def parse(text: str) -> Parsed:
    """Read a whole path. `$.` is put before one that begins with neither `$` nor `@`. Raises PathError (spec/engine.md §3.12.4)."""
    trimmed = text.strip(" ")
    if not trimmed.startswith(("$", "@")):
        # Only blanks at the very ends are forgiven, so that ` a` is not a path and `a ` is: Jayway's way.
        trimmed = f"$.{text}".strip(" ")
    if trimmed.endswith("."):
        raise PathError(f"a path cannot end with '.': {text!r}")
    cursor = Cursor(trimmed)
    tokens = _read_tokens(cursor, 0, in_filter=False)
    return Parsed(tokens, is_definite(tokens), cursor.reads_document)


def is_definite(tokens: Sequence[Token]) -> bool:
    """Whether `tokens` lead to one value at most."""
    if _is_total(tokens):
        return True
    return all(
        isinstance(token, Key | Index | Call) or (isinstance(token, Keys) and place == len(tokens)) for place, token in enumerate(tokens, 1)
    )


def _is_total(tokens: Sequence[Token]) -> bool:
    """`$..x.sum()`: Jayway reads it as `sum($..x)`."""
    return len(tokens) > 1 and isinstance(tokens[0], Scan) and isinstance(tokens[-1], Call)


def steps(tokens: Sequence[Token]) -> list[Step]:
    """What to do for `tokens`."""
    last = tokens[-1] if tokens else None
    if _is_total(tokens) and isinstance(last, Call):
        upstream = Track(steps(tokens[:-1]), definite=False, from_document=True)
        return [step.call(function(last.name, [upstream]))]
    built: list[Step] = []
    scanning = False
    for place, token in enumerate(tokens, 1):
        if isinstance(token, Scan):
            scanning = True
            continue
        at_end = place == len(tokens)
        built.append(_step_below(token, at_end=at_end) if scanning else _step(token, at_end=at_end))
        scanning = False
    return built


def _step(token: Token, *, at_end: bool) -> Step:
    match token:
        case Key(name):
            return step.key(name)
        case Keys(names):
            return step.excerpt(names) if at_end else step.members(names)
        case Index(number):
            return step.indexes([number])
        case Many(many):
            return many
        case Filter(test):
            return step.chosen(test)
        case Call(name, arguments):
            return step.call(function(name, arguments))
        case Scan():
            raise PathError("nothing to look for")


def _step_below(token: Token, *, at_end: bool) -> Step:
    match token:
        case Keys(names) if at_end:
            return step.excerpt_below(names)
        case Filter(test):
            return step.chosen_below(test)
        case Call():
            return step.nothing
        case _:
            return step.everywhere(_step(token, at_end=at_end))


def _read_track(cursor: Cursor, depth: int) -> Track:
    """A path inside a filter or between the parentheses of a function."""
    from_document = cursor.peek() == "$"
    cursor.reads_document = cursor.reads_document or from_document
    tokens = _read_tokens(cursor, depth + 1, in_filter=True)
    return Track(steps(tokens), definite=is_definite(tokens), from_document=from_document)


def _read_tokens(cursor: Cursor, depth: int, *, in_filter: bool) -> list[Token]:
    if depth > MAX_DEPTH:
        raise cursor.error("too deep")
    cursor.at += 1  # `$` or `@`
    tokens: list[Token] = []
    while cursor.at < len(cursor.text):
        symbol = cursor.peek()
        if in_filter and symbol in _ENDS_IN_FILTER:
            break
        if tokens and not in_filter and cursor.at == len(cursor.text) - 1:
            break  # Jayway never looks at a single character after a complete token
        if symbol == ".":
            _read_dot(cursor, tokens)
        elif symbol != "[" and not tokens:
            raise cursor.error("expected '.' or '['")
        tokens.append(_read_token(cursor, depth, in_filter=in_filter))
    return tokens


def _read_dot(cursor: Cursor, tokens: list[Token]) -> None:
    cursor.at += 1
    if cursor.peek() == ".":
        cursor.at += 1
        tokens.append(Scan())
    if cursor.peek() in {"", "."}:
        raise cursor.error("expected a name")


def _read_token(cursor: Cursor, depth: int, *, in_filter: bool) -> Token:
    symbol = cursor.peek()
    if symbol == "[":
        return _read_bracket(cursor, depth)
    if symbol == "*":
        cursor.at += 1
        return Many(step.wildcard)
    found = cursor.match(_NAME_IN_FILTER if in_filter else _NAME)
    if found is None or (cursor.peek() == " " and not in_filter):
        raise cursor.error("expected a name without blanks")
    if cursor.peek() == "(":
        cursor.at += 1
        return Call(found[0], _read_arguments(cursor, depth))
    return Key(found[0])


def _read_arguments(cursor: Cursor, depth: int) -> list[Argument]:
    arguments: list[Argument] = []
    while not cursor.skip(")"):
        if arguments:
            cursor.expect(",")
        symbol = cursor.skip_blanks()
        if symbol and symbol in "$@":
            arguments.append(_read_track(cursor, depth))
        else:
            arguments.append((read_literal(cursor),))
    return arguments


def _read_bracket(cursor: Cursor, depth: int) -> Token:
    cursor.expect("[")
    symbol = cursor.skip_blanks()
    if symbol in {"'", '"'}:
        return _read_names(cursor, symbol)
    if symbol == "?":
        cursor.expect("?")
        test = FilterParser(cursor, _read_track, depth).group()
        cursor.expect("]")
        return Filter(test)
    if symbol == "*":
        cursor.expect("*")
        cursor.expect("]")
        return Many(step.wildcard)
    found = cursor.match(_ARRAY)
    if found is None:
        raise cursor.error("expected a name in quotes, a number, a filter or '*'")
    return _slice(found[1], cursor) if ":" in found[1] else _indexes(found[1], cursor)


def _read_names(cursor: Cursor, quote: str) -> Token:
    names = [read_string(cursor)]
    while not cursor.skip("]"):
        cursor.expect(",")
        if cursor.skip_blanks() != quote:
            raise cursor.error("expected a name in the same quotes")
        names.append(read_string(cursor))
    return Key(names[0]) if len(names) == 1 else Keys(names)


def _indexes(text: str, cursor: Cursor) -> Token:
    numbers = [_integer(part, cursor) for part in text.rstrip(", ").split(",")]
    return Index(numbers[0]) if len(numbers) == 1 else Many(step.indexes(numbers))


def _slice(text: str, cursor: Cursor) -> Token:
    """`begin:end`; a third part is ignored, as Jayway does."""
    ends = [_integer(part, cursor) if part.strip() else None for part in text.split(":")[:2]]
    if ends == [None, None]:
        raise cursor.error("a part of a list needs a begin or an end")
    return Many(step.part(ends[0], ends[1]))


def _integer(text: str, cursor: Cursor) -> int:
    try:
        value = int(text)
    except ValueError:
        raise cursor.error("expected a number") from None
    if abs(value) > _MAX_INDEX:
        raise cursor.error("the number is too large")
    return value
