"""What one evaluation of a path may see and how much work it may do."""

from collections.abc import Callable, Hashable
from typing import Final

from podium.model.json import Json

# A document of a megabyte holds some 100,000 values; a path that looks at ten times as many is looking at them again and again.
MAX_WORK: Final = 1_000_000
MAX_DEPTH: Final = 50  # of filters in filters, of brackets in a filter, of groups in a pattern


class PathError(ValueError):
    """The text is not a JSONPath."""


class Unanswerable(Exception):
    """The path asks for something that has no answer, such as the sum of nothing, or for more work than is allowed."""


class Reading:
    """One evaluation: the document that `$` means, the answers already known, the work that is left."""

    __slots__ = ("_document", "_known", "_left", "_load")

    def __init__(self, load: Callable[[], Json]) -> None:
        self._load: Callable[[], Json] | None = load
        self._document: Json = None
        self._known: dict[Hashable, list[Json]] = {}
        self._left = MAX_WORK

    def document(self) -> Json:
        """The whole document, asked for once and only when needed."""
        if self._load is not None:
            self._document = self._load()
            self._load = None
        return self._document

    def spend(self, work: int) -> None:
        """Count `work` values looked at; raises Unanswerable when it is too much."""
        self._left -= work
        if self._left < 0:
            raise Unanswerable

    def once(self, key: Hashable, answer: Callable[[], list[Json]]) -> list[Json]:
        """What `answer` gives, asked for once per evaluation: a filter reads the same `$` path for each of its items."""
        if key not in self._known:
            self._known[key] = answer()
        return self._known[key]
