"""Shaping: decoded JSON becomes values of the model, leniently, and everything wrong with it is found at once (spec/api.md §1.3).

For every type a reader is built once, out of the readers of its parts. A reader takes a value, the place where it stands and the list
of problems found so far; it adds to the list instead of raising.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterable
from enum import StrEnum
from functools import cache
from types import NoneType, UnionType
from typing import Annotated, Any, TypeVar, Union, cast, get_args, get_origin, get_type_hints

import msgspec

from podium.errors import Invalid, Problem
from podium.model.definition import SubWorkflowParams, WorkflowDef, WorkflowTask
from podium.model.json import Json
from podium.model.schedule import WorkflowSchedule

T = TypeVar("T")

MAX_DEPTH = 128  # levels of lists and objects in each other; far above any real payload, far below the interpreter's own limit
MAX_PROBLEMS = 100  # enough to act on; a body full of mistakes must not become an answer larger than itself
LARGEST_INTEGER = 10**15  # seconds of that size still fit into 64 bits as milliseconds
SHOWN_CHARACTERS = 100

_EXPRESSION = re.compile(r"\$\{[^{}]+\}")
_INTEGER = re.compile(r"[+-]?[0-9]{1,16}")
_FLOAT = re.compile(r"[+-]?[0-9]{1,40}(\.[0-9]{1,40})?([eE][+-]?[0-9]{1,3})?")
_TRUE = frozenset({"true", "True", "TRUE"})
_FALSE = frozenset({"false", "False", "FALSE"})


class Place:
    """Where a value stands in its document; the text of it is made only when something is wrong there."""

    __slots__ = ("outer", "step")

    def __init__(self, outer: Place | None, step: str | int) -> None:
        self.outer = outer
        self.step = step

    def __str__(self) -> str:
        steps: list[str] = []
        place: Place | None = self
        while place is not None:
            steps.append(step_text(place.step) if place.outer is not None else str(place.step))
            place = place.outer
        return "".join(reversed(steps))


Problems = list[Problem]
Reader = Callable[[Any, Place, Problems], Any]


def shape(value: Json, type_: type[T], path: str = "$") -> T:
    """A decoded JSON value as a value of a type. Raises Invalid with every problem; `path` is where the value stands."""
    if too_deep(value):
        raise invalid([Problem(path, f"{path}: more than {MAX_DEPTH} levels of lists and objects in each other")])
    return shaped(value, type_, path)


def shaped(value: Json, type_: type[T], path: str = "$") -> T:
    """The same for a value that is known not to be too deep."""
    problems: Problems = []
    found: T = _reader(cast("Any", type_))(value, Place(None, path), problems)
    if problems:
        raise invalid(problems, found)
    return found


def invalid(problems: Problems, readable: object = None) -> Invalid:
    """One error for many problems: its message is the first of them, and how many more there are.

    `readable`: the value without what is wrong, so that rules can say what else is.
    """
    more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
    return Invalid(problems[0].message + more, problems[:MAX_PROBLEMS], readable=readable)


def too_deep(value: object) -> bool:
    """Whether lists and objects stand in each other more than MAX_DEPTH levels deep."""
    level = [value]
    for _ in range(MAX_DEPTH + 1):
        parts = (part for outer in level for part in _parts(outer))
        level = [part for part in parts if isinstance(part, dict | list)]
        if not level:
            return False
    return True


def _parts(value: object) -> Iterable[object]:
    if isinstance(value, dict):
        return value.values()
    return value if isinstance(value, list) else ()


def nearest(found: str, names: list[str]) -> str:
    """`; did you mean X?` for the name closest to what was found, or nothing."""
    close = difflib.get_close_matches(found[:SHOWN_CHARACTERS], names, n=1) or [n for n in names if n.lower() == found.lower()]
    return f"; did you mean {close[0]}?" if close else ""


def described(value: object) -> str:
    """What was found, in words."""
    match value:
        case None:
            return "null"
        case dict():
            return "an object"
        case list():
            return "a list"
        case bool():
            return "true" if value else "false"
        case str():
            return f"'{value[:SHOWN_CHARACTERS]}'"
        case _:
            return str(value)[:SHOWN_CHARACTERS]


def step_text(step: str | int) -> str:
    """One step of a JSON path: `[2]`, `.name`, or `['a name']`."""
    if isinstance(step, int):
        return f"[{step}]"
    return f".{step[:SHOWN_CHARACTERS]}" if step.isidentifier() else f"['{step[:SHOWN_CHARACTERS]}']"


def _wrong(place: Place, expected: str, value: Any, problems: Problems, hint: str = "") -> None:
    path = str(place)
    scalar = value if isinstance(value, str | int | float) and len(str(value)) <= SHOWN_CHARACTERS else None
    problems.append(Problem(path, f"{path}: expected {expected}, found {described(value)}{hint}", scalar))


@cache
def _reader(type_: Any) -> Reader:
    """The reader of a type."""
    if type_ is Any:
        return _as_it_is
    if isinstance(type_, type) and issubclass(type_, msgspec.Struct):
        return _struct_reader(type_)
    if isinstance(type_, type) and issubclass(type_, StrEnum):
        return _enum_reader(type_)
    if type_ in _SCALARS:
        return _SCALARS[type_]
    return _composed_reader(type_, get_origin(type_), get_args(type_))


def _composed_reader(type_: Any, origin: Any, arguments: tuple[Any, ...]) -> Reader:
    """The reader of a type that is made of others."""
    if origin in {Union, UnionType}:
        return _optional_reader(next(part for part in arguments if part is not NoneType))
    if origin is Annotated:
        bounds = next(part for part in arguments if isinstance(part, msgspec.Meta))
        return _integer_reader(bounds.ge, bounds.le)  # type: ignore[arg-type]  # our own annotations carry both
    if origin is list or origin is tuple:
        return _list_reader(arguments[0], origin)
    if origin is dict:
        return _dict_reader(arguments[1])
    message = f"no reader for {type_}"
    raise TypeError(message)


def _as_it_is(value: Any, _place: Place, _problems: Problems) -> Any:
    return value


def _text(value: Any, place: Place, problems: Problems) -> str:
    match value:
        case str():
            return value
        case bool():
            return "true" if value else "false"
        case int() | float():
            return str(value)
    _wrong(place, "text", value, problems)
    return ""


def _flag(value: Any, place: Place, problems: Problems) -> bool:
    if isinstance(value, bool | int):
        return bool(value)
    if value is None or value == "":
        return False
    if isinstance(value, str) and value.strip() in _TRUE | _FALSE:
        return value.strip() in _TRUE
    _wrong(place, "true or false", value, problems)
    return False


def _integer_reader(least: int, most: int) -> Reader:
    def read(value: Any, place: Place, problems: Problems) -> int:
        number = _whole(value)
        if number is None:
            _wrong(place, "a whole number", value, problems)
        elif not least <= number <= most:
            _wrong(place, f"a whole number from {least} to {most}", value, problems)
        else:
            return number
        return 0

    return read


def _whole(value: Any) -> int | None:
    """A number that stands for an integer, cut off behind the point; None when the value is none."""
    if value is None or value == "":
        return 0
    if isinstance(value, int | float) and not isinstance(value, bool):
        return int(value)
    if isinstance(value, str) and _INTEGER.fullmatch(value.strip()):
        return int(value)
    return None


def _decimal(value: Any, place: Place, problems: Problems) -> float:
    if value is None or value == "":
        return 0.0
    if isinstance(value, float) or (isinstance(value, int) and not isinstance(value, bool) and abs(value) <= 10**300):
        return float(value)
    if isinstance(value, str) and _FLOAT.fullmatch(value.strip()) and abs(float(value)) <= 1e300:
        return float(value)
    _wrong(place, "a number", value, problems)
    return 0.0


_SCALARS: dict[Any, Reader] = {
    str: _text,
    bool: _flag,
    int: _integer_reader(-LARGEST_INTEGER, LARGEST_INTEGER),
    float: _decimal,
}


def _enum_reader(enum: type[StrEnum]) -> Reader:
    names = {member.value: member for member in enum}
    expected = "one of " + ", ".join(names)

    def read(value: Any, place: Place, problems: Problems) -> StrEnum | None:
        member = names.get(value) if isinstance(value, str) else None
        if member is None:
            _wrong(place, expected, value, problems, nearest(value, list(names)) if isinstance(value, str) else "")
        return member

    return read


def _optional_reader(part: Any) -> Reader:
    inner = _reader(part)
    empty_is_none = part is not str and not (isinstance(part, type) and issubclass(part, StrEnum))

    def read(value: Any, place: Place, problems: Problems) -> Any:
        if value is None or (empty_is_none and value == ""):
            return None
        return inner(value, place, problems)

    return read


def _list_reader(part: Any, kind: Any) -> Reader:
    inner = _reader(part)

    def read(value: Any, place: Place, problems: Problems) -> Any:
        if value is None:
            return kind()
        parts = value if isinstance(value, list) else [value]
        return kind([inner(item, Place(place, i), problems) for i, item in enumerate(parts) if len(problems) <= MAX_PROBLEMS])

    return read


def _dict_reader(part: Any) -> Reader:
    if part is Any:
        return _object
    inner = _reader(part)

    def read(value: Any, place: Place, problems: Problems) -> dict[str, Any]:
        entries = _object(value, place, problems)
        # A null where text belongs (`taskToDomain: {"a": null}`) says no more than an absent key.
        return {k: inner(v, Place(place, k), problems) for k, v in entries.items() if v is not None or part is not str}

    return read


def _object(value: Any, place: Place, problems: Problems) -> dict[str, Any]:
    if isinstance(value, dict):
        return value
    if value is not None:
        _wrong(place, "an object", value, problems)
    return {}


@cache
def _fields(struct: type[msgspec.Struct]) -> tuple[tuple[str, str, Reader, bool], ...]:
    """Of each field: its name on the wire, its name here, its reader, and whether a null leaves it at its default."""
    hints = get_type_hints(struct, include_extras=True)
    return tuple(
        (
            field.encode_name,
            field.name,
            _SPECIAL.get((struct, field.name)) or _reader(hints[field.name]),
            not _is_primitive(hints[field.name]) and not _is_optional(hints[field.name]),
        )
        for field in msgspec.structs.fields(struct)
    )


def _struct_reader(struct: type[msgspec.Struct]) -> Reader:
    """A reader of objects; the table of its fields is made at the first use, because types may contain themselves."""
    adapt = _ADAPTED.get(struct)
    required = [(field.encode_name, field.name) for field in msgspec.structs.fields(struct) if field.required]

    def read(value: Any, place: Place, problems: Problems) -> Any:
        if not isinstance(value, dict):
            _wrong(place, "an object", value, problems)
            return None if required else struct()
        source = adapt(value) if adapt else value
        found = {}
        for key, attribute, reader, keeps_default in _fields(struct):
            if key in source and not (keeps_default and source[key] is None):
                before = len(problems)
                part = reader(source[key], Place(place, key), problems)
                if part is not None or len(problems) == before:
                    found[attribute] = part
        absent = [key for key, attribute in required if attribute not in found and source.get(key) is None]
        for key in absent:
            _wrong(Place(place, key), "a value", None, problems)
        return struct(**found) if all(attribute in found for _, attribute in required) else None

    return read


def _is_primitive(hint: Any) -> bool:
    return hint in {int, float, bool} or get_origin(hint) is Annotated


def _is_optional(hint: Any) -> bool:
    return hint is Any or NoneType in get_args(hint)


def _with_type_alias(value: dict[str, Any]) -> dict[str, Any]:
    """`workflowTaskType` is another name of `type`, which wins."""
    alias = value.get("workflowTaskType")
    return value if alias is None or "type" in value else {**value, "type": alias}


def _with_followed_names(value: dict[str, Any]) -> dict[str, Any]:
    """The name and version of a child follow the definition that is given for it (spec/api.md §3.2)."""
    definition = value.get("workflowDefinition")
    if not isinstance(definition, dict):
        return value
    return {**value, "name": definition.get("name", value.get("name")), "version": definition.get("version", 1)}


def _with_schedule_aliases(value: dict[str, Any]) -> dict[str, Any]:
    """The short names of a schedule's fields (spec/platform.md §3.6); the real ones win."""
    return {real: value[short] for short, real in _SCHEDULE_ALIASES.items() if short in value} | value


def _child_definition(value: Any, place: Place, problems: Problems) -> Any:
    if value is None:
        return None
    if isinstance(value, dict):
        return _reader(WorkflowDef)(value, place, problems)
    if not isinstance(value, str) or not _EXPRESSION.fullmatch(value):
        _wrong(place, "a workflow definition or one expression ${…}", value, problems)
    return value


_SCHEDULE_ALIASES = {"schedule": "cronExpression", "startWorkflow": "startWorkflowRequest", "timezone": "zoneId"}
_ADAPTED: dict[type[msgspec.Struct], Callable[[dict[str, Any]], dict[str, Any]]] = {
    WorkflowTask: _with_type_alias,
    SubWorkflowParams: _with_followed_names,
    WorkflowSchedule: _with_schedule_aliases,
}
_SPECIAL: dict[tuple[type[msgspec.Struct], str], Reader] = {(SubWorkflowParams, "workflow_definition"): _child_definition}
