"""Regular expressions of filters, matched in time proportional to the text, so that no pattern can stop the server.

The pattern becomes a small program that is run along the text with all its possibilities at once (Thompson's way). There is no
backtracking, hence no text that makes it explode; and the work is counted like all other work of a path.
"""

import re
from functools import lru_cache
from typing import Final

from podium.engine.jsonpath.pattern_parse import Assertion, Char, Choice, Node, Repeat, Sequence, parse_pattern
from podium.engine.jsonpath.reading import PathError, Reading

_MAX_PROGRAM: Final = 2_000  # instructions
_MAX_KNOWN: Final = 2_000  # remembered moves per pattern
_FLAGS: Final = {"i": re.IGNORECASE, "m": re.MULTILINE, "s": re.DOTALL}
_WORD = re.compile(r"\w", re.ASCII)

# An instruction: a character to eat, a place to be at, or where to go on. The number after the last instruction is the goal.
_Instruction = re.Pattern[str] | Assertion | tuple[int, ...]


class Pattern:
    """A compiled pattern."""

    def __init__(self, text: str, flags: str) -> None:
        """Raises PathError when `text` is malformed, too large, or needs backtracking."""
        self._program: list[_Instruction] = []
        self._emitted = 0
        self._emit(parse_pattern(text, flags))
        self._goal = len(self._program)
        self._placeless = not any(isinstance(instruction, Assertion) for instruction in self._program)
        self._known: dict[tuple[frozenset[int], str], frozenset[int]] = {}

    def matches(self, text: str, reading: Reading) -> bool:
        """Whether all of `text` fits. Raises Unanswerable when the work is more than `reading` allows."""
        states = self._closure([0], text, 0)
        for at, symbol in enumerate(text):
            if not states:
                return False
            states = self._after(states, symbol, text, at, reading)
        return self._goal in states

    def _after(self, states: frozenset[int], symbol: str, text: str, at: int, reading: Reading) -> frozenset[int]:
        known = self._known.get((states, symbol))
        if known is not None:
            reading.spend(1)
            return known
        reading.spend(len(states) + 1)
        moved = [state + 1 for state in states if self._eats(state, symbol)]
        result = self._closure(moved, text, at + 1)
        if self._placeless and len(self._known) < _MAX_KNOWN:
            self._known[states, symbol] = result
        return result

    def _eats(self, state: int, symbol: str) -> bool:
        instruction = self._program[state] if state < self._goal else None
        return isinstance(instruction, re.Pattern) and instruction.match(symbol) is not None

    def _closure(self, states: list[int], text: str, at: int) -> frozenset[int]:
        """`states` and all that can be reached from them without eating a character."""
        reached: set[int] = set()
        pending = states
        while pending:
            state = pending.pop()
            if state in reached:
                continue
            reached.add(state)
            instruction = self._program[state] if state < self._goal else None
            if isinstance(instruction, tuple) and not isinstance(instruction, Assertion):
                pending.extend(instruction)
            elif isinstance(instruction, Assertion) and _holds(instruction, text, at):
                pending.append(state + 1)
        return frozenset(reached)

    def _emit(self, node: Node) -> None:
        self._emitted += 1  # counted apart, because repeating nothing a thousand times a thousand times emits no instruction
        if self._emitted > _MAX_PROGRAM or len(self._program) > _MAX_PROGRAM:
            raise PathError("the pattern is too large")
        match node:
            case Char(text, flags):
                self._program.append(_one_character(text, "".join(sorted(set(flags)))))
            case Assertion():
                self._program.append(node)
            case Sequence(items):
                for item in items:
                    self._emit(item)
            case Choice(options):
                self._emit_choice(options)
            case Repeat(item, least, most):
                self._emit_repeat(item, least, most)

    def _emit_choice(self, options: list[Node]) -> None:
        ends: list[int] = []
        for option in options:
            fork = self._reserve()
            self._emit(option)
            ends.append(self._reserve())
            self._program[fork] = (fork + 1, len(self._program))
        # Where no option is left the last fork leads to an instruction without a way on.
        self._program.append(())
        for end in ends:
            self._program[end] = (len(self._program),)

    def _emit_repeat(self, item: Node, least: int, most: int | None) -> None:
        for _ in range(least):
            self._emit(item)
        if most is None:
            fork = self._reserve()
            self._emit(item)
            self._program.append((fork,))
            self._program[fork] = (fork + 1, len(self._program))
            return
        forks: list[int] = []
        for _ in range(most - least):
            forks.append(self._reserve())
            self._emit(item)
        for fork in forks:
            self._program[fork] = (fork + 1, len(self._program))

    def _reserve(self) -> int:
        """A place in the program whose instruction is known later."""
        self._program.append(())
        return len(self._program) - 1


@lru_cache(maxsize=1024)
def _one_character(text: str, flags: str) -> re.Pattern[str]:
    """A compiled matcher of one character. Java's classes are those of ASCII unless told otherwise, and so is its ignoring of case."""
    found = re.ASCII
    for flag in flags:
        found |= _FLAGS.get(flag, re.ASCII)
    try:
        return re.compile(text, found & ~re.ASCII if "u" in flags or text == r"[^\W\d_]" else found)
    except re.error as error:
        raise PathError(f"malformed pattern: {error}") from error


def _holds(assertion: Assertion, text: str, at: int) -> bool:
    lines = "m" in assertion.flags
    match assertion.kind:
        case "^":
            return at == 0 or (lines and text[at - 1] == "\n")
        case "$" | "Z":
            last = at == len(text) or (at == len(text) - 1 and text[at] == "\n")
            return last or (lines and assertion.kind == "$" and text[at] == "\n")
        case "A":
            return at == 0
        case "z":
            return at == len(text)
        case _:
            boundary = _is_word(text, at - 1) != _is_word(text, at)
            return boundary == (assertion.kind == "b")


def _is_word(text: str, at: int) -> bool:
    return 0 <= at < len(text) and _WORD.match(text[at]) is not None


def pattern(text: str, flags: str) -> Pattern:
    """The pattern `/text/flags`. Flags: `i` ignore case, `m` lines, `s` dot matches line ends, `u` case of all letters.

    Raises PathError for other flags and for malformed patterns.
    """
    if unknown := set(flags) - set("imsu"):
        raise PathError(f"unknown flag of a pattern: {''.join(sorted(unknown))}")
    # All of the text has to fit anyway, and without places to check its moves can be remembered.
    text = text.removeprefix("^")
    if text.endswith("$") and not text.endswith("\\$"):
        text = text[:-1]
    return Pattern(text, flags)
