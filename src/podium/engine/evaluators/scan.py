"""Says whether a script may run on the event loop, and puts a look at the clock into its loops and functions.

A script is *calm* when nothing in it could show that its realm is shared and locked, or run for long between two looks at the clock: no
classes, no generators, no `this`, no reflection, no big integers. Everything else goes to the sandbox, where anything may run.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

from podium.engine.evaluators.tokens import Token, Unsure, tokens

LONGEST = 8_192
TICK = "__podium_tick"
_LOOK = f"const __podium_now={TICK}();"
_WILD_WORDS: Final = """
    this eval Function globalThis with arguments import export async await yield class super debugger constructor __proto__ prototype target
    Symbol Promise Proxy Reflect BigInt WeakMap WeakSet WeakRef FinalizationRegistry Atomics Iterator DOMException performance
    queueMicrotask navigator gc Intl Temporal getPrototypeOf setPrototypeOf defineProperty defineProperties getOwnPropertyDescriptor
    getOwnPropertyDescriptors getOwnPropertyNames getOwnPropertySymbols isFrozen isSealed isExtensible __defineGetter__ __defineSetter__
    __lookupGetter__ __lookupSetter__ prepareStackTrace captureStackTrace stackTraceLimit InternalError
    """
_WILD = frozenset(_WILD_WORDS.split())
_WILD_SHAPE = re.compile(r"__podium|.*Array$|.*ArrayBuffer$|DataView$|BigInt")
_CALM_ARRAYS = frozenset({"Array", "isArray"})
_CALLBACK_TAKERS_WORDS: Final = """
    every some forEach filter map find findIndex findLast findLastIndex reduce reduceRight sort toSorted flatMap
    """
_CALLBACK_TAKERS = frozenset(_CALLBACK_TAKERS_WORDS.split())
_LATER_TAKERS_WORDS: Final = "replace replaceAll from groupBy"
_LATER_TAKERS = frozenset(_LATER_TAKERS_WORDS.split())  # their callback is the second argument
_PLAIN_HEADS = frozenset({"if", "switch", "catch"})
_LOOP_HEADS = frozenset({"for", "while"})


@lru_cache(maxsize=4096)
def calm(source: str) -> str | None:
    """The source with its looks at the clock, or None when it belongs into the sandbox."""
    if len(source) > LONGEST or "\0" in source:
        return None
    try:
        found = tokens(source)
        if any(_is_wild(token) for token in found) or not _builtins_are_called(found):
            return None
        places = _Shape(found).looks()
    except (Unsure, RecursionError):
        return None
    pieces, last = [], 0
    for place in sorted(places):
        pieces += [source[last:place], _LOOK]
        last = place
    return "".join((*pieces, source[last:]))


def _is_wild(token: Token) -> bool:
    if token.kind == "number":
        return token.text.endswith("n")
    if token.kind != "word":
        return False
    return token.text in _WILD or (token.text not in _CALM_ARRAYS and _WILD_SHAPE.match(token.text) is not None)


def _builtins_are_called(found: list[Token]) -> bool:
    """Whether the builtins that take callbacks are only called, so that no object of the script's own can pose as one."""
    for index, token in enumerate(found):
        if token.kind == "string" and token.text[1:-1] in _CALLBACK_TAKERS | _LATER_TAKERS:
            return False
        if token.kind == "word" and token.text in _CALLBACK_TAKERS | _LATER_TAKERS:
            before, after = found[index - 1].text if index else "", found[index + 1].text if index + 1 < len(found) else ""
            if before not in (".", "?.") or after != "(":
                return False
    return True


class _Shape:
    """Brackets paired, so that bodies of loops and functions can be told from blocks and objects."""

    def __init__(self, found: list[Token]) -> None:
        self.found = found
        self.closing: dict[int, int] = {}
        self.opening: dict[int, int] = {}
        self.around: dict[int, int] = {}  # for each comma, the bracket it stands in
        stack: list[int] = []
        for index, token in enumerate(found):
            if token.kind == "template":
                stack = self._pair_template(stack, index, token)
            elif token.kind == "mark" and token.text in "([{":
                stack.append(index)
            elif token.kind == "mark" and token.text in ")]}":
                self._pair(stack, index)
            elif token.text == "," and stack:
                self.around[index] = stack[-1]
        if stack:
            raise Unsure

    def _pair(self, stack: list[int], index: int) -> None:
        if not stack:
            raise Unsure
        start = stack.pop()
        self.closing[start], self.opening[index] = index, start

    def _pair_template(self, stack: list[int], index: int, token: Token) -> list[int]:
        if token.text.startswith("}"):
            self._pair(stack, index)
        if token.text.endswith("${"):
            stack.append(index)
        return stack

    def text(self, index: int) -> str:
        """The text of a mark or word, "" elsewhere and outside."""
        if 0 <= index < len(self.found) and self.found[index].kind in ("mark", "word"):
            return self.found[index].text
        return ""

    def looks(self) -> list[int]:
        """Offsets after which a look at the clock stands; raises Unsure when a loop or function has no place for one."""
        places: list[int] = []
        for index, token in enumerate(self.found):
            text = self.text(index)
            if text == "=>":
                self._arrow(index, places)
            elif text == "function":
                self._function(index, places)
            elif text in _LOOP_HEADS and self.text(index - 1) not in (".", "?."):
                self._loop(index, places)
            elif text == "do" and self.text(index - 1) not in (".", "?."):
                self._body(index + 1, places)
            elif text == "{" and self.text(index - 1) == ")":
                self._known_head(self.opening[index - 1])
            elif token.kind == "template" and index and self._ends_value(index - 1) and token.text.startswith("`"):
                raise Unsure
        return places

    def _ends_value(self, index: int) -> bool:
        token = self.found[index]
        return token.text in (")", "]") or (
            token.kind == "word" and token.text not in ("return", "typeof", "case", "in", "of", "else", "throw", "void")
        )

    def _body(self, brace: int, places: list[int]) -> None:
        """The brace at this index opens a body that is run again and again."""
        if self.text(brace) != "{" or (brace + 1 < len(self.found) and self.found[brace + 1].kind == "string"):
            raise Unsure
        places.append(self.found[brace].end)

    def _loop(self, index: int, places: list[int]) -> None:
        if self.text(index + 1) != "(":
            raise Unsure
        if self.text(index) == "while" and self.text(index - 1) == "}" and self.text(self.opening[index - 1] - 1) == "do":
            return
        self._body(self.closing[index + 1] + 1, places)

    def _function(self, index: int, places: list[int]) -> None:
        head = index + 1 if self.text(index + 1) == "(" else index + 2
        if self.text(head) != "(":
            raise Unsure
        self._body(self.closing[head] + 1, places)

    def _arrow(self, index: int, places: list[int]) -> None:
        """An arrow with a block is like any function; one with an expression must be called by a guarded builtin, or at once."""
        if self.text(index + 1) == "{":
            self._body(index + 1, places)
            return
        first = self.opening[index - 1] if self.text(index - 1) == ")" else index - 1
        later = self.text(first - 1) == ","
        opener = self.around.get(first - 1, -1) if later else first - 1
        if self.text(opener) != "(":
            raise Unsure
        if self.text(opener - 1) in (_LATER_TAKERS if later else _CALLBACK_TAKERS) and self.text(opener - 2) in (".", "?."):
            return
        grouped = self.text(opener - 1) in ("", "=", "return", ";", "+", "?", ":", "!", "(") and (
            opener == 0 or self.text(opener - 1) != ""
        )
        at_once = grouped and self.text(self.closing[opener] + 1) == "("
        if later or not at_once:
            raise Unsure

    def _known_head(self, opener: int) -> None:
        """`x (...) {` is a block of if, a loop, a function, or a method, which is not calm."""
        head, before = self.text(opener - 1), self.text(opener - 2)
        known = head in _PLAIN_HEADS or head in _LOOP_HEADS or "function" in (head, before)
        if not known or before in (".", "?."):
            raise Unsure
