"""Which parts of its input a script mentions, so that the rest need not be built."""

from __future__ import annotations

import re
from functools import lru_cache

from podium.engine.evaluators.tokens import Token, Unsure, tokens

_OPAQUE = frozenset({"eval", "this", "globalThis", "with", "Function", "constructor", "arguments", "import", "Reflect", "__proto__"})
_PLAIN_TEXT = re.compile(r"""(["'])[^"'\\]*\1""")
_OF_LISTS = frozenset({"length", "size"})  # also what a list or a text answers by itself
_DEPTH = 2


@lru_cache(maxsize=4096)
def reads(source: str) -> frozenset[tuple[str, ...]] | None:
    """The member paths of `$` that the script mentions, at most two steps deep; None when it may see any part of `$`.

    A path stands for everything below it. `$.a[i]` gives ("a",). Never fewer paths than the script reads.
    """
    try:
        found = tokens(source)
    except Unsure:
        return None
    if any(token.kind == "word" and token.text in _OPAQUE for token in found) or _hides_names(found):
        return None
    paths: set[tuple[str, ...]] = set()
    for index, token in enumerate(found):
        if token.kind != "word" or token.text != "$":
            continue
        path = None if index and found[index - 1].text in (".", "?.", "...") else _path(found, index + 1)
        if not path:
            return None
        paths.add(path)
    return frozenset(paths)


def _hides_names(found: list[Token]) -> bool:
    """Whether a text spells a name that can reach the whole input by way of a computed member, such as `[].map['constructor']`."""
    joined = any(token.kind == "mark" and token.text == "[" for token in found)
    return joined and any(token.kind in ("string", "template") and "constr" in token.text for token in found)


def _path(found: list[Token], index: int) -> tuple[str, ...] | None:
    """The steps behind `$` from this token on; None when there is none that can be named."""
    path: list[str] = []
    while len(path) < _DEPTH:
        step = _step(found, index)
        if step is None:
            break
        name, index = step
        path.append(name)
    if path and (_called(found, index) or path[-1] in _OF_LISTS or path[-1].isdigit()):
        path.pop()
    return tuple(path) or None


def _step(found: list[Token], index: int) -> tuple[str, int] | None:
    """One step at this place: its name and the place behind it."""
    texts = [token.text for token in found[index : index + 4]]
    kinds = [token.kind for token in found[index : index + 4]]
    if kinds[:2] == ["mark", "word"] and texts[0] in (".", "?."):
        return texts[1], index + 2
    shift = 1 if texts[:2] == ["?.", "["] else 0
    if texts[shift : shift + 1] == ["["] and kinds[shift + 1 : shift + 2] == ["string"] and texts[shift + 2 : shift + 3] == ["]"]:
        text = texts[shift + 1]
        return (text[1:-1], index + shift + 3) if _PLAIN_TEXT.fullmatch(text) else None
    return None


def _called(found: list[Token], index: int) -> bool:
    """Whether the last step is a method (`$.a.slice(1)` reads all of `$.a`) rather than data."""
    return index < len(found) and (
        found[index].text in ("(", "?.") or (found[index].kind == "template" and found[index].text.startswith("`"))
    )
