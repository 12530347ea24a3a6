"""Reads a regular expression of a filter into a small tree; refuses what cannot be matched in time proportional to the text."""

import re
from typing import Final, NamedTuple, TypeAlias

from podium.engine.jsonpath.reading import MAX_DEPTH, PathError

_MAX_REPEAT: Final = 1000
_COUNTED = re.compile(r"\{(\d{1,4})(,?)(\d{0,4})\}")
_GROUP = re.compile(r"\?(?::|<[A-Za-z][A-Za-z0-9]*>|([ims]+)([:)]))")
_HEX = re.compile(r"x([0-9A-Fa-f]{2})|u([0-9A-Fa-f]{4})")
_QUOTE = re.compile(r"\\Q(.*?)(?:\\E|$)", re.DOTALL)
_CONTROL: Final = {"t": "\t", "n": "\n", "r": "\r", "f": "\f", "a": "\a", "e": "\x1b", "0": "\0"}
_CLASSES: Final = frozenset("dDwWsS")
_ASSERTIONS: Final = {"b": "b", "B": "B", "A": "A", "z": "z", "Z": "Z"}
_NAMED_CLASSES: Final = {
    "L": r"[^\W\d_]",
    "Alpha": "a-zA-Z",
    "Digit": "0-9",
    "Alnum": "a-zA-Z0-9",
    "Lower": "a-z",
    "Upper": "A-Z",
    "XDigit": "0-9a-fA-F",
    "Space": r"\s",
    "Punct": r"!-/:-@\[-`{-~",
    "ASCII": r"\x00-\x7f",
}


class Char(NamedTuple):
    """One character: `text` is a pattern that can only match one."""

    text: str
    flags: str


class Assertion(NamedTuple):
    """A place, not a character: `^ $ A Z z b B`."""

    kind: str
    flags: str


class Sequence(NamedTuple):
    """One after another."""

    items: "list[Node]"


class Choice(NamedTuple):
    """One of several."""

    options: "list[Node]"


class Repeat(NamedTuple):
    """`least` to `most` times; None: any number."""

    item: "Node"
    least: int
    most: int | None


Node: TypeAlias = Char | Assertion | Sequence | Choice | Repeat


def parse_pattern(text: str, flags: str) -> Node:
    """The tree of `text`.

    Raises PathError when it is malformed, or needs what only backtracking can give: back references, looking ahead or behind,
    possessive and atomic groups.
    """
    parser = _Parser(_QUOTE.sub(lambda match: re.escape(match[1]), text), flags)
    node = parser.choice(0)
    if parser.at < len(parser.text):
        raise PathError(f"unexpected {parser.text[parser.at]!r} in /{text}/")
    return node


class _Parser:
    def __init__(self, text: str, flags: str) -> None:
        self.text = text
        self.flags = flags
        self.at = 0

    def peek(self) -> str:
        return self.text[self.at : self.at + 1]

    def take(self) -> str:
        if self.at >= len(self.text):
            raise PathError(f"pattern ends too early: /{self.text}/")
        self.at += 1
        return self.text[self.at - 1]

    def choice(self, depth: int) -> Node:
        if depth > MAX_DEPTH:
            raise PathError("too many groups inside of each other")
        options = [self.sequence(depth)]
        while self.peek() == "|":
            self.at += 1
            options.append(self.sequence(depth))
        return options[0] if len(options) == 1 else Choice(options)

    def sequence(self, depth: int) -> Node:
        items: list[Node] = []
        while self.peek() not in {"", "|", ")"}:
            item = self.atom(depth)
            if item is not None:
                items.append(self.repeated(item))
        return Sequence(items)

    def repeated(self, item: Node) -> Node:
        """`item` with the quantifier that follows, if any; a lazy one matches the same whole texts as a greedy one."""
        bounds = self.quantifier()
        if bounds is None:
            return item
        least, most = bounds
        if most is not None and (most < least or most > _MAX_REPEAT):
            raise PathError(f"cannot repeat {least} to {most} times")
        if self.peek() == "?":
            self.at += 1
        if self.peek() in {"*", "+", "?", "{"}:
            raise PathError("possessive quantifiers, and one quantifier after another, are not supported")
        return Repeat(item, least, most)

    def quantifier(self) -> tuple[int, int | None] | None:
        symbol = self.peek()
        if symbol and symbol in _QUANTIFIERS:
            self.at += 1
            return _QUANTIFIERS[symbol]
        if symbol != "{":
            return None
        match = _COUNTED.match(self.text, self.at)
        if match is None:
            raise PathError("malformed repetition")
        self.at = match.end()
        least = int(match[1])
        if not match[2]:
            return least, least
        return least, int(match[3]) if match[3] else None

    def atom(self, depth: int) -> Node | None:
        symbol = self.take()
        if symbol == "(":
            return self.group(depth)
        if symbol == "[":
            return Char(self.char_class(), self.flags)
        if symbol == "\\":
            return self.escape()
        if symbol in "^$":
            return Assertion(symbol, self.flags)
        if symbol in "*+?{":
            raise PathError(f"nothing to repeat before {symbol!r}")
        return Char("." if symbol == "." else re.escape(symbol), self.flags)

    def group(self, depth: int) -> Node | None:
        before = self.flags
        if self.peek() == "?":
            match = _GROUP.match(self.text, self.at)
            if match is None:
                raise PathError("looking ahead or behind, and atomic groups, are not supported")
            self.at = match.end()
            self.flags += match[1] or ""
            if match[2] == ")":  # `(?i)`: from here to the end of the group around it
                return None
        node = self.choice(depth + 1)
        self.flags = before
        if self.take() != ")":
            raise PathError("unbalanced group")
        return node

    def escape(self) -> Node:
        symbol = self.peek()
        if symbol in _ASSERTIONS:
            self.at += 1
            return Assertion(_ASSERTIONS[symbol], self.flags)
        text, is_class = self.escaped()
        return Char(f"[{text}]" if is_class and not text.startswith(("\\", "[")) else text, self.flags)

    def escaped(self) -> tuple[str, bool]:
        """What follows a backslash, as Python writes it, and whether it stands for more than one character."""
        if (match := _HEX.match(self.text, self.at)) is not None:
            self.at = match.end()
            return re.escape(chr(int(match[1] or match[2], 16))), False
        symbol = self.take()
        if symbol in _CLASSES:
            return f"\\{symbol}", True
        if symbol == "p":
            match = re.compile(r"\{(?:Is)?(\w+)\}").match(self.text, self.at)
            if match is not None and match[1] in _NAMED_CLASSES:
                self.at = match.end()
                return _NAMED_CLASSES[match[1]], True
        if symbol in _CONTROL:
            return re.escape(_CONTROL[symbol]), False
        if symbol.isalnum():
            raise PathError(f"\\{symbol} is not supported in a pattern")
        return re.escape(symbol), False

    def char_class(self) -> str:
        """`[…]`, rewritten so that Python reads it as Java does. Unions and intersections are refused."""
        parts = ["^" if self.peek() == "^" else ""]
        self.at += len(parts[0])
        while (symbol := self.take()) != "]":
            if symbol == "[" or self.text.startswith("&&", self.at - 1):
                raise PathError("classes inside of classes are not supported")
            text, is_class = self.escaped() if symbol == "\\" else (re.escape(symbol), False)
            if text.startswith("["):
                raise PathError("classes inside of classes are not supported")
            if not is_class and self.peek() == "-" and self.text[self.at + 1 : self.at + 2] not in {"]", ""}:
                self.at += 1
                symbol = self.take()
                text += "-" + (self.escaped()[0] if symbol == "\\" else re.escape(symbol))
            parts.append(text)
        if not parts[-1] or parts[-1] == "^":
            raise PathError("empty class")
        return "[" + "".join(parts) + "]"


_QUANTIFIERS: Final[dict[str, tuple[int, int | None]]] = {"*": (0, None), "+": (1, None), "?": (0, 1)}
