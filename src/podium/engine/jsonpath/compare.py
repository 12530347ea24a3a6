"""How filters compare two values: numbers with numbers, texts with texts, and a number with a text by what is written."""

import re
from collections.abc import Callable
from typing import Final

from podium.engine.java_text import scalar_text
from podium.engine.jsonpath.cursor import MAX_DIGITS
from podium.engine.jsonpath.reading import Unanswerable
from podium.model.json import Json

_NUMERIC = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?")


def _is_number(value: Json) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def equal(left: Json, right: Json) -> bool:
    """`==`. `'1' == 1` by its text, `1 == '1.0'` by its number; nothing else equals a value of another type."""
    if isinstance(left, str) and _is_number(right):
        return left == _number_text(right)
    if isinstance(right, str) and _is_number(left):
        return _NUMERIC.fullmatch(right) is not None and len(right) <= MAX_DIGITS and float(right) == left
    if _kind(left) is not _kind(right):
        return False
    try:
        return left == right
    except RecursionError as error:  # two values nested deeper than Python compares
        raise Unanswerable from error


def _kind(value: Json) -> type:
    return float if _is_number(value) else type(value)


def _number_text(value: Json) -> str:
    """A number as Java's BigDecimal writes it."""
    if isinstance(value, int | float):
        return scalar_text(value).replace("E", "E+").replace("E+-", "E-")
    return ""


def _ordered(compare: Callable[[float, float], bool], compare_text: Callable[[str, str], bool]) -> Callable[[Json, Json], bool]:
    """`<` and its like: for two numbers or two texts; otherwise false."""

    def answer(left: Json, right: Json) -> bool:
        if isinstance(left, str) and isinstance(right, str):
            return compare_text(left, right)
        if isinstance(left, int | float) and isinstance(right, int | float) and _is_number(left) and _is_number(right):
            return compare(left, right)
        return False

    return answer


def _contained(value: Json, items: list[Json]) -> bool:
    return any(equal(item, value) for item in items)


def _listed(value: Json) -> list[Json]:
    """`value`, which must be a list. A filter that asks this of anything else is not passed."""
    if not isinstance(value, list):
        raise NotAListError
    return value


class NotAListError(Exception):
    """A set operator was given something that is not a list."""


def _in(left: Json, right: Json) -> bool:
    if isinstance(right, dict):
        return False
    return _contained(left, _listed(right))


def _contains(left: Json, right: Json) -> bool:
    if isinstance(left, str):
        return isinstance(right, str) and right in left
    return isinstance(left, list) and _contained(right, left)


def _size(left: Json, right: Json) -> bool:
    return isinstance(left, str | list) and _is_number(right) and len(left) == right


def _empty(left: Json, right: Json) -> bool:
    return isinstance(left, str | list | dict) and isinstance(right, bool) and (not left) == right


def _subset(left: Json, right: Json) -> bool:
    allowed = _listed(right)
    return all(_contained(item, allowed) for item in _listed(left))


def _any_of(left: Json, right: Json) -> bool:
    wanted = _listed(right)
    return any(_contained(item, wanted) for item in _listed(left))


def _all(left: Json, right: Json) -> bool:
    return isinstance(left, list) and all(_contained(item, left) for item in _listed(right))


def _same_type(left: Json, right: Json) -> bool:
    return _kind(left) is _kind(right) and equal(left, right)


OPERATORS: Final[dict[str, Callable[[Json, Json], bool]]] = {
    "==": equal,
    "!=": lambda left, right: not equal(left, right),
    "===": _same_type,
    "!==": lambda left, right: not _same_type(left, right),
    "<": _ordered(lambda left, right: left < right, lambda left, right: left < right),
    "<=": _ordered(lambda left, right: left <= right, lambda left, right: left <= right),
    ">": _ordered(lambda left, right: left > right, lambda left, right: left > right),
    ">=": _ordered(lambda left, right: left >= right, lambda left, right: left >= right),
    "in": _in,
    "nin": lambda left, right: not _in(left, right),
    "subsetof": _subset,
    "anyof": _any_of,
    "noneof": lambda left, right: not _any_of(left, right),
    "contains": _contains,
    "size": _size,
    "empty": _empty,
    "all": _all,
}
