"""Routing: tables of routes, and the way from a path to its handler (spec/api.md §1.1, §1.2)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import unquote, unquote_plus

from podium.api.answer import Answer
from podium.api.parameter import Parameter
from podium.errors import Invalid
from podium.model.wire import decode, decode_text

if TYPE_CHECKING:
    from podium.runtime.platform import Platform

T = TypeVar("T")
Headers = Sequence[tuple[bytes, bytes]]

ANONYMOUS = "anonymous"
MOST_PARAMETERS = 2000


class Call:
    """One request, as a handler sees it."""

    __slots__ = ("_query", "actor", "headers", "path", "platform", "query_string", "raw")

    def __init__(self, platform: Platform, path: dict[str, str], query_string: bytes, headers: Headers, raw: bytes) -> None:
        self.platform = platform
        self.path = path  # the variables of the route, percent-decoded
        self.query_string = query_string
        self.headers = headers  # names in lower case
        self.raw = raw  # the body; empty where the route has none
        self.actor = ANONYMOUS  # who asks
        self._query: dict[str, list[str]] | None = None

    def query(self, parameter: Parameter[T]) -> T:
        """The value of a declared query parameter. Raises Invalid."""
        if self._query is None:
            self._query = query_values(self.query_string)
        return parameter.of(self._query)

    def body(self, type_: type[T]) -> T:
        """The body as a value of the model. Raises Invalid with every problem; an empty body is a problem too."""
        return decode(self.raw, type_)

    def optional_body(self, type_: type[T]) -> T | None:
        """The body, or None when there is none or it is `null`. Raises Invalid."""
        return decode(self.raw, type_) if self.raw.strip() not in {b"", b"null"} else None

    def text(self) -> str:
        """The body of an endpoint that takes a bare string, in any of its three spellings (spec/api.md §1.3)."""
        return decode_text(self.raw, escaped=(self.header(b"content-type") or "").startswith("application/json"))

    def header(self, name: bytes) -> str | None:
        """The first header of that (lower-case) name."""
        return next((value.decode("latin-1") for key, value in self.headers if key == name), None)


Handler = Callable[[Call], Awaitable[Answer]]


@dataclass(slots=True)
class Traffic:
    """How often a route was asked, and for how long it worked, since the start."""

    calls: int = 0
    failures: int = 0  # answers of 500 and above
    seconds: float = 0.0


@dataclass(frozen=True, slots=True, eq=False)
class Route:
    """One row of a resource's table: `Route("PUT", "/workflow/{workflowId}/pause", pause, "Pause a workflow")`.

    The path stands below /api unless `root` is set. `body` and `response` are types of the model, for decoding in the interface document;
    without `body` a body is not even read. `text` answers and bodies are bare strings: `body=str`, `response=str`.
    """

    method: str
    path: str
    handler: Handler
    summary: str
    query: tuple[Parameter[Any], ...] = ()
    body: Any = None
    body_required: bool = True
    response: Any = None
    status: int = 200
    tag: str = ""  # the heading in the reference; empty: the first segment of the path
    root: bool = False
    traffic: Traffic = field(default_factory=Traffic)

    @property
    def full_path(self) -> str:
        """From the root of the server."""
        return self.path if self.root else "/api" + self.path

    @property
    def variables(self) -> tuple[str, ...]:
        """The names in braces, from left to right."""
        return tuple(part[1:-1] for part in self.path.split("/") if part.startswith("{"))


@dataclass(frozen=True, slots=True)
class Match:
    """The route for a request and what its variables are; without a route, the verbs that the path knows."""

    route: Route | None
    path: dict[str, str]
    allowed: frozenset[str] = frozenset()


@dataclass(slots=True)
class _Node:
    """The routes that end here, and where the next segment leads."""

    routes: dict[str, tuple[Route, tuple[str, ...]]] = field(default_factory=dict)
    literal: dict[str, _Node] = field(default_factory=dict)
    variable: _Node | None = None


class Router:
    """All routes of the server. At each segment a literal wins over a variable, among the routes of the verb that was asked."""

    def __init__(self, routes: Sequence[Route]) -> None:
        self.routes = tuple(routes)
        self._root = _Node()
        self._fixed: dict[tuple[str, str], Match] = {}
        for route in routes:
            self._add(route)

    def match(self, method: str, raw_path: str) -> Match:
        """The route for a verb and a path that is still percent-encoded."""
        fixed = self._fixed.get((method, raw_path))
        if fixed is not None:
            return fixed
        segments = [part.partition(";")[0] for part in raw_path.split("/")[1:]]
        values: list[str] = []
        allowed: set[str] = set()
        found = _walk(self._root, segments, 0, method, values, allowed)
        if found is None:
            return Match(None, {}, frozenset(allowed))
        route, names = found
        return Match(route, dict(zip(names, map(decoded, values), strict=True)))

    def _add(self, route: Route) -> None:
        node = self._root
        for part in route.full_path.split("/")[1:]:
            if part.startswith("{"):
                node.variable = node.variable or _Node()
                node = node.variable
            else:
                node = node.literal.setdefault(part, _Node())
        if route.method in node.routes:
            message = f"two routes for {route.method} {route.full_path}"
            raise ValueError(message)
        node.routes[route.method] = (route, route.variables)
        if not route.variables:
            self._fixed[route.method, route.full_path] = Match(route, {})


def _walk(
    node: _Node, segments: list[str], at: int, method: str, values: list[str], allowed: set[str]
) -> tuple[Route, tuple[str, ...]] | None:
    """Depth first, literals first; `values` holds what the variables took on the way to the answer."""
    if at == len(segments):
        allowed.update(node.routes)
        return node.routes.get(method)
    segment = segments[at]
    literal = node.literal.get(segment) or (node.literal.get(decoded(segment)) if "%" in segment else None)
    if literal is not None and (found := _walk(literal, segments, at + 1, method, values, allowed)) is not None:
        return found
    if node.variable is None or not segment:
        return None
    values.append(segment)
    found = _walk(node.variable, segments, at + 1, method, values, allowed)
    if found is None:
        values.pop()
    return found


def decoded(segment: str) -> str:
    """A path segment, percent-decoded once. Raises Invalid for bytes that are no text."""
    if "%" not in segment:
        return segment
    try:
        value = unquote(segment, errors="strict")
    except UnicodeDecodeError as error:
        message = f"The path segment '{segment}' is not UTF-8 text"
        raise Invalid(message) from error
    if "\0" in value:
        message = f"The path segment '{segment}' contains a NUL character"
        raise Invalid(message)
    return value


def query_values(query_string: bytes) -> dict[str, list[str]]:
    """Every key of a query string with all its values, decoded. Raises Invalid when there are too many, or one holds a NUL character."""
    found: dict[str, list[str]] = {}
    pairs = query_string.decode("latin-1").split("&")
    if len(pairs) > MOST_PARAMETERS:
        message = "The query string has too many parameters"
        raise Invalid(message)
    for pair in pairs:
        key, _, value = pair.partition("=")
        if "%" in pair or "+" in pair:
            key, value = unquote_plus(key), unquote_plus(value)
        if "\0" in value:
            message = f"Query parameter '{key}' contains a NUL character"
            raise Invalid(message)
        if pair:
            found.setdefault(key, []).append(value)
    return found
