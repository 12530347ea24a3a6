"""Rule cells: what stands in a cell of a decision table, as a condition on a value or as a value to give (spec/tasks.md §4.11)."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final, TypeAlias

from podium.engine.evaluators import evaluate
from podium.engine.java_text import java_text
from podium.engine.question import Answers
from podium.model.json import Json

Condition: TypeAlias = Callable[[Json, Answers], bool]  # whether a value meets it; raises NeedsTime for a slow regular expression

_CALL: Final = re.compile(r"(startsWith|endsWith|contains|matches)\s*\((.*)\)", re.DOTALL)
_LIST: Final = re.compile(r"(!=\s*)?inList\s*\(\s*\{(.*)\}\s*\)", re.DOTALL)
_CREATED: Final = re.compile(r"createList\s*\(\s*\{(.*)\}\s*\)", re.DOTALL)
_LENGTH: Final = re.compile(r"length\s*(<=|>=|!=|==|=|<|>)\s*(\d{1,9})")
_COMPARE: Final = re.compile(r"(<=|>=|!=|==|=|<|>)\s*(.*)", re.DOTALL)
_ITEM: Final = re.compile(r'\s*(?:"((?:[^"\\]|\\.)*)"\s*|([^,]*))(?:,|$)', re.DOTALL)
_NUMBER: Final = re.compile(r"[+-]?(\d{1,300}\.?\d{0,300}|\.\d{1,300})([eE][+-]?\d{1,3})?", re.ASCII)
_PLAIN_NUMBER: Final = re.compile(r"-?(0|[1-9]\d{0,17})(\.\d{1,17})?", re.ASCII)  # `007` is a text
_DATE: Final = re.compile(r"(\d{4})-(\d{1,2}|[a-z]{3})-(\d{1,2})(?:[ t](\d{1,2}):(\d{2})(?::(\d{2}))?)?", re.IGNORECASE | re.ASCII)
_MONTHS: Final = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_WHOLE_MATCH: Final = "new RegExp('^(?:' + $.pattern + ')$').test($.text)"

_TEXT_TESTS: Final[dict[str, Callable[[str, str], bool]]] = {
    "startsWith": str.startswith,
    "endsWith": str.endswith,
    "contains": str.__contains__,
}
_ORDERS: Final[dict[str, Callable[[int], bool]]] = {
    "=": lambda sign: sign == 0,
    "==": lambda sign: sign == 0,
    "!=": lambda sign: sign != 0,
    "<": lambda sign: sign < 0,
    "<=": lambda sign: sign <= 0,
    ">": lambda sign: sign > 0,
    ">=": lambda sign: sign >= 0,
}


def read_condition(cell: str) -> Condition | None:
    """The condition that a cell of an input column sets; None: any value will do."""
    text = cell.strip()
    if not text:
        return None
    if found := _LIST.fullmatch(text):
        return _in_list(items(found[2]), negated=bool(found[1]))
    if found := _CALL.fullmatch(text):
        part = _unquoted(found[2].strip())
        return _matches(part) if found[1] == "matches" else _text_test(found[1], part)
    if found := _LENGTH.fullmatch(text):
        return _length(found[1], int(found[2]))
    if found := _COMPARE.fullmatch(text):
        return _compared(found[1], _unquoted(found[2]))
    return _compared("=", _unquoted(text))


def read_value(cell: str) -> Json:
    """What a cell of an output column gives: a list, a number, true or false, or its text."""
    text = cell.strip()
    if found := _CREATED.fullmatch(text):
        return [_value(item, quoted=quoted) for item, quoted in _items(found[1])]
    return _value(_unquoted(text), quoted=_is_quoted(text))


def items(text: str) -> list[str]:
    """The members of `"a", "b"`; quotes may be left out."""
    return [item for item, _ in _items(text)]


def _items(text: str) -> list[tuple[str, bool]]:
    found = []
    place = 0
    while place < len(text):
        item = _ITEM.match(text, place)
        if item is None:
            break
        quoted = item[1] is not None
        if quoted or item[2].strip():
            found.append((_unescaped(item[1]) if quoted else item[2].strip(), quoted))
        place = max(item.end(), place + 1)
    return found


def _in_list(members: list[str], *, negated: bool) -> Condition:
    tests = [_compared("=", member) for member in members]
    return lambda value, answers: any(test(value, answers) for test in tests) is not negated


def _text_test(name: str, part: str) -> Condition:
    test = _TEXT_TESTS[name]
    return lambda value, _answers: value is not None and test(java_text(value), part)


def _matches(pattern: str) -> Condition:
    """By the JavaScript engine: there an expression that runs wild is stopped."""

    def holds(value: Json, answers: Answers) -> bool:
        if value is None:
            return False
        return evaluate("javascript", _WHOLE_MATCH, {"pattern": pattern, "text": java_text(value)}, answers) is True

    return holds


def _length(operator: str, size: int) -> Condition:
    order = _ORDERS[operator]
    return lambda value, _answers: value is not None and order(_sign(len(value if isinstance(value, list) else java_text(value)), size))


def _compared(operator: str, text: str) -> Condition:
    """Numbers and dates by their size, all else as texts, which are only equal or not."""
    order, number, moment = _ORDERS[operator], _number(text), _moment(text)
    equality = operator in ("=", "==", "!=")

    def holds(value: Json, _answers: Answers) -> bool:
        shown = "" if value is None else java_text(value).strip()
        if number is not None and (own := _number(shown)) is not None:
            return order(_sign(own, number))
        if moment is not None and (when := _moment(shown)) is not None:
            return order(_sign(when, moment))
        return equality and order(int(shown != text))

    return holds


def _sign(first: float, second: float) -> int:
    return (first > second) - (first < second)


def _number(text: str) -> float | None:
    return float(text) if _NUMBER.fullmatch(text) else None


def _moment(text: str) -> float | None:
    """Seconds since the epoch of `2022-04-22`, `2022-mar-12`, `2022-03-22 12:20:22`; None for anything else."""
    found = _DATE.fullmatch(text)
    if found is None:
        return None
    month = found[2].lower()
    number = int(month) if month.isdecimal() else _MONTHS.index(month) + 1 if month in _MONTHS else 0
    try:
        hour, minute, second = (int(part or 0) for part in found.groups()[3:])
        return datetime(int(found[1]), number, int(found[3]), hour, minute, second, tzinfo=UTC).timestamp()
    except ValueError:
        return None


def _value(text: str, *, quoted: bool) -> Json:
    if quoted:
        return text
    if found := _PLAIN_NUMBER.fullmatch(text):
        return float(text) if found[2] else int(text)
    return {"true": True, "false": False}.get(text.lower(), text)


def _is_quoted(text: str) -> bool:
    return len(text) > 1 and text[0] == text[-1] == '"'


def _unquoted(text: str) -> str:
    return _unescaped(text[1:-1]) if _is_quoted(text) else text


def _unescaped(text: str) -> str:
    return re.sub(r"\\([\"\\])", r"\1", text)
