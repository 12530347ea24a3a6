"""Cuts the text of a pattern into words, numbers, colours and signs."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from led.source import Mistake, PatternError, Place

Kind = Literal["name", "number", "color", "text", "sign", "end"]

TOKEN = re.compile(
    r"""(?P<space>[ \t\r\n]+ | //[^\n]*)
      | (?P<number>\d+\.?\d*(?:[eE][+-]?\d+)? | \.\d+)
      | (?P<name>[A-Za-z_][A-Za-z0-9_]*)
      | (?P<color>\#[0-9A-Fa-f]*)
      | (?P<text>"[^"\n]*")
      | (?P<sign><=|>=|==|!=|[-+*/%^<>(){},:=])""",
    re.VERBOSE,
)
COLOR_LENGTH = len("#rrggbb")


@dataclass(frozen=True)
class Token:
    """One piece of the text; `text` without the quotes of a string."""

    kind: Kind
    text: str
    place: Place

    def __str__(self) -> str:
        """As it is named in a message."""
        return "the end of the pattern" if self.kind == "end" else f"'{self.text}'"


def tokens(source: str) -> list[Token]:
    """All tokens, an `end` token last; PatternError on a character that means nothing here."""
    found: list[Token] = []
    line, start, position = 1, 0, 0
    while position < len(source):
        place = Place(line, position - start + 1)
        match = TOKEN.match(source, position)
        if match is None:
            raise PatternError(source, [Mistake(place, _unknown(source[position]))])
        position = match.end()
        if match.lastgroup != "space":
            found.append(_token(source, match, place))
        for newline in re.finditer("\n", match.group()):
            line, start = line + 1, match.start() + newline.end()
    return [*found, Token("end", "", Place(line, position - start + 1))]


def _token(source: str, match: re.Match[str], place: Place) -> Token:
    kind, text = match.lastgroup, match.group()
    if kind == "color" and len(text) != COLOR_LENGTH:
        raise PatternError(source, [Mistake(place, f"a colour has six hexadecimal digits, as in #ff8800; found '{text}'")])
    if kind == "number":
        return Token("number", text, place)
    if kind == "color":
        return Token("color", text, place)
    if kind == "text":
        return Token("text", text[1:-1], place)
    return Token("name" if kind == "name" else "sign", text, place)


def _unknown(character: str) -> str:
    return "this text has no closing quote" if character == '"' else f"'{character}' means nothing here"
