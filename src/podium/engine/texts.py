"""Texts: all strings inside of a JSON value, to be read or changed. Loops, not recursion: any depth will do."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from podium.model.json import Json


def texts(value: Json) -> Iterator[str]:
    """Every string inside `value`; map keys do not count."""
    pending: list[Json] = [value]
    while pending:
        current = pending.pop()
        if isinstance(current, str):
            yield current
        elif isinstance(current, dict):
            pending.extend(current.values())
        elif isinstance(current, list):
            pending.extend(current)


def changed_texts(value: Json, change: Callable[[str], Json], change_key: Callable[[str], str] | None = None) -> Json:
    """A copy of `value` with `change` applied to every string, and `change_key` to every key. What it answers is not looked at again."""
    # One list around everything, so that the outermost value needs no case of its own.
    frame: list[Json] = [value]
    copies: list[dict[str, Json] | list[Json]] = [frame]
    while copies:
        copy = copies.pop()
        if isinstance(copy, dict):
            for key, child in list(copy.items()):
                if change_key is not None:
                    del copy[key]
                copy[change_key(key) if change_key is not None else key] = _changed(child, change, copies)
        else:
            for index, child in enumerate(copy):
                copy[index] = _changed(child, change, copies)
    return frame[0]


def _changed(child: Json, change: Callable[[str], Json], copies: list[dict[str, Json] | list[Json]]) -> Json:
    """What stands in for `child`; a map or a list is copied and its copy added to `copies`, whose members are still to be done."""
    if isinstance(child, str):
        return change(child)
    if isinstance(child, dict | list):
        copy = child.copy()
        copies.append(copy)
        return copy
    return child
