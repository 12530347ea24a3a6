"""Placeholders: the `?` of a statement, as databases that number them want it."""

from __future__ import annotations

import re
from typing import Final

# What is passed over whole: quoted texts and names, comments, and `??`, which stands for the operator `?`.
_PIECE: Final = re.compile(
    r"""'(?:[^']|'')*'|"(?:[^"]|"")*"|--[^\n]*|/\*.*?\*/|\$([A-Za-z_]\w*)?\$.*?\$\1\$|\?\?|\?""",
    re.DOTALL,
)


def numbered(statement: str) -> tuple[str, int]:
    """The statement with `$1`, `$2`, … in the place of each `?`, and how many there are."""
    count = 0

    def replaced(found: re.Match[str]) -> str:
        nonlocal count
        if found[0] == "??":
            return "?"
        if found[0] != "?":
            return found[0]
        count += 1
        return f"${count}"

    return _PIECE.sub(replaced, statement), count
