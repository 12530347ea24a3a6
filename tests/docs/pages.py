"""The manual: its pages, and what stands in fences on them.

A fence is opened by three backticks, a language, and perhaps a file name: ` ```json hello.json `. What each language means to the tests
stands in `performance.py`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[2]
DECISIONS = ROOT / "docs" / "decisions"
MANUAL = (ROOT / "README.md", *sorted(page for page in (ROOT / "docs").rglob("*.md") if DECISIONS not in page.parents))

_OPENING = re.compile(r"(`{3,})(\w*)[ ]*(\S*)\s*")
_LINK = re.compile(r"\]\(([^()\s]+)\)")
_HEADING = re.compile(r"#{1,6}\s+(.+?)\s*")


class Fence(NamedTuple):
    """A fenced block."""

    language: str
    title: str  # the name of a file, or ""
    text: str
    line: int  # of its first line, from 1


class Step(NamedTuple):
    """A command, and what it is to print; an ellipsis of three dots in that stands for anything."""

    command: str
    expected: str
    line: int


def name_of(page: Path) -> str:
    """A page as people name it."""
    return page.relative_to(ROOT).as_posix()


def fences(page: Path) -> list[Fence]:
    """All fenced blocks of a page in order."""
    found: list[Fence] = []
    mark, opened, block = "", Fence("", "", "", 0), list[str]()
    for number, line in enumerate(page.read_text(encoding="utf-8").splitlines(), start=1):
        if mark:
            if line.strip() == mark:
                found.append(opened._replace(text="\n".join(block) + "\n"))
                mark = ""
            else:
                block.append(line)
        elif (opening := _OPENING.fullmatch(line)) is not None:
            mark, block = opening[1], []
            opened = Fence(opening[2], opening[3], "", number + 1)
    assert not mark, f"{name_of(page)}:{opened.line}: this fence is never closed"
    return found


def steps(fence: Fence) -> Iterator[Step]:
    """The commands of a console block: lines that begin with `$ `, continued after a backslash and inside of single quotes."""
    command, expected, line = "", list[str](), 0
    for number, text in enumerate(fence.text.splitlines(), start=fence.line):
        if _unfinished(command):
            command += "\n" + text
        elif text.startswith("$ "):
            if command:
                yield Step(command, "\n".join(expected), line)
            command, expected, line = text[2:], [], number
        else:
            assert command, f"line {number}: output without a command"
            expected.append(text)
    if command:
        yield Step(command, "\n".join(expected), line)


def _unfinished(command: str) -> bool:
    return command.endswith("\\") or command.count("'") % 2 == 1


def prose(page: Path) -> str:
    """The page without what stands in fences."""
    lines, mark = [], ""
    for line in page.read_text(encoding="utf-8").splitlines():
        opening = _OPENING.fullmatch(line)
        if mark:
            mark = "" if line.strip() == mark else mark
        elif opening is not None:
            mark = opening[1]
        else:
            lines.append(line)
    return "\n".join(lines)


def links(page: Path) -> list[str]:
    """The targets of the page's links to other files and places."""
    return [target for target in _LINK.findall(prose(page)) if not target.startswith(("http://", "https://", "mailto:"))]


def anchors(page: Path) -> set[str]:
    """The names of the page's headings, as links use them."""
    headings = [found[1] for line in prose(page).splitlines() if (found := _HEADING.fullmatch(line)) is not None]
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}
