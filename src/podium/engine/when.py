"""When: the durations and dates in which a WAIT is written (spec/engine.md §3.8.10, spec/tasks.md §3.12), and moments in words."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

_DURATION = re.compile(
    r"\s*(?:(\d{1,9})\s*(?:days?|d))?\s*(?:(\d{1,9})\s*(?:hours?|hrs?|h))?"
    r"\s*(?:(\d{1,9})\s*(?:minutes?|mins?|m))?\s*(?:(\d{1,9})\s*(?:seconds?|secs?|s))?\s*",
    re.IGNORECASE | re.ASCII,
)
_DATE = re.compile(r"\s*(\d{4})-(\d{1,2})-(\d{1,2})(?:\s+(\d{1,2}):(\d{1,2})(?:\s+(\S.*?))?)?\s*", re.ASCII)
_OFFSET = re.compile(r"(?:GMT|UTC)?([+-])(\d{1,2}):?(\d{2})?", re.ASCII)
_ABBREVIATIONS = {
    "Z": "UTC",
    "GMT": "UTC",
    "EST": "America/New_York",
    "EDT": "America/New_York",
    "CST": "America/Chicago",
    "CDT": "America/Chicago",
    "MST": "America/Denver",
    "MDT": "America/Denver",
    "PST": "America/Los_Angeles",
    "PDT": "America/Los_Angeles",
    "CET": "Europe/Paris",
    "CEST": "Europe/Paris",
    "BST": "Europe/London",
    "IST": "Asia/Kolkata",
    "JST": "Asia/Tokyo",
    "AEST": "Australia/Sydney",
}


def duration_seconds(text: str) -> int | None:
    """Seconds of `2 days 5h`, `90s` and the like; None for anything else. Units go from days to seconds, whole numbers only."""
    found = _DURATION.fullmatch(text)
    if found is None or not any(found.groups()):
        return None
    days, hours, minutes, seconds = (int(part or 0) for part in found.groups())
    return ((days * 24 + hours) * 60 + minutes) * 60 + seconds


def moment_ms(text: str) -> int | None:
    """Epoch ms of `yyyy-MM-dd[ HH:mm[ zone]]`, in UTC unless a zone is given; None for anything else.

    Lenient: month 13 is January of the next year, hour 25 is one o'clock of the next day.
    """
    found = _DATE.fullmatch(text)
    if found is None:
        return None
    year, month, day, hour, minute = (int(part or 0) for part in found.groups()[:5])
    zone = _zone(found[6]) if found[6] else UTC
    if zone is None:
        return None
    try:
        local = datetime(year + (month - 1) // 12, (month - 1) % 12 + 1, 1)  # noqa: DTZ001 - the zone is added below
        local += timedelta(days=day - 1, hours=hour, minutes=minute)
        return int(local.replace(tzinfo=zone).timestamp() * 1000)
    except (ValueError, OverflowError):
        return None


def moment_text(when: int) -> str:
    """A moment (epoch ms) for a sentence: in UTC, to the second."""
    return datetime.fromtimestamp(when / 1000, UTC).strftime("%Y-%m-%d %H:%M:%SZ")


def _zone(name: str) -> tzinfo | None:
    offset = _OFFSET.fullmatch(name)
    if offset is not None and int(offset[2]) <= 18:
        minutes = int(offset[2]) * 60 + int(offset[3] or 0)
        return timezone(timedelta(minutes=-minutes if offset[1] == "-" else minutes))
    try:
        return ZoneInfo(_ABBREVIATIONS.get(name.upper(), name))
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None
