"""Payload: a JSON object that is decoded only when somebody reads it.

Inputs and outputs mostly travel from a request to a row to a worker untouched; so they stay the bytes they came as
until an expression looks inside. The decoded value is shared by everybody who reads it and must never be edited.
"""

from __future__ import annotations

import msgspec

from podium.model.json import JsonObject

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder().decode


class Payload:
    """A JSON object, as bytes, as a value, or both."""

    __slots__ = ("_raw", "_value")

    def __init__(self, value: JsonObject | None = None, raw: bytes | None = None) -> None:
        self._value = value
        self._raw = raw

    @classmethod
    def of(cls, value: JsonObject) -> Payload:
        """From a decoded object, which nobody edits from now on."""
        return cls(value) if value else EMPTY

    @classmethod
    def read(cls, raw: bytes) -> Payload:
        """From the JSON text of an object, known to be well-formed."""
        return cls(None, raw) if len(raw) > len(b"{}") else EMPTY

    @property
    def value(self) -> JsonObject:
        """The decoded object; shared, not to be edited."""
        if self._value is None:
            value: JsonObject = _decode(self._raw or b"{}")
            self._value = value
        return self._value

    @property
    def raw(self) -> bytes:
        """The JSON text."""
        return self._raw if self._raw is not None else _encode(self._value or {})

    @property
    def empty(self) -> bool:
        """The object has no key."""
        return self is EMPTY or not self.value

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Payload) and (self is other or self.value == other.value)

    def __hash__(self) -> int:
        return hash(self.raw)

    def __repr__(self) -> str:
        return f"Payload({self.value!r})"


EMPTY = Payload({}, b"{}")
