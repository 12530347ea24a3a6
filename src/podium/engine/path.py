"""Paths: where in a workflow's data an expression looks."""

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Final, Protocol

from podium.engine.jsonpath.parse import Index, Key, Token, parse, steps
from podium.engine.jsonpath.reading import PathError, Reading, Unanswerable
from podium.engine.jsonpath.step import Step, follow
from podium.model.json import Json, JsonObject

__all__ = ["Path", "PathError", "Sources", "compile_path"]

_MAX_TEXT: Final = 10_000  # characters of a path; longer ones are not what anybody writes, and are not worth remembering


class Sources(Protocol):
    """The data a path may read, by its first two components; the engine answers over a run, each call in constant time."""

    def field(self, root: str, name: str) -> Json:
        """The value at `root.name`, such as `("workflow", "input")`; None when absent."""

    def source(self, root: str) -> Json:
        """Everything under `root`; None when there is no such root."""

    def document(self) -> JsonObject:
        """Everything. Slow; asked for only by paths such as `$` and `$..x`."""


class Path:
    """A compiled path. Immutable; may be shared by threads.

    `definite`: leads to one value at most; otherwise its answer is a list. `root`: its first component when that is a plain name.
    `name` and `rest`: its second component, and the keys and indexes after it, when the path is plain all along.
    """

    __slots__ = ("_after_name", "_after_root", "_steps", "definite", "name", "reads_document", "rest", "root", "text")

    def __init__(self, text: str) -> None:
        parsed = parse(text)
        plain = _plain_prefix(parsed.tokens)
        self.text: Final = text
        self.definite: Final = parsed.definite
        self.root: Final = plain[0] if plain and isinstance(plain[0], str) else None
        self.name: Final = plain[1] if self.root is not None and len(plain) > 1 and isinstance(plain[1], str) else None
        self.rest: Final = tuple(plain[2:]) if self.name is not None and len(plain) == len(parsed.tokens) else None
        self.reads_document: Final = parsed.reads_document or self.root is None
        self._steps: Final = steps(parsed.tokens)
        # A scan takes two tokens for one step, but it is never part of the plain beginning.
        self._after_root: Final = self._steps[1:]
        self._after_name: Final = self._steps[2:]

    def read(self, sources: Sources) -> Json:
        """The answer over `sources`: the value, or null; a list, possibly empty, when the path is not definite.

        Values are shared with the source, never copied. A path without an answer (the sum of nothing, too much work) is null.
        """
        reading = Reading(sources.document)
        if self.root is None:
            return self._answer(self._steps, sources.document, reading)
        root = self.root
        if self.name is None:
            return self._answer(self._after_root, lambda: sources.source(root), reading)
        name = self.name
        return self._answer(self._after_name, lambda: sources.field(root, name), reading)

    def find(self, document: Json) -> Json:
        """The answer over a plain JSON value, as `read`."""
        return self._answer(self._steps, lambda: document, Reading(lambda: document))

    def _answer(self, rest: Sequence[Step], start: Callable[[], Json], reading: Reading) -> Json:
        try:
            found = follow(rest, [start()], reading)
        except Unanswerable:
            return None
        if not self.definite:
            return found
        return found[-1] if found else None


def _plain_prefix(tokens: Sequence[Token]) -> list[str | int]:
    """The keys and indexes that `tokens` begin with."""
    plain: list[str | int] = []
    for token in tokens:
        if isinstance(token, Key):
            plain.append(token.name)
        elif isinstance(token, Index):
            plain.append(token.number)
        else:
            break
    return plain


def compile_path(text: str) -> Path:
    """The path written in `text`. Raises PathError when it is none.

    Compiled paths are remembered, because nested expressions write the same few paths again and again (spec/engine.md §3.12.4).
    """
    if len(text) > _MAX_TEXT:
        raise PathError(f"a path of {len(text)} characters")
    return _compiled(text)


@lru_cache(maxsize=2048)
def _compiled(text: str) -> Path:
    return Path(text)
