"""Secrets: references stay in what is stored and become values only on the copy that is handed to whoever does the work."""

from collections.abc import Callable, Iterator
from typing import Final, TypeAlias

import msgspec

from podium.engine.braces import Segment, segments
from podium.engine.java_text import java_text
from podium.engine.path import PathError, compile_path
from podium.engine.texts import changed_texts, texts
from podium.model.json import Json

SECRETS: Final = "workflow.secrets."
_REFERENCE: Final = "${" + SECRETS
REFERENCE_BYTES: Final = _REFERENCE.encode()

Known: TypeAlias = Callable[[str], str | None]  # name -> value


def mentions_secret(value: Json) -> bool:
    """Whether any string inside `value` refers to a secret. Map keys do not count."""
    return any(_REFERENCE in text for text in texts(value))


def secret_names(value: Json) -> set[str]:
    """The names of all secrets that `value` refers to."""
    return {_name(text, segment) for text, segment in _references(value)}


def secret_values(value: Json, secret: Known) -> list[Json]:
    """What each reference inside `value` stands for; without those that stand for nothing."""
    found = [_value(text, segment, secret) for text, segment in _references(value)]
    return [one for one in found if one is not None]


def substitute_secrets(value: Json, secret: Known) -> Json:
    """`value` with every `${workflow.secrets.NAME[.path]}` replaced; the same object when nothing refers to a secret.

    A reference that is a whole string becomes the secret, or the part of its JSON that `.path` names (null when the secret is
    missing, is not JSON, or has no such part). One embedded in a longer text becomes text, empty when missing. `value` itself is
    never changed. Rule: spec/engine.md §3.12.6, spec/tasks.md §7.5.
    """
    if not mentions_secret(value):
        return value
    return changed_texts(value, lambda text: _substitute(text, secret) if _REFERENCE in text else text)


def _references(value: Json) -> Iterator[tuple[str, Segment]]:
    for text in texts(value):
        if _REFERENCE in text:
            yield from ((text, segment) for segment in _segments(text))


def _segments(text: str) -> list[Segment]:
    return [segment for segment in segments(text) if text.startswith(_REFERENCE, segment.start)]


def _substitute(text: str, secret: Known) -> Json:
    found = _segments(text)
    if len(found) == 1 and found[0].start == 0 and found[0].end == len(text):
        return _value(text, found[0], secret)
    parts: list[str] = []
    end = 0
    for segment in found:
        parts.append(text[end : segment.start])
        value = _value(text, segment, secret)
        parts.append("" if value is None else java_text(value))
        end = segment.end
    parts.append(text[end:])
    return "".join(parts)


def _name(text: str, segment: Segment) -> str:
    return _inside(text, segment).partition(".")[0]


def _inside(text: str, segment: Segment) -> str:
    return text[segment.start + len(_REFERENCE) : segment.end - 1]


def _value(text: str, segment: Segment, secret: Known) -> Json:
    """The value of the reference at `segment`."""
    name, dot, path = _inside(text, segment).partition(".")
    held = secret(name)
    return json_part(held, path) if dot and held is not None else held


def json_part(document: str, path: str) -> Json:
    """The value at `path` inside the JSON text `document`; null when either cannot be read (spec/engine.md §3.12.6)."""
    try:
        return compile_path(path).find(msgspec.json.decode(document))
    except (msgspec.DecodeError, PathError, RecursionError):
        return None
