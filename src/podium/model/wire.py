"""The wire: JSON text to values of the model and back, as lenient as Conductor's own (spec/api.md §1.3, §1.6)."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache
from typing import Any, TypeVar, cast, get_args, get_origin, get_type_hints

import msgspec

from podium.errors import Invalid, Problem
from podium.model.body import StartWorkflowRequest, TaskResult
from podium.model.json import Json, JsonObject
from podium.model.payload import Payload
from podium.model.shape import MAX_DEPTH, invalid, shape, shaped, too_deep

T = TypeVar("T")

BYTE_ORDER_MARK = b"\xef\xbb\xbf"

_POSITION = re.compile(r"\(byte (\d+)\)")
_PLAIN = frozenset({str, int, float, bool, type(None)})

_any_decoder = msgspec.json.Decoder()

# Hot types: a strict decoding that succeeds, and of which the check holds, is what the lenient one would give.
_STRICT: dict[Any, tuple[msgspec.json.Decoder[Any], Callable[[Any], bool]]] = {
    TaskResult: (msgspec.json.Decoder(TaskResult), lambda result: not result.logs),
    StartWorkflowRequest: (msgspec.json.Decoder(StartWorkflowRequest), lambda request: request.workflow_def is None),
    JsonObject: (msgspec.json.Decoder(JsonObject), lambda _: True),
    list[str]: (msgspec.json.Decoder(list[str]), lambda _: True),
}

__all__ = ["decode", "decode_text", "encode", "parse", "shape", "to_wire"]


def decode(raw: bytes | str, type_: type[T]) -> T:
    """JSON text as a value of a type: unknown properties ignored, scalars coerced, a single value taken for a list of one.

    Raises Invalid: with line and column for text that is no JSON, with every problem for JSON of another shape.
    """
    text = raw.encode("utf-8", "surrogatepass") if isinstance(raw, str) else raw.removeprefix(BYTE_ORDER_MARK)
    shallow = text.count(b"[") + text.count(b"{") <= MAX_DEPTH
    strict = _STRICT.get(type_)
    if shallow and strict is not None and (found := _strictly(text, *strict)) is not None:
        return cast("T", found)
    return shaped(_parsed(text, shallow=shallow), type_)


def parse(raw: bytes) -> Json:
    """JSON text as plain JSON. Raises Invalid with line and column, or when it is too deep."""
    return _parsed(raw.removeprefix(BYTE_ORDER_MARK), shallow=False)


def decode_text(raw: bytes, *, escaped: bool = False) -> str:
    """The text of a body declared as a bare string: a JSON string literal is unwrapped, anything else is kept (spec/api.md §1.3).

    `escaped`: it is said to be JSON, so that a text that is none may be a literal whose quotes were lost (spec/platform.md §0.3).
    """
    try:
        text = raw.decode()
    except UnicodeDecodeError as error:
        raise _malformed(raw, error) from error
    stripped = text.strip()
    if len(stripped) >= 2 and stripped[0] == stripped[-1] == '"':
        literal = _literal(stripped)
    else:
        literal = _literal(f'"{text}"') if escaped and "\\" in text and _is_no_json(text) else None
    return text if literal is None else literal  # None: quotes and backslashes that are part of the value


def _literal(text: str) -> str | None:
    try:
        found = _any_decoder.decode(text)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None
    return found if isinstance(found, str) else None


def _is_no_json(text: str) -> bool:
    try:
        _any_decoder.decode(text)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return True
    return False


def to_wire(value: object) -> Json:
    """A value of the model as JSON: null fields left out, user payloads as they are (spec/api.md §1.6).

    Lists and objects around values of the model are walked. Wrap a large user payload in a Payload to spare it the walk.
    """
    kind = type(value)
    if kind in _PLAIN:
        return value  # type: ignore[return-value]
    if kind is list or kind is tuple:
        return [to_wire(item) for item in value]  # type: ignore[attr-defined]
    if kind is dict:
        return {key: to_wire(item) for key, item in value.items()}  # type: ignore[attr-defined]
    if isinstance(value, msgspec.Struct):
        return _struct_to_wire(value)
    return _payload(value) if kind is Payload else value  # type: ignore[return-value]


def encode(value: object) -> bytes:
    """A value of the model as JSON text."""
    return _encoder.encode(to_wire(value))


def _strictly(text: bytes, decoder: msgspec.json.Decoder[Any], same: Callable[[Any], bool]) -> object | None:
    try:
        value = decoder.decode(text)
    except (msgspec.MsgspecError, UnicodeDecodeError, ValueError):
        return None  # the lenient way finds out what is wrong, or that nothing is
    return value if same(value) else None


def _parsed(text: bytes, *, shallow: bool) -> Json:
    if not text.strip():
        message = "$: expected JSON, found an empty body"
        raise Invalid(message, [Problem("$", message)])
    try:
        value: Json = _any_decoder.decode(text)
    except RecursionError:
        raise _too_deep() from None
    except (msgspec.MsgspecError, UnicodeDecodeError, ValueError) as error:
        raise _malformed(text, error) from error
    if not shallow and too_deep(value):
        raise _too_deep()
    return value


def _too_deep() -> Invalid:
    return invalid([Problem("$", f"$: more than {MAX_DEPTH} levels of lists and objects in each other")])


def _malformed(text: bytes, error: Exception) -> Invalid:
    """The error for text that is no JSON, with the line and column (both from 1) where it goes wrong."""
    if isinstance(error, UnicodeDecodeError):
        at, reason = _first_bad_byte(text), "these bytes are not UTF-8 text"
    else:
        found = _POSITION.search(str(error))
        at = int(found[1]) if found else len(text)
        reason = _POSITION.sub("", str(error)).removeprefix("JSON is malformed: ").strip()
    if reason == "Input data was truncated":
        reason = "the text ends too early"
    before = text[:at].decode("utf-8", "replace")
    line, column = before.count("\n") + 1, len(before) - before.rfind("\n")
    message = f"The request body is not valid JSON: line {line}, column {column}: {reason}"
    return Invalid(message, [Problem("$", message)], line=line, column=column)


def _first_bad_byte(text: bytes) -> int:
    try:
        text.decode()
    except UnicodeDecodeError as error:
        return error.start
    return len(text)


def _payload(value: object) -> Any:
    return msgspec.Raw(value.raw) if isinstance(value, Payload) else value


_encoder = msgspec.json.Encoder(enc_hook=_payload)


def _struct_to_wire(value: msgspec.Struct) -> JsonObject:
    found: JsonObject = {}
    for attribute, key, convert in _fields(type(value)):
        item = getattr(value, attribute)
        if item is not None:
            found[key] = convert(item) if convert else item
    return found


@cache
def _fields(struct: type[msgspec.Struct]) -> tuple[tuple[str, str, Callable[[object], Json] | None], ...]:
    """Of each field: its name here, its name on the wire, and what turns its value into JSON (None: it is JSON already)."""
    hints = get_type_hints(struct)
    return tuple((field.name, field.encode_name, _conversion(hints[field.name])) for field in msgspec.structs.fields(struct))


def _conversion(hint: Any) -> Callable[[object], Json] | None:
    if hint is Payload:
        return _payload
    return to_wire if _holds_values(hint) else None


def _holds_values(hint: Any) -> bool:
    """Whether a type has values of the model inside, at any depth."""
    if get_origin(hint) is not None or get_args(hint):
        return any(_holds_values(part) for part in get_args(hint))
    return isinstance(hint, TypeVar) or hint is Payload or (isinstance(hint, type) and issubclass(hint, msgspec.Struct))
