"""Schemas: what an input or an output must look like, and every place where it does not (spec/engine.md §10.8, spec/platform.md §5).

A schema is compiled once for its content. It never reaches for the network: a reference to another document is a mistake in it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import lru_cache
from itertools import islice
from typing import Any, Protocol

import jsonschema_rs
import msgspec
from msgspec.structs import replace

from podium.errors import Problem
from podium.model.definition import SchemaDef, SchemaType
from podium.model.json import Json, JsonObject
from podium.model.shape import MAX_PROBLEMS, SHOWN_CHARACTERS, described, step_text

MOST_SCHEMAS = 2_000  # compiled ones that are remembered
MOST_BACKTRACKING = 100_000  # steps of one regular expression; a fraction of a millisecond

_encode = msgspec.json.Encoder(order="sorted").encode
_decode = msgspec.json.Decoder().decode


class Schemas(Protocol):
    """Where registered schemas are found; a Catalog is one."""

    def schema(self, name: str, version: int | None) -> SchemaDef | None:
        """The registered schema; the latest when no version is given."""


class Schema:
    """A compiled schema; immutable. One that cannot be used finds everything wrong, and says why."""

    __slots__ = ("_unusable", "_validator")

    def __init__(self, validator: jsonschema_rs.Validator | None, unusable: str = "") -> None:
        self._validator = validator
        self._unusable = unusable

    def violations(self, value: Json, root: str = "$") -> list[Problem]:
        """All that is wrong with a value, each at its JSON path; `root` is the path of the value itself."""
        if self._validator is None:
            return [Problem(root, f"{root}: {self._unusable}")]
        try:
            return list(islice(_problems(self._validator, value, root), MAX_PROBLEMS))
        except ValueError as error:  # what cannot be checked, such as text that is no Unicode
            return [Problem(root, f"{root}: {error}")]


def filled(schema: SchemaDef | None, schemas: Schemas) -> SchemaDef | None:
    """A reference by name and version with the document that is registered there, if there is one; a schema of its own as it is."""
    if schema is None or schema.data is not None or not schema.name:
        return schema
    found = schemas.schema(schema.name, schema.version)
    return schema if found is None else replace(schema, version=found.version, type=found.type, data=found.data)


def compile_schema(schema: SchemaDef | None) -> Schema | None:
    """The compiled form of a schema that was filled; None where nothing is to be checked: only JSON schemas are."""
    if schema is None or schema.type not in (None, SchemaType.JSON):
        return None
    if schema.data is not None:
        return _compiled(_encode(schema.data))
    if not schema.name:
        return None
    version = "any version" if schema.version is None else f"version {schema.version}"
    return Schema(None, f"expected the schema {schema.name} in {version}, found none registered")


def schema_problem(data: JsonObject) -> str | None:
    """What is wrong with a document that should be a JSON schema; None when it is one."""
    try:
        _validator(data)
    except ValueError as error:
        return _reason(error)
    return None


@lru_cache(maxsize=MOST_SCHEMAS)
def _compiled(text: bytes) -> Schema:
    try:
        return Schema(_validator(_decode(text)))
    except ValueError as error:
        return Schema(None, f"expected a schema that can be used, found one that is wrong: {_reason(error)}")


def _validator(data: JsonObject) -> jsonschema_rs.Validator:
    options = jsonschema_rs.FancyRegexOptions(backtrack_limit=MOST_BACKTRACKING)
    return jsonschema_rs.validator_for(data, offline=True, pattern_options=options)


def _reason(error: ValueError) -> str:
    if not isinstance(error, jsonschema_rs.ValidationError):
        return str(error)
    return f"{_path('$', error.instance_path)}: {error.message}" if error.instance_path else str(error.message)


def _path(root: str, steps: list[str | int]) -> str:
    return root + "".join(step_text(step) for step in steps)


def _problems(validator: jsonschema_rs.Validator, value: Json, root: str) -> Iterator[Problem]:
    for error in validator.iter_errors(value):
        path, kind, facts = _path(root, error.instance_path), error.kind.name, error.kind.as_dict()
        if kind == "required":
            name = path + step_text(facts["property"])
            yield Problem(name, f"{name}: expected a value, found nothing")
        elif kind in ("additionalProperties", "unevaluatedProperties"):
            assert isinstance(error.instance, dict)
            for unexpected in facts["unexpected"]:
                name = path + step_text(unexpected)
                yield Problem(name, f"{name}: expected no such property, found {described(error.instance[unexpected])}")
        else:
            words = _EXPECTED.get(kind)
            expected = words(facts) if words is not None else f"a value that satisfies `{kind}`"
            scalar = error.instance if isinstance(error.instance, str | int | float) else None
            shown = scalar if len(str(scalar)) <= SHOWN_CHARACTERS else None
            yield Problem(path, f"{path}: expected {expected}, found {described(error.instance)}", shown)


def _json(value: Json) -> str:
    return str(msgspec.json.encode(value), "utf-8")[:SHOWN_CHARACTERS]


_EXPECTED: dict[str, Callable[[dict[str, Any]], str]] = {
    "type": lambda facts: "a value of type " + " or ".join(facts["types"]),
    "enum": lambda facts: "one of " + ", ".join(_json(option) for option in facts["options"])[:SHOWN_CHARACTERS],
    "const": lambda facts: _json(facts["expected_value"]),
    "minimum": lambda facts: f"at least {facts['limit']}",
    "maximum": lambda facts: f"at most {facts['limit']}",
    "exclusiveMinimum": lambda facts: f"more than {facts['limit']}",
    "exclusiveMaximum": lambda facts: f"less than {facts['limit']}",
    "multipleOf": lambda facts: f"a multiple of {facts['multiple_of']}",
    "minLength": lambda facts: f"at least {facts['limit']} characters",
    "maxLength": lambda facts: f"at most {facts['limit']} characters",
    "minItems": lambda facts: f"at least {facts['limit']} elements",
    "maxItems": lambda facts: f"at most {facts['limit']} elements",
    "minProperties": lambda facts: f"at least {facts['limit']} properties",
    "maxProperties": lambda facts: f"at most {facts['limit']} properties",
    "pattern": lambda facts: f"text that matches {facts['pattern'][:SHOWN_CHARACTERS]}",
    "format": lambda facts: f"text in the format {facts['format']}",
    "uniqueItems": lambda _: "elements that are all different",
    "falseSchema": lambda _: "nothing here",
}
