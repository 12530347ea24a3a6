"""Cuts JavaScript into words, marks, and texts, or says that it is not sure."""

from __future__ import annotations

import re
from typing import NamedTuple

BEFORE_REGEX = frozenset({"return", "typeof", "case", "in", "of", "delete", "void", "throw", "new", "else", "do", "instanceof"})
_SPACE = re.compile(r"(?:[ \t\v\f\r\n\u00a0\ufeff\u2028\u2029]+|//[^\r\n\u2028\u2029]*|/\*.*?\*/)+", re.DOTALL)
_WORD = re.compile(r"[A-Za-z_$][A-Za-z0-9_$]*")
_NUMBER = re.compile(r"0[xXoObB][0-9a-fA-F]+n?|(?:\d[\d_]*\.?[\d_]*|\.\d[\d_]*)(?:[eE][+-]?\d+)?n?")
_STRING = re.compile(r"\"(?:[^\"\\\r\n]|\\(?:\r\n|.))*\"|'(?:[^'\\\r\n]|\\(?:\r\n|.))*'", re.DOTALL)
_REGEX = re.compile(r"/(?![*/])(?:[^/\\\[\r\n]|\\.|\[(?:[^\]\\\r\n]|\\.)*\])+/[A-Za-z]*")
_MARK = re.compile(
    r"=>|\.\.\.|\?\?=?|\?\.(?!\d)|[-+*/%&|^]=|\*\*=?|&&=?|\|\|=?|<<=?|>>>?=?|[=!]==?|[<>]=|\+\+|--|[-+*/%&|^~!?:;,.<>=(){}\[\]]"
)
_TEMPLATE = re.compile(r"(?:[^`\\$]|\\.|\$(?!\{))*", re.DOTALL)
_REST_OF_LINE = re.compile(r"[^\r\n]*")
_HTML_COMMENT = ("<!--", "-->")


class Token(NamedTuple):
    """`kind` is word, number, string, regex, template (a piece of one) or mark; `start` and `end` are offsets in the source."""

    kind: str
    text: str
    start: int
    end: int


class Unsure(Exception):
    """The text cannot be cut with certainty; callers take the careful way."""


def tokens(source: str) -> list[Token]:
    """All tokens in order, without space and comments; raises Unsure rather than guess."""
    if any(mark in source for mark in _HTML_COMMENT) or source.startswith("#!"):
        raise Unsure
    return _Reader(source).all()


class _Reader:
    def __init__(self, source: str) -> None:
        self.source = source
        self.at = 0
        self.found: list[Token] = []
        self.braces: list[bool] = []  # for each open brace: does it belong to a template?

    def all(self) -> list[Token]:
        source = self.source
        while True:
            space = _SPACE.match(source, self.at)
            if space:
                self.at = space.end()
            if self.at >= len(source):
                break
            self._next(source[self.at])
        if self.braces:
            raise Unsure
        return self.found

    def _next(self, first: str) -> None:
        if first == "`":
            self._template()
        elif first in "\"'":
            self._take("string", _STRING)
        elif _NUMBER.match(self.source, self.at):
            self._take("number", _NUMBER)
        elif first == "/":
            self._slash()
        elif first == "}" and self.braces and self.braces.pop():
            self._template()
        elif _WORD.match(self.source, self.at):
            self._take("word", _WORD)
        else:
            if first == "{":
                self.braces.append(False)
            self._take("mark", _MARK)

    def _take(self, kind: str, pattern: re.Pattern[str]) -> None:
        match = pattern.match(self.source, self.at)
        if match is None:
            raise Unsure
        self.found.append(Token(kind, match.group(), self.at, match.end()))
        self.at = match.end()

    def _template(self) -> None:
        """From a backtick, or from the brace that closes a `${`, to the next `${` or the closing backtick."""
        start = self.at
        match = _TEMPLATE.match(self.source, start + 1)
        end = match.end() if match else len(self.source)
        if self.source.startswith("${", end):
            self.braces.append(True)
            end += 2
        elif self.source.startswith("`", end):
            end += 1
        else:
            raise Unsure
        self.found.append(Token("template", self.source[start:end], start, end))
        self.at = end

    def _slash(self) -> None:
        """A regular expression or a division: by what stands before it."""
        last = self.found[-1] if self.found else None
        if last is None or (last.kind == "mark" and last.text not in (")", "]", "}", "++", "--")) or self._before_regex(last):
            self._take("regex", _REGEX)
            return
        if last.text in (")", "}", "++", "--"):
            rest = _REST_OF_LINE.match(self.source, self.at + 1)
            if last.text != ")" or (rest and any(mark in rest.group() for mark in "/\"'`")):
                raise Unsure
        self._take("mark", _MARK)

    def _before_regex(self, last: Token) -> bool:
        if last.kind == "template":
            return last.text.endswith("${")
        return last.kind == "word" and last.text in BEFORE_REGEX and not (len(self.found) > 1 and self.found[-2].text in (".", "?."))
