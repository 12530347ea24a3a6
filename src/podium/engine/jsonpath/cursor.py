"""The text of a path and how far it has been read; and the literals written in it."""

import re
from typing import Final

from podium.engine.jsonpath.reading import MAX_DEPTH, PathError
from podium.model.json import Json

_NUMBER = re.compile(r"-?\d+(\.\d+)?([eE][+-]?\d+)?")
_STRING = {quote: re.compile(rf"{quote}((?:[^\\{quote}]|\\.)*){quote}", re.DOTALL) for quote in "'\""}
_ESCAPE = re.compile(r"\\(?:u([0-9a-fA-F]{4})|(.))", re.DOTALL)
_CONTROL: Final = {"b": "\b", "t": "\t", "n": "\n", "f": "\f", "r": "\r"}
_WORDS: Final[dict[str, Json]] = {"true": True, "false": False, "null": None}
MAX_DIGITS: Final = 400  # of a number; more has no double, and reading very long ones is slow


class Cursor:
    """A place in a text."""

    __slots__ = ("at", "reads_document", "text")

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.reads_document = False  # a filter or an argument refers to `$`

    def peek(self) -> str:
        """The character here; empty at the end."""
        return self.text[self.at : self.at + 1]

    def skip_blanks(self) -> str:
        """Go past blanks; the character after them."""
        while self.text.startswith(" ", self.at):
            self.at += 1
        return self.peek()

    def skip(self, token: str) -> bool:
        """Go past `token` if it is here, blanks before it or not."""
        self.skip_blanks()
        if not self.text.startswith(token, self.at):
            return False
        self.at += len(token)
        return True

    def expect(self, token: str) -> None:
        """Go past `token`. Raises PathError when something else is here."""
        if not self.skip(token):
            raise self.error(f"expected {token!r}")

    def match(self, pattern: re.Pattern[str]) -> re.Match[str] | None:
        """Go past what `pattern` matches here."""
        found = pattern.match(self.text, self.at)
        if found is not None:
            self.at = found.end()
        return found

    def error(self, message: str) -> PathError:
        """The error to raise: `message`, and where."""
        return PathError(f"{message} at position {self.at} of {self.text!r}")


def read_string(cursor: Cursor) -> str:
    """A string in either kind of quotes, with backslash escapes."""
    found = cursor.match(_STRING[cursor.peek()])
    if found is None:
        raise cursor.error("the string does not end")
    return _ESCAPE.sub(_unescaped, found[1])


def _unescaped(match: re.Match[str]) -> str:
    return chr(int(match[1], 16)) if match[1] else _CONTROL.get(match[2], match[2])


def read_literal(cursor: Cursor, depth: int = 0) -> Json:
    """A JSON value; strings may stand in either kind of quotes."""
    if depth > MAX_DEPTH:
        raise cursor.error("too deep")
    symbol = cursor.skip_blanks()
    if symbol in {"'", '"'}:
        return read_string(cursor)
    if symbol == "[":
        return _read_list(cursor, depth)
    if symbol == "{":
        return _read_map(cursor, depth)
    for word, value in _WORDS.items():
        if cursor.skip(word):
            return value
    found = cursor.match(_NUMBER)
    if found is None:
        raise cursor.error("expected a value")
    return number(found[0])


def number(text: str) -> Json:
    """The number written in `text`; null when it is longer than any real one."""
    if len(text) > MAX_DIGITS:
        return None
    return float(text) if "." in text or "e" in text or "E" in text else int(text)


def _read_list(cursor: Cursor, depth: int) -> list[Json]:
    cursor.expect("[")
    items: list[Json] = []
    while not cursor.skip("]"):
        if items:
            cursor.expect(",")
        items.append(read_literal(cursor, depth + 1))
    return items


def _read_map(cursor: Cursor, depth: int) -> dict[str, Json]:
    cursor.expect("{")
    items: dict[str, Json] = {}
    while not cursor.skip("}"):
        if items:
            cursor.expect(",")
        if cursor.skip_blanks() not in {"'", '"'}:
            raise cursor.error("expected a key")
        key = read_string(cursor)
        cursor.expect(":")
        items[key] = read_literal(cursor, depth + 1)
    return items
