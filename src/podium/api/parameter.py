"""Query parameters: declared once, read from a request and shown in the interface document (spec/api.md §1.7)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from podium.errors import Invalid, Problem

T = TypeVar("T")
Values = list[str]  # every occurrence of one key, in order; never empty

TRUE = frozenset({"true", "on", "yes", "1"})
FALSE = frozenset({"false", "off", "no", "0"})
LARGEST = 10**15


@dataclass(frozen=True, slots=True)
class Parameter(Generic[T]):
    """A query parameter: its name, how its text becomes a value, and its value when it is absent."""

    name: str
    read: Callable[[str, Values], T | None]  # None: as if it were absent
    default: T
    kind: str  # its type in the interface document
    help: str = ""
    required: bool = False

    def of(self, query: dict[str, Values]) -> T:
        """Its value in a query. Raises Invalid for one that cannot be read or is missing though required."""
        values = query.get(self.name)
        value = self.read(self.name, values) if values else None
        if value is not None:
            return value
        if self.required:
            message = f"Required request parameter '{self.name}' is not present"
            raise Invalid(message, [Problem(self.name, message)])
        return self.default


def integer(name: str, default: int, about: str = "") -> Parameter[int]:
    """A whole number; empty and `None` mean absent."""
    return Parameter(name, _integer, default, "integer", about)


def optional_integer(name: str, about: str = "") -> Parameter[int | None]:
    """A whole number or None."""
    return Parameter(name, _integer, None, "integer", about)


def boolean(name: str, default: bool, about: str = "") -> Parameter[bool]:
    """true/on/yes/1 or false/off/no/0, in any case."""
    return Parameter(name, _boolean, default, "boolean", about)


def optional_boolean(name: str, about: str = "") -> Parameter[bool | None]:
    """The same, or None."""
    return Parameter(name, _boolean, None, "boolean", about)


def text(name: str, about: str = "") -> Parameter[str | None]:
    """Text as it stands, the first occurrence; None when absent. An empty one stays empty."""
    return Parameter(name, _text, None, "string", about)


def optional_text(name: str, about: str = "") -> Parameter[str | None]:
    """Text; None when absent, empty, or the word `None` that a client wrote for it."""
    return Parameter(name, _optional_text, None, "string", about)


def required_text(name: str, about: str = "") -> Parameter[str]:
    """Text that must be there."""
    return Parameter(name, _text, "", "string", about, required=True)


def texts(name: str, about: str = "") -> Parameter[list[str]]:
    """A list, by repeating the key or with commas between; empty parts are left out."""
    return Parameter(name, _texts, [], "array", about)


def required_texts(name: str, about: str = "") -> Parameter[list[str]]:
    """A list whose key must be there."""
    return Parameter(name, _texts, [], "array", about, required=True)


def _integer(name: str, values: Values) -> int | None:
    found = values[0].strip()
    if found in {"", "None", "null"}:
        return None
    try:
        number = int(found) if len(found) <= len(str(LARGEST)) + 1 and found.isascii() and "_" not in found else None
    except ValueError:
        number = None
    if number is None or abs(number) > LARGEST:
        raise _refused(name, "a whole number", values[0])
    return number


def _boolean(name: str, values: Values) -> bool | None:
    found = values[0].strip().lower()
    if found in TRUE:
        return True
    if found in FALSE:
        return False
    if found in {"", "none", "null"}:
        return None
    raise _refused(name, "true or false", values[0])


def _text(_name: str, values: Values) -> str | None:
    return values[0]


def _optional_text(_name: str, values: Values) -> str | None:
    return values[0] if values[0] not in {"", "None"} else None


def _texts(_name: str, values: Values) -> list[str] | None:
    return [part for value in values for part in value.split(",") if part]


def _refused(name: str, expected: str, found: str) -> Invalid:
    shown = found if len(found) <= 100 else found[:100] + "…"
    message = f"Query parameter '{name}': expected {expected}, found '{shown}'"
    return Invalid(message, [Problem(name, message, shown)])
