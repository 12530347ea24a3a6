"""Masking: what a definition calls sensitive is shown as `***`; expressions and workers see it as it is (spec/platform.md §4.9)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import msgspec

from podium.model.json import Json
from podium.model.payload import Payload

MASK: Final = "***"
_ALWAYS: Final = ("_secrets", "_masked")

_encode: Final = msgspec.json.Encoder().encode


def masked(payload: Payload, fields: Sequence[str]) -> bytes:
    """The JSON of a payload in which the values under `fields`, `_secrets` and `_masked` are hidden, however deep they lie."""
    raw = payload.raw
    # Nearly no payload has such a key, and its bytes tell; a backslash may spell one in another way.
    if not any(name.encode() in raw for name in (*_ALWAYS, *fields)) and (not fields or b"\\u" not in raw):
        return raw
    hidden = {*_ALWAYS, *fields}
    copy = dict(payload.value)
    pending: list[dict[str, Json] | list[Json]] = [copy]
    while pending:
        current = pending.pop()
        if isinstance(current, dict):
            for key, child in current.items():
                current[key] = MASK if key in hidden else _copied(child, pending)
        else:
            current[:] = [_copied(child, pending) for child in current]
    return _encode(copy)


def _copied(child: Json, pending: list[dict[str, Json] | list[Json]]) -> Json:
    if isinstance(child, dict | list):
        copy = child.copy()
        pending.append(copy)
        return copy
    return child
