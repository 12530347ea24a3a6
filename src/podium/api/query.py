"""The search language: text such as `workflowType = order AND status IN (RUNNING, PAUSED)`, read into a Search.

It takes everything that the official clients send and stays lenient where the recorded server is: a value needs no quotes and
runs up to the next AND or OR that is followed by another clause. The text is cut into tokens once; reading them never goes back,
so the cost grows with the length alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

from podium.errors import Invalid
from podium.model.search import AllOf, AnyOf, Clause, Condition, Operator, SortKey

MAX_CLAUSES: Final = 200
MAX_DEPTH: Final = 30

_TOKEN: Final = re.compile(r"\s++|[<>=!]++|[(),'\"]|[^\s<>=!(),'\"]++")
_FIELD: Final = re.compile(r"[A-Za-z][A-Za-z0-9_.]*+")
_SYMBOLS: Final = {symbol: Operator(symbol) for symbol in ("=", "!=", "<", ">", "<=", ">=")}
_WORDS: Final = {"IN", "NOT", "STARTS_WITH", "BETWEEN", "IS"}  # operators, or what they begin with
_JOINTS: Final = {"AND", "OR"}
_QUOTES: Final = {"'", '"'}


def parse_query(text: str) -> Condition:
    """What `text` asks for; an empty AllOf when it is blank (spec/api.md §1.8). Raises Invalid when it cannot be read."""
    if not text.strip():
        return AllOf()
    return _Reader(text).whole()


def parse_sort(entries: Iterable[str]) -> tuple[SortKey, ...]:
    """Orderings such as `startTime:DESC`, separated by `|`, by `,` or given one by one; one without a direction counts for nothing."""
    keys = []
    for entry in entries:
        for part in re.split(r"[|,]", entry):
            field, _, direction = part.strip().partition(":")
            if field.strip() and direction.strip().upper() in {"ASC", "DESC"}:
                keys.append(SortKey(field.strip(), descending=direction.strip().upper() == "DESC"))
    return tuple(keys)


def parse_free_text(text: str | None) -> str:
    """What to look for anywhere; `*` and nothing are no filter."""
    stripped = (text or "").strip()
    return "" if stripped == "*" else stripped


class _Token(NamedTuple):
    text: str
    start: int
    end: int


class _Tokens:
    """The pieces of a query, and what can be told by looking at them."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.all = [_Token(found.group(), found.start(), found.end()) for found in _TOKEN.finditer(text)]
        self.count = len(self.all)
        self.closing = _closing_quotes(self.all)

    def word(self, index: int) -> str:
        """The token at `index` in upper case; "" past the end."""
        return self.all[index].text.upper() if index < self.count else ""

    def blank(self, index: int) -> bool:
        """White space stands at `index`."""
        return index < self.count and self.all[index].text.isspace()

    def past_blank(self, index: int) -> int:
        """The first index from `index` on where no white space stands."""
        return index + 1 if self.blank(index) else index

    def opens_clause(self, index: int) -> bool:
        """A field and an operator stand at `index`."""
        if index >= self.count or not _FIELD.fullmatch(self.all[index].text):
            return False
        after = self.past_blank(index + 1)
        return self.word(after) in _SYMBOLS or (after > index + 1 and self.word(after) in _WORDS)

    def is_joint(self, index: int, *, before_clause: bool) -> bool:
        """AND or OR stands at `index`, and with `before_clause` a clause, perhaps in parentheses, behind it."""
        if self.word(index) not in _JOINTS or not self.blank(index + 1):
            return False
        if not before_clause:
            return True
        index += 2
        while self.word(index) == "(":
            index = self.past_blank(index + 1)
        return self.opens_clause(index)

    def quoted(self, index: int, *, opening: bool) -> int:
        """Where the quoted text at `index` ends; `index` itself when the quote is part of a bare text."""
        closing = self.closing.get(index)
        if not opening or closing is None:
            return index
        after = self.past_blank(closing + 1)
        return closing if after >= self.count or self.word(after) in {")", ",", *_JOINTS} else index

    def value(self, first: int, last: int) -> str:
        """The text of the tokens from `first` up to but not `last`, without the white space and the quotes around it."""
        while first < last and self.blank(first):
            first += 1
        while first < last and self.blank(last - 1):
            last -= 1
        if first < last and self.closing.get(first) == last - 1:
            return self.text[self.all[first].end : self.all[last - 1].start]
        return self.text[self.all[first].start : self.all[last - 1].end] if first < last else ""


class _Reader:
    """Reads a query from its tokens, front to back."""

    def __init__(self, text: str) -> None:
        self.tokens = _Tokens(text)
        self.at = 0
        self.clauses = 0

    def whole(self) -> Condition:
        """The condition, which nothing follows."""
        condition = self.expression(0)
        self.skip_blank()
        if self.at < self.tokens.count:
            raise self.failure()
        return condition

    def expression(self, depth: int) -> Condition:
        """Chains of terms joined by AND, joined by OR."""
        if depth > MAX_DEPTH:
            raise Invalid(f"The query is nested more than {MAX_DEPTH} levels deep")
        alternatives: list[Condition] = []
        parts = [self.term(depth)]
        while joint := self.joint():
            if joint == "OR":
                alternatives.append(_all_of(parts))
                parts = []
            parts.append(self.term(depth))
        alternatives.append(_all_of(parts))
        return alternatives[0] if len(alternatives) == 1 else AnyOf(tuple(alternatives))

    def term(self, depth: int) -> Condition:
        """A clause, or an expression in parentheses."""
        self.skip_blank()
        if self.tokens.word(self.at) != "(":
            return self.clause(depth)
        self.at += 1
        inner = self.expression(depth + 1)
        self.skip_blank()
        if self.tokens.word(self.at) != ")":
            raise self.failure()
        self.at += 1
        return inner

    def clause(self, depth: int) -> Clause:
        """`field operator value`."""
        self.clauses += 1
        if self.clauses > MAX_CLAUSES:
            raise Invalid(f"The query has more than {MAX_CLAUSES} clauses")
        if not self.tokens.opens_clause(self.at):
            raise self.failure()
        field = self.tokens.all[self.at].text
        self.at = self.tokens.past_blank(self.at + 1)
        operator = self.operator()
        self.skip_blank()
        if operator is Operator.BETWEEN:
            return Clause(field, operator, self.bounds(depth))
        if operator in {Operator.IS_NULL, Operator.IS_NOT_NULL}:
            return Clause(field, operator)
        values = self.values(depth)
        return Clause(field, _fitting(operator, values), values)

    def operator(self) -> Operator:
        """Step over an operator of one word or two."""
        first = self.step()
        if first in _SYMBOLS:
            return _SYMBOLS[first]
        if first not in {"NOT", "IS"}:
            return Operator(first)
        second = self.step()
        if (first, second) == ("IS", "NOT"):
            second = f"NOT {self.step()}"
        try:
            return Operator(f"{first} {second}")
        except ValueError as error:
            raise self.failure() from error

    def bounds(self, depth: int) -> tuple[str, str]:
        """The two values of BETWEEN."""
        low = self.take(self.end_of_value(depth, before_clause=False))
        if self.joint() != "AND":
            raise self.failure()
        return low, self.take(self.end_of_value(depth, before_clause=True))

    def values(self, depth: int) -> tuple[str, ...]:
        """The value or values of a clause: scalars with commas between, in parentheses or without."""
        first, last = self.at, self.end_of_value(depth, before_clause=True)
        self.at = last
        while self.tokens.blank(last - 1):
            last -= 1
        if last - first >= 2 and self.tokens.word(first) == "(" and self.tokens.word(last - 1) == ")":
            first, last = first + 1, last - 1
        found: list[str] = []
        index = begin = first
        while index < last:
            if self.tokens.word(index) == ",":
                found.append(self.tokens.value(begin, index))
                begin = index + 1
            index = self.tokens.quoted(index, opening=self.opens_value(index, first)) + 1
        return (*found, self.tokens.value(begin, last))

    def end_of_value(self, depth: int, *, before_clause: bool) -> int:
        """Where the value that begins here ends: at a joint, at a closing parenthesis that is not its own, or with the query."""
        index, opened = self.at, 0
        while index < self.tokens.count:
            word = self.tokens.word(index)
            if word == ")" and not opened and depth:
                return index
            if self.tokens.blank(index) and self.tokens.is_joint(index + 1, before_clause=before_clause):
                return index
            opened = max(0, opened + (word == "(") - (word == ")"))
            index = self.tokens.quoted(index, opening=self.opens_value(index, self.at)) + 1
        return index

    def opens_value(self, index: int, first: int) -> bool:
        """A value, or one of a list, begins at `index`; `first` is where the values begin."""
        before = index - 1
        while before >= first and self.tokens.blank(before):
            before -= 1
        return before < first or self.tokens.word(before) in {"(", ","}

    def joint(self) -> str:
        """Step over AND or OR; "" when there is none."""
        after = self.tokens.past_blank(self.at)
        word = self.tokens.word(after)
        if word not in _JOINTS:
            return ""
        self.at = self.tokens.past_blank(after + 1)
        return word

    def step(self) -> str:
        """The word here in upper case, and go on behind it."""
        self.skip_blank()
        self.at += 1
        return self.tokens.word(self.at - 1)

    def take(self, end: int) -> str:
        """The one value up to the token `end`."""
        value = self.tokens.value(self.at, end)
        self.at = end
        return value

    def skip_blank(self) -> None:
        """Go on behind white space."""
        self.at = self.tokens.past_blank(self.at)

    def failure(self) -> Invalid:
        """What to raise when the text here cannot be read."""
        where = self.tokens.all[self.at].start if self.at < self.tokens.count else len(self.tokens.text)
        shown = self.tokens.text[:200]
        return Invalid(f"Incorrectly formatted query: expected `field operator value` at character {where} of: {shown}")


def _closing_quotes(tokens: Sequence[_Token]) -> dict[int, int]:
    """Index of a quote -> index of the next quote of its kind."""
    following: dict[str, int] = {}
    closing: dict[int, int] = {}
    for index in range(len(tokens) - 1, -1, -1):
        text = tokens[index].text
        if text in _QUOTES:
            if text in following:
                closing[index] = following[text]
            following[text] = index
    return closing


def _all_of(parts: list[Condition]) -> Condition:
    return parts[0] if len(parts) == 1 else AllOf(tuple(parts))


def _fitting(operator: Operator, values: tuple[str, ...]) -> Operator:
    """`=` with a list asks for any of it, `IN` with one value for that value (spec/api.md §1.8)."""
    if operator is Operator.EQUAL and len(values) > 1:
        return Operator.IN
    if operator is Operator.NOT_EQUAL and len(values) > 1:
        return Operator.NOT_IN
    return operator
