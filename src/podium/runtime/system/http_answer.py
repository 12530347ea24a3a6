"""HTTP answers: what becomes of a body (spec/tasks.md §4.2)."""

from __future__ import annotations

import json
import math
from typing import Final

import httpx2

from podium.model.json import Json

_BLANK: Final = " \t\r\n"
_AFTER_SCALAR: Final = frozenset(_BLANK)


class AnswerTooLarge(httpx2.HTTPError):
    """The answer is larger than the settings allow."""


async def whole_answer(response: httpx2.Response, limit: int) -> bytes:
    """The body, decompressed. Raises AnswerTooLarge as soon as it is more than `limit` bytes."""
    parts = []
    size = 0
    async for part in response.aiter_bytes():
        size += len(part)
        if size > limit:
            raise AnswerTooLarge(f"the answer is larger than {limit} bytes")
        parts.append(part)
    return b"".join(parts)


def body_value(text: str) -> Json:
    """A JSON object or list as a value, a number as a double, any other JSON value as text; what is not JSON as it is.

    Only the first JSON value of the text is read, as the lenient reader of the real server does.
    """
    start = text.lstrip(_BLANK + "\ufeff")
    try:
        value, end = _READER.raw_decode(start)
    except (ValueError, RecursionError):
        return text
    if isinstance(value, dict | list):
        return value
    if end < len(start) and start[end] not in _AFTER_SCALAR and not isinstance(value, str):
        return text  # `7f3c-…` is no number
    if isinstance(value, bool) or value is None:
        return start[:end]
    if isinstance(value, str):
        return value
    return _double(value, text)


def _double(number: float, text: str) -> Json:
    try:
        double = float(number)
    except OverflowError:
        return text
    return double if math.isfinite(double) else text


def _refuse(constant: str) -> None:
    raise ValueError(constant)


_READER: Final = json.JSONDecoder(parse_constant=_refuse)
