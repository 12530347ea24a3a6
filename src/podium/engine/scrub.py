"""Scrub: takes the secrets that a task was given out of what it tells (spec/platform.md §4.8)."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import Final
from urllib.parse import quote, quote_plus

import msgspec

from podium.engine.java_text import java_text
from podium.engine.texts import changed_texts, texts
from podium.model.json import Json
from podium.model.payload import Payload

HIDDEN: Final = "***"
SHORTEST: Final = 4  # characters; a shorter secret is found everywhere


class Scrub:
    """Knows what to hide: each secret as it is, and as it stands in JSON and in addresses."""

    def __init__(self, pattern: re.Pattern[str]) -> None:
        self._pattern = pattern

    @classmethod
    def of(cls, values: Iterable[Json]) -> Scrub | None:
        """For the values of secrets; None when there is nothing to hide."""
        spellings = {spelling for value in values for text in _parts(value) for spelling in _spellings(text)}
        if not spellings:
            return None
        return cls(re.compile("|".join(re.escape(one) for one in sorted(spellings, key=len, reverse=True))))

    def text(self, text: str) -> str:
        """A text without the secrets."""
        return self._pattern.sub(HIDDEN, text)

    def value(self, value: Json) -> Json:
        """A JSON value with no secret in any string or key; numbers stay."""
        return changed_texts(value, self.text, self.text)

    def payload(self, payload: Payload) -> Payload:
        """The same for a payload; the same object when there is nothing to hide."""
        raw = payload.raw.decode()
        if "\\" not in raw and not self._pattern.search(raw):  # with a backslash anything may be spelled in another way
            return payload
        value = self.value(payload.value)
        return Payload.of(value) if isinstance(value, dict) and value != payload.value else payload


def _parts(value: Json) -> Iterable[str]:
    """The texts of a secret: of a JSON document each string too, for who was given the whole may tell a part."""
    if isinstance(value, str):
        yield value
        yield from texts(_document(value))
    elif isinstance(value, dict | list):
        yield from texts(value)
    elif value is not None and not isinstance(value, bool):
        yield java_text(value)


def _document(text: str) -> Json:
    try:
        found: Json = msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError):
        return None
    return found if isinstance(found, dict | list) else None


def _spellings(text: str) -> Iterable[str]:
    if len(text) >= SHORTEST:
        yield text
        yield text.strip() if len(text.strip()) >= SHORTEST else text
        yield json.dumps(text)[1:-1]
        yield json.dumps(text, ensure_ascii=False)[1:-1]
        yield json.dumps(text)[1:-1].replace("/", "\\/")
        yield quote(text, safe="", errors="replace")
        yield quote_plus(text, errors="replace")
