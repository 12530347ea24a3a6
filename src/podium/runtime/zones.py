"""Zones: time zones by name, from the system's tables or those that come with Podium."""

from __future__ import annotations

import re
from datetime import UTC, timedelta, timezone, tzinfo
from functools import cache, lru_cache
from typing import Final
from zoneinfo import ZoneInfo, available_timezones

from podium.errors import Invalid
from podium.model.shape import nearest

_OFFSET: Final = re.compile(r"(?:UTC|GMT|UT)?([+-])([01]?[0-9])(?::?([0-5][0-9]))?")
_MOST_HOURS: Final = 18


@lru_cache(maxsize=1024)
def zone(name: str) -> tzinfo:
    """An IANA zone, `UTC`, `Z`, or a fixed offset such as `+02:00` or `UTC+2`. Raises Invalid."""
    if name in {"UTC", "Z"}:
        return UTC
    offset = _OFFSET.fullmatch(name)
    if offset is not None and int(offset[2]) <= _MOST_HOURS:
        distance = timedelta(hours=int(offset[2]), minutes=int(offset[3] or 0))
        return timezone(distance if offset[1] == "+" else -distance)
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError) as unknown:
        hint = nearest(name, _names())
        raise Invalid(f"expected a time zone such as Europe/Paris, found '{name[:100]}'{hint}") from unknown


@cache
def _names() -> list[str]:
    return sorted(available_timezones())
