"""Templates: values in a definition whose `${…}` expressions are filled in when a task is scheduled or a workflow ends.

A template is compiled once, when its definition is, into functions that know which piece of data each expression needs. The
rules are those of spec/engine.md §3.12 and spec/tasks.md §7.
"""

from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from typing import Any, Final, NamedTuple, Protocol

from podium.engine.braces import Segment, closings, innermost, within
from podium.engine.java_text import java_text, json_text
from podium.engine.path import Path, PathError, Sources, compile_path
from podium.engine.secrets import SECRETS, json_part
from podium.model.json import Json, JsonObject

MAX_NESTING: Final = 150  # maps and lists around an expression, or expressions inside of each other
ANYTHING: Final = "*"

_ENV: Final = "workflow.env."
_ESCAPED: Final = "$${"
_MEMORABLE: Final = 500  # characters
# No system variable is called `workflow.…`, `….input…` or `….output…`: such a path need not ask.
_PAYLOADS: Final = frozenset({"input", "output"})


class TemplateTooDeep(ValueError):
    """Expressions are nested too deeply to be evaluated."""


class Scope(Sources, Protocol):
    """What an expression may read: the data, and what the surroundings know by name."""

    def variable(self, name: str) -> str | None:
        """The value of the captured system name `name`, such as CPEWF_TASK_ID; None when it is not available here."""

    def is_variable(self, name: str) -> bool:
        """Whether `name` is a captured system name, available or not."""

    def env(self, name: str) -> str | None:
        """The value behind `${workflow.env.NAME}`; None when missing."""


class DocumentScope:
    """A scope over one JSON object, such as the payload of an event."""

    __slots__ = ("_document", "_env", "_variables")

    def __init__(
        self, document: JsonObject, variables: Mapping[str, str | None] | None = None, env: Callable[[str], str | None] | None = None
    ) -> None:
        self._document = document
        self._variables = variables or {}
        self._env = env

    def field(self, root: str, name: str) -> Json:
        """The value at `root.name`."""
        found = self._document.get(root)
        return found.get(name) if isinstance(found, dict) else None

    def source(self, root: str) -> Json:
        """The value under `root`, which here may be of any type."""
        return self._document.get(root)

    def document(self) -> JsonObject:
        """The object itself."""
        return self._document

    def variable(self, name: str) -> str | None:
        """The value of a captured name."""
        return self._variables.get(name)

    def is_variable(self, name: str) -> bool:
        """Whether the name is captured."""
        return name in self._variables

    def env(self, name: str) -> str | None:
        """The value from the environment's store, if there is one."""
        return self._env(name) if self._env is not None else None


class Template:
    """A compiled value. Immutable; may be called again and again, by any thread.

    `constant`: it holds nothing to fill in, and calling it returns the very value it was compiled from. `roots`: the first
    components its paths begin with, `workflow` or references of tasks; `*` among them when it may read anything.
    """

    __slots__ = ("_evaluate", "constant", "roots")

    def __init__(self, evaluate: Callable[[Scope], Json], roots: frozenset[str], *, constant: bool) -> None:
        self._evaluate: Final = evaluate
        self.constant: Final = constant
        self.roots: Final = roots

    def __call__(self, scope: Scope) -> Json:
        """The value with its expressions filled in from `scope`. Payloads are shared with the source, never copied or changed."""
        return self._evaluate(scope)


class _Part(NamedTuple):
    """A compiled value inside of a template."""

    value: Callable[[Scope], Json]
    roots: frozenset[str]


class _Expression(NamedTuple):
    """A compiled `${…}`: its value where it stands alone, its text where it stands in a longer string."""

    value: Callable[[Scope], Json]
    text: Callable[[Scope], str]
    roots: frozenset[str]
    literal: bool = False  # stays as it is written


class Found(NamedTuple):
    """An expression that registration must look at: where it is inside the value, and what stands between its braces."""

    location: tuple[str | int, ...]
    text: str


def compile_template(value: Json) -> Template:
    """Compile any JSON value: strings are scanned for expressions, maps and lists searched for strings, map keys left alone.

    Raises TemplateTooDeep when an expression is deeper than MAX_NESTING; a value without expressions may have any depth.
    """
    part = _compile(value, 0) if _holds_expression(value) else None
    if part is None:
        return Template(lambda _: value, frozenset(), constant=True)
    return Template(part.value, part.roots, constant=False)


def expressions(value: Json) -> list[Found]:
    """Every expression inside `value` whose text is known before anything runs, in order (spec/tasks.md §1.5).

    That is every `${…}` without another inside; of nested ones the innermost, as the path of the outer one depends on them.
    """
    found: list[Found] = []
    pending: list[tuple[tuple[str | int, ...], Json]] = [((), value)]
    while pending:
        location, current = pending.pop()
        if isinstance(current, str):
            if "${" in current:
                closing = closings(current)
                for outer in within(current, closing, 0, len(current)):
                    found.extend(Found(location, segment.inner(current)) for segment in innermost(current, outer, closing))
        elif isinstance(current, dict):
            pending.extend(reversed([((*location, key), child) for key, child in current.items()]))
        elif isinstance(current, list):
            pending.extend(reversed([((*location, index), child) for index, child in enumerate(current)]))
    return found


def check_expression(text: str) -> str | None:
    """What is wrong with `text` as the inside of a `${…}`; None when it may be registered (spec/tasks.md §1.5)."""
    if not text.strip():
        return "is blank"
    try:
        compile_path(text)
    except PathError as error:
        return str(error)
    return None


def _holds_expression(value: Json) -> bool:
    pending = [value]
    while pending:
        current = pending.pop()
        if isinstance(current, str):
            if "${" in current:
                return True
        elif isinstance(current, dict):
            pending.extend(current.values())
        elif isinstance(current, list):
            pending.extend(current)
    return False


def _compile(value: Json, depth: int) -> _Part | None:
    """None: nothing to fill in."""
    if isinstance(value, str):
        return _compile_string(value) if "${" in value else None
    if not isinstance(value, dict | list) or not value:
        return None
    if depth > MAX_NESTING:
        # Whatever is below this may be as deep as it likes, if only it holds no expression.
        if not _holds_expression(value):
            return None
        raise TemplateTooDeep(f"an expression is more than {MAX_NESTING} maps and lists deep")
    return _compile_places(value, depth)


def _compile_places(value: JsonObject | list[Json], depth: int) -> _Part | None:
    """A map or a list: a copy of it with the evaluated expression at each place that has one."""
    places: Iterable[tuple[Any, Json]] = value.items() if isinstance(value, dict) else enumerate(value)
    parts = {place: part for place, child in places if (part := _compile(child, depth + 1)) is not None}
    if not parts:
        return None
    pairs = tuple((place, part.value) for place, part in parts.items())

    def evaluate(scope: Scope) -> Json:
        result = value.copy()
        written: Any = result  # its places are keys of the map or indexes of the list
        for place, child in pairs:
            written[place] = child(scope)
        return result

    return _Part(evaluate, _united(parts.values()))


def _compile_string(text: str) -> _Part | None:
    closing = closings(text)
    found = list(within(text, closing, 0, len(text)))
    if len(found) == 1 and found[0].start == 0 and found[0].end == len(text):
        whole = _compile_segment(text, found[0], closing, 0)
        return None if whole.literal else _Part(whole.value, whole.roots)
    inside = [_compile_segment(text, segment, closing, 0) for segment in found]
    if _ESCAPED not in text and all(expression.literal for expression in inside):
        return None
    return _Part(_joined(text, 0, len(text), found, inside), _united(inside))


def _compile_segment(text: str, segment: Segment, closing: dict[int, int], depth: int) -> _Expression:
    written = text[segment.start : segment.end]
    if not segment.nested:
        return _resolve(written, segment.inner(text).replace(_ESCAPED, "${"))
    if depth >= MAX_NESTING:
        raise TemplateTooDeep(f"more than {MAX_NESTING} expressions inside of each other")
    start, end = segment.start + 2, segment.end - 1
    found = list(within(text, closing, start, end))
    inside = [_compile_segment(text, inner, closing, depth + 1) for inner in found]
    path_text = _joined(text, start, end, found, inside)
    return _Expression(
        lambda scope: _resolve(written, path_text(scope)).value(scope),
        lambda scope: _resolve(written, path_text(scope)).text(scope),
        frozenset({ANYTHING}),
    )


def _joined(text: str, start: int, end: int, found: list[Segment], inside: list[_Expression]) -> Callable[[Scope], str]:
    """What gives `text[start:end]` with the segments `found` replaced by the texts of `inside`, and `$${` unescaped everywhere."""
    pieces: list[str] = []
    for segment in found:
        pieces.append(text[start : segment.start])
        pieces.append("")
        start = segment.end
    pieces.append(text[start:end])
    texts = tuple((place, expression.text) for place, expression in zip(range(1, len(pieces), 2), inside, strict=True))

    def evaluate(scope: Scope) -> str:
        filled = pieces.copy()
        for place, piece in texts:
            filled[place] = piece(scope)
        return "".join(filled).replace(_ESCAPED, "${")

    return evaluate


def _expression(written: str, path_text: str) -> _Expression:
    """The expression `written`, whose inside is `path_text`. The order of the cases is the rule (spec/engine.md §3.12.2)."""
    if not path_text.strip():
        return _Expression(lambda _: "", lambda _: "", frozenset())
    if path_text.startswith(SECRETS):
        return _Expression(lambda _: written, lambda _: written, frozenset(), literal=True)
    if path_text.startswith(_ENV):
        return _environment(path_text)
    try:
        path = compile_path(path_text)
    except PathError:
        return _variable(written, path_text, _Expression(lambda _: None, lambda _: "null", frozenset()))
    expression = _Expression(_reader(path), _text_reader(path), frozenset({ANYTHING if path.reads_document else path.root or ANYTHING}))
    if path.root == "workflow" or path.name in _PAYLOADS:
        return expression
    return _variable(written, path_text, expression)


def _resolve(written: str, path_text: str) -> _Expression:
    """The expression `written` with the inside `path_text`: remembered unless long, as the same few come again and again."""
    return _remembered(written, path_text) if len(written) + len(path_text) < _MEMORABLE else _expression(written, path_text)


_remembered: Final = lru_cache(maxsize=2048)(_expression)


def _environment(path_text: str) -> _Expression:
    name, dot, rest = path_text.removeprefix(_ENV).partition(".")

    def value(scope: Scope) -> Json:
        held = scope.env(name)
        return json_part(held, rest) if dot and held is not None else held

    return _Expression(value, lambda scope: java_text(value(scope)), frozenset())


def _variable(written: str, name: str, otherwise: _Expression) -> _Expression:
    """The captured system name `name`, left as `written` when it has no value here; `otherwise` where nothing is so called."""

    def value(scope: Scope) -> Json:
        if not scope.is_variable(name):
            return otherwise.value(scope)
        held = scope.variable(name)
        return written if held is None else held

    def text(scope: Scope) -> str:
        if not scope.is_variable(name):
            return otherwise.text(scope)
        held = scope.variable(name)
        return written if held is None else held

    return _Expression(value, text, otherwise.roots)


def _reader(path: Path) -> Callable[[Scope], Json]:
    """The fastest way to read `path`."""
    root, name, rest = path.root, path.name, path.rest
    if root is None or name is None or rest is None:
        return path.read
    if not rest:
        return lambda scope: scope.field(root, name)
    if all(isinstance(component, str) for component in rest):
        return _key_reader(root, name, rest)
    return _component_reader(root, name, rest)


def _key_reader(root: str, name: str, keys: tuple[str | int, ...]) -> Callable[[Scope], Json]:
    def value(scope: Scope) -> Json:
        found = scope.field(root, name)
        for key in keys:
            if not isinstance(found, dict):
                return None
            found = found.get(key)  # type: ignore[arg-type] # all of them are strings
        return found

    return value


def _component_reader(root: str, name: str, components: tuple[str | int, ...]) -> Callable[[Scope], Json]:
    def value(scope: Scope) -> Json:
        found = scope.field(root, name)
        for component in components:
            if isinstance(component, str):
                found = found.get(component) if isinstance(found, dict) else None
            else:
                found = found[component] if isinstance(found, list) and -len(found) <= component < len(found) else None
        return found

    return value


def _text_reader(path: Path) -> Callable[[Scope], str]:
    read = _reader(path)
    text = java_text if path.definite else json_text
    return lambda scope: text(read(scope))


def _united(parts: Iterable[_Part | _Expression]) -> frozenset[str]:
    return frozenset[str]().union(*(part.roots for part in parts))
