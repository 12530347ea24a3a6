"""Secrets: references stay in what is stored and become values only on the copy that is handed to whoever does the work."""

from collections.abc import Callable
from typing import Final

import msgspec

from podium.engine.braces import Segment, segments
from podium.engine.java_text import java_text
from podium.engine.path import PathError, compile_path
from podium.model.json import Json

SECRETS: Final = "workflow.secrets."
_REFERENCE: Final = "${" + SECRETS


def mentions_secret(value: Json) -> bool:
    """Whether any string inside `value` refers to a secret. Map keys do not count."""
    pending: list[Json] = [value]
    while pending:
        current = pending.pop()
        if isinstance(current, str):
            if _REFERENCE in current:
                return True
        elif isinstance(current, dict):
            pending.extend(current.values())
        elif isinstance(current, list):
            pending.extend(current)
    return False


def substitute_secrets(value: Json, secret: Callable[[str], str | None]) -> Json:
    """`value` with every `${workflow.secrets.NAME[.path]}` replaced; the same object when nothing refers to a secret.

    A reference that is a whole string becomes the secret, or the part of its JSON that `.path` names (null when the secret is
    missing, is not JSON, or has no such part). One embedded in a longer text becomes text, empty when missing. `value` itself is
    never changed. Rule: spec/engine.md §3.12.6, spec/tasks.md §7.5.
    """
    if not mentions_secret(value):
        return value
    # One list around everything, so that the outermost value needs no case of its own. A loop, not recursion: any depth will do.
    frame: list[Json] = [value]
    copies: list[dict[str, Json] | list[Json]] = [frame]
    while copies:
        copy = copies.pop()
        if isinstance(copy, dict):
            for key, child in copy.items():
                copy[key] = _replaced(child, secret, copies)
        else:
            for index, child in enumerate(copy):
                copy[index] = _replaced(child, secret, copies)
    return frame[0]


def _replaced(child: Json, secret: Callable[[str], str | None], copies: list[dict[str, Json] | list[Json]]) -> Json:
    """What stands in for `child`; a map or a list is copied and its copy added to `copies`, whose members are still to be done."""
    if isinstance(child, str):
        return _substitute(child, secret) if _REFERENCE in child else child
    if isinstance(child, dict | list):
        copy = child.copy()
        copies.append(copy)
        return copy
    return child


def _substitute(text: str, secret: Callable[[str], str | None]) -> Json:
    found = [segment for segment in segments(text) if text.startswith(_REFERENCE, segment.start)]
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


def _value(text: str, segment: Segment, secret: Callable[[str], str | None]) -> Json:
    """The value of the reference at `segment`."""
    name, dot, path = text[segment.start + len(_REFERENCE) : segment.end - 1].partition(".")
    held = secret(name)
    return json_part(held, path) if dot and held is not None else held


def json_part(document: str, path: str) -> Json:
    """The value at `path` inside the JSON text `document`; null when either cannot be read (spec/engine.md §3.12.6)."""
    try:
        return compile_path(path).find(msgspec.json.decode(document))
    except (msgspec.DecodeError, PathError, RecursionError):
        return None
