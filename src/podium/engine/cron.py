"""Cron: at which instants a schedule is due (spec/platform.md §3.2).

An expression has six fields, as in Spring: second, minute, hour, day of month, month, day of week. Five fields are those without the
second, a seventh is the year and must be `*`; a word such as `@daily` stands for a whole expression. The two day fields must both match.
A wall-clock time that the zone's clocks skip does not count; one that they show twice counts once, the first time.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from calendar import monthrange
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta, tzinfo
from functools import lru_cache
from typing import Final, NamedTuple

from podium.errors import Invalid

HORIZON_YEARS: Final = 100  # a day that does not come in a century never comes

MOST_CHARACTERS: Final = 1000

_WORDS: Final = {
    "@yearly": "0 0 0 1 1 *",
    "@annually": "0 0 0 1 1 *",
    "@monthly": "0 0 0 1 * *",
    "@weekly": "0 0 0 * * 0",
    "@daily": "0 0 0 * * *",
    "@midnight": "0 0 0 * * *",
    "@hourly": "0 0 * * * *",
}
_MONTHS: Final = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
_WEEKDAYS: Final = ("MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN")  # 1 to 7; 0 is Sunday too
_SATURDAY, _SUNDAY = 6, 7
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND: Final = timedelta(milliseconds=1)
_SECOND: Final = timedelta(seconds=1)
_LONGEST_CHANGE: Final = 2 * 86_400  # seconds that a zone's clocks may jump; one moved by a whole day
_LAST: Final = 250_000_000_000_000  # epoch ms; far enough from the end of the calendar


class Shape(NamedTuple):
    """All that the days of a month depend on: there are 28 of these."""

    length: int
    first: int  # the weekday of its first day, 1 to 7

    def weekday(self, day: int) -> int:
        """From 1, Monday, to 7."""
        return (self.first + day - 2) % 7 + 1


_SHAPES: Final = tuple(Shape(length, first) for length in range(28, 32) for first in range(1, 8))

Days = Callable[[Shape], frozenset[int]]


class Cron(NamedTuple):
    """An expression, read: the numbers of each field in order, and the days of every shape of month on which both day fields match."""

    seconds: tuple[int, ...]
    minutes: tuple[int, ...]
    hours: tuple[int, ...]
    months: tuple[int, ...]
    days: dict[Shape, tuple[int, ...]]


def next_time(cron: Cron, zone: tzinfo, after: int) -> int | None:
    """The first instant later than `after` (both epoch ms) that matches in the zone; None when there is none within a century."""
    if after >= _LAST:
        return None
    local = (_EPOCH + max(after, 0) * _MILLISECOND).astimezone(zone)
    wall: datetime | None = local.replace(tzinfo=None, fold=0, microsecond=0) + _SECOND
    last_year = local.year + HORIZON_YEARS
    while wall is not None and (wall := _matching(cron, wall, last_year)) is not None:
        if _skipped(wall, zone):
            wall = _past(wall, lambda moment: _skipped(moment, zone))
        elif _instant(wall, zone) <= after:
            wall = _past(wall, lambda moment: _instant(moment, zone) <= after)
        else:
            return _instant(wall, zone)
    return None


def _instant(wall: datetime, zone: tzinfo) -> int:
    """Epoch ms; the first of two when the zone's clocks show the time twice."""
    return (wall.replace(tzinfo=zone) - _EPOCH) // _MILLISECOND


def _skipped(wall: datetime, zone: tzinfo) -> bool:
    """The zone's clocks never show that time."""
    return wall.replace(tzinfo=zone).astimezone(UTC).astimezone(zone).replace(tzinfo=None, fold=0) != wall


def _past(wall: datetime, concerned: Callable[[datetime], bool]) -> datetime:
    """The first wall-clock time after a change of the clocks that concerns `wall`."""
    return wall + _SECOND * bisect_left(range(_LONGEST_CHANGE), 1, key=lambda seconds: not concerned(wall + _SECOND * seconds))


def _matching(cron: Cron, wall: datetime, last_year: int) -> datetime | None:
    """The first wall-clock time from `wall` on that matches."""
    for day in _dates(cron, wall.date(), last_year):
        if day > wall.date():
            return datetime(day.year, day.month, day.day, cron.hours[0], cron.minutes[0], cron.seconds[0])  # noqa: DTZ001 - on a wall
        time = _time_of_day(cron, wall)
        if time is not None:
            return wall.replace(hour=time[0], minute=time[1], second=time[2])
    return None


def _time_of_day(cron: Cron, wall: datetime) -> tuple[int, int, int] | None:
    """The first (hour, minute, second) that matches, from `wall` on until midnight."""
    for hour in cron.hours[bisect_left(cron.hours, wall.hour) :]:
        if hour > wall.hour:
            return hour, cron.minutes[0], cron.seconds[0]
        for minute in cron.minutes[bisect_left(cron.minutes, wall.minute) :]:
            if minute > wall.minute:
                return hour, minute, cron.seconds[0]
            for second in cron.seconds[bisect_left(cron.seconds, wall.second) :]:
                return hour, minute, second
    return None


def _dates(cron: Cron, start: date, last_year: int) -> Iterator[date]:
    year, month = start.year, start.month
    while year <= last_year:
        if month in cron.months:
            first, length = monthrange(year, month)
            for day in cron.days[Shape(length, first + 1)]:
                found = date(year, month, day)
                if found >= start:
                    yield found
        year, month = (year, month + 1) if month < len(_MONTHS) else (year + 1, 1)


# Reading


class _Field(NamedTuple):
    """What may stand in a field."""

    name: str
    least: int
    most: int
    words: tuple[str, ...] = ()  # for the numbers from 1 on


_SECONDS, _MINUTES, _HOURS, _MONTH_DAYS, _MONTH, _WEEK_DAYS = _FIELDS = (
    _Field("second", 0, 59),
    _Field("minute", 0, 59),
    _Field("hour", 0, 23),
    _Field("day of month", 1, 31),
    _Field("month", 1, 12, _MONTHS),
    _Field("day of week", 0, 7, _WEEKDAYS),
)


class _Part(NamedTuple):
    """What stands between two commas of a field."""

    field: _Field
    text: str  # in upper case
    at: int  # of its first character in the expression, from 1
    expression: str

    def refused(self, expected: str) -> Invalid:
        """The error for a part that cannot be read."""
        where = f"{self.field.name}, character {self.at}: expected {expected}, found '{self.text[:40]}'"
        return Invalid(f"Invalid cron expression '{self.expression[:100]}': {where}")


@lru_cache(maxsize=1024)
def parse_cron(expression: str) -> Cron:
    """Read an expression. Raises Invalid, which names the field and the character, what was expected and what was found."""
    if len(expression) > MOST_CHARACTERS:
        raise Invalid(
            f"Invalid cron expression '{expression[:100]}…': expected at most {MOST_CHARACTERS} characters, found {len(expression)}"
        )
    text = _WORDS.get(expression.strip().lower())
    parts = _parts(text or expression)
    seconds, minutes, hours, months = (
        _sorted(part for part in parts if part.field is field) for field in (_SECONDS, _MINUTES, _HOURS, _MONTH)
    )
    return Cron(
        seconds or (0,),  # an expression of five fields has none
        minutes,
        hours,
        months,
        _days(
            [_month_days(part) for part in parts if part.field is _MONTH_DAYS],
            [_week_days(part) for part in parts if part.field is _WEEK_DAYS],
        ),
    )


def _days(month_days: list[Days], week_days: list[Days]) -> dict[Shape, tuple[int, ...]]:
    """Of each field one alternative must hold."""
    none = frozenset[int]()
    by_month = {shape: none.union(*(days(shape) for days in month_days)) for shape in _SHAPES}
    return {shape: tuple(sorted(by_month[shape] & none.union(*(days(shape) for days in week_days)))) for shape in _SHAPES}


def _parts(expression: str) -> list[_Part]:
    """All parts of all fields."""
    found = list(re.finditer(r"\S+", expression))
    if not 5 <= len(found) <= 7:
        words = ", ".join(_WORDS)
        expected = f"5, 6 or 7 fields, or one of {words}"
        raise Invalid(f"Invalid cron expression '{expression[:100]}': expected {expected}, found {len(found)} fields")
    if len(found) == 7 and found[6][0] != "*":
        raise _Part(_Field("year", 0, 0), found[6][0], found[6].start() + 1, expression).refused("*")
    fields = _FIELDS[1:] if len(found) == 5 else _FIELDS
    return [part for field, match in zip(fields, found, strict=False) for part in _of_field(field, match, expression)]


def _of_field(field: _Field, match: re.Match[str], expression: str) -> Iterator[_Part]:
    if match[0] == "?" and field in (_MONTH_DAYS, _WEEK_DAYS):
        yield _Part(field, "*", match.start() + 1, expression)
        return
    at = match.start() + 1
    for text in match[0].upper().split(","):
        yield _Part(field, text, at, expression)
        at += len(text) + 1


def _sorted(parts: Iterator[_Part]) -> tuple[int, ...]:
    return tuple(sorted({number for part in parts for number in _numbers(part)}))


def _numbers(part: _Part) -> range:
    """`*`, `n`, `n-m`, and each of them with `/step`; without an end, steps go on to the largest number."""
    span, slash, step_text = part.text.partition("/")
    if not slash:
        return _span(part, span)
    step = int(step_text) if re.fullmatch(r"[0-9]{1,4}", step_text) else 0
    if step == 0:
        raise part.refused("a step of 1 or more after '/'")
    numbers = _span(part, span)
    return range(numbers.start, numbers.stop if "-" in span else part.field.most + 1, step)


def _span(part: _Part, text: str) -> range:
    if text == "*":
        return range(max(part.field.least, 1) if part.field is _WEEK_DAYS else part.field.least, part.field.most + 1)
    low_text, dash, high_text = text.partition("-")
    low = _number(part, low_text)
    if not dash:
        return range(low, low + 1)
    high = _number(part, high_text)
    if part.field is _WEEK_DAYS and low == _SUNDAY:
        low = 0  # a range may begin with Sunday
    if low > high:
        raise part.refused("a range from a smaller to a larger value")
    return range(low, high + 1)


def _number(part: _Part, text: str) -> int:
    field = part.field
    if text in field.words:
        return field.words.index(text) + 1
    number = int(text) if re.fullmatch(r"[0-9]{1,4}", text) else -1
    if not field.least <= number <= field.most:
        raise part.refused(f"{field.least} to {field.most}" + (f" or {field.words[0]} to {field.words[-1]}" if field.words else ""))
    return number


def _month_days(part: _Part) -> Days:
    """One alternative of the field for days of the month."""
    text = part.text
    if text == "LW":
        return _last_working_day
    if text.startswith("L"):
        back = re.fullmatch(r"L(?:-([0-9]{1,2}))?", text)
        if back is None or int(back[1] or 1) not in range(1, 31):
            raise part.refused("L, LW, or L-1 to L-30")
        return _last_day(int(back[1] or 0))
    if text.endswith("W"):
        return _nearest_working_day(_number(part, text[:-1]))
    numbers = frozenset(_numbers(part))
    return lambda shape: numbers & frozenset(range(1, shape.length + 1))


def _last_day(back: int) -> Days:
    return lambda shape: frozenset({shape.length - back} - {0, -1, -2})


def _last_working_day(shape: Shape) -> frozenset[int]:
    return frozenset({shape.length - max(0, shape.weekday(shape.length) - _SATURDAY + 1)})


def _nearest_working_day(wanted: int) -> Days:
    """The day itself, the Friday before its Saturday, or the Monday after its Sunday; never in another month."""

    def days(shape: Shape) -> frozenset[int]:
        if wanted > shape.length:
            return frozenset()
        weekday = shape.weekday(wanted)
        day = wanted
        if weekday == _SATURDAY:
            day = wanted - 1 if wanted > 1 else 3
        elif weekday == _SUNDAY:
            day = wanted + 1
        return frozenset({day}) if day <= shape.length else frozenset()

    return days


def _week_days(part: _Part) -> Days:
    """One alternative of the field for days of the week."""
    text = part.text
    if "#" in text:
        day_text, _, place = text.partition("#")
        if place not in {"1", "2", "3", "4", "5"}:
            raise part.refused("a place from 1 to 5 after '#'")
        return _in_month(_number(part, day_text) or _SUNDAY, int(place))
    if text.endswith("L"):
        return _in_month(_number(part, text[:-1]) or _SUNDAY, 0)
    numbers = frozenset(number or _SUNDAY for number in _numbers(part))
    return lambda shape: frozenset(day for day in range(1, shape.length + 1) if shape.weekday(day) in numbers)


def _in_month(weekday: int, place: int) -> Days:
    """The n-th such weekday of the month, or with 0 the last."""

    def days(shape: Shape) -> frozenset[int]:
        if place == 0:
            return frozenset({shape.length - (shape.weekday(shape.length) - weekday) % 7})
        day = 1 + (weekday - shape.first) % 7 + 7 * (place - 1)
        return frozenset({day}) if day <= shape.length else frozenset()

    return days
