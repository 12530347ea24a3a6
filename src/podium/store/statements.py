"""Statements: the SQL of the stores, read from the files in `sql/` (SQLite) and `sql_postgres/`, by name.

A file holds named blocks: a line `-- name --`, a sentence, the statement. A block with a parenthesis `/*row*/ (?, ?, …)` takes many rows:
the parenthesis is repeated, so that any number of rows costs a few executions. That matters more than it seems: the interpreter's
lock is given up and won back at every step of SQLite, which under load costs more than the statement.
"""

from __future__ import annotations

import re
import sqlite3
from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from importlib.resources import files
from itertools import chain
from typing import Any

# Rows in one execution. Close enough to each other that padding adds a third at most, few enough for all to stay prepared.
SIZES = (1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96, 128)
LARGEST = SIZES[-1]
_BLOCK = re.compile(r"^-- ([a-z_]+) --\n", re.MULTILINE)
_ROW = re.compile(r"/\*row\*/ (\([^)]*\))")

Parameters = Sequence[Any] | Mapping[str, Any]


class ManyRows:
    """A statement over many rows, in the order given. A row of NULLs must be without effect: it fills up the last execution."""

    def __init__(self, sql: str, row: str) -> None:
        self.width = row.count("?")
        self._padding = (None,) * self.width
        self._sql = {size: sql.replace(f"/*row*/ {row}", ", ".join([row] * size)) for size in SIZES}

    def run(self, cursor: sqlite3.Cursor, rows: Sequence[Sequence[Any]]) -> None:
        """Execute for all rows, in as few executions as the sizes at hand allow."""
        done, count = 0, len(rows)
        while done < count:
            size, taken = share(count - done)
            part = rows[done : done + taken]
            parameters = tuple(chain.from_iterable(part))
            cursor.execute(self._sql[size], parameters + self._padding * (size - taken))
            done += taken

    def read(self, cursor: sqlite3.Cursor, rows: Sequence[Sequence[Any]]) -> Iterator[str]:
        """The only value of the only row of each execution."""
        for start in range(0, len(rows), LARGEST):
            part = rows[start : start + LARGEST]
            self.run(cursor, part)
            yield cursor.fetchone()[0]


def share(count: int) -> tuple[int, int]:
    """(size of the execution, rows in it) to begin `count` rows with: all of them, if it can be."""
    return (LARGEST, LARGEST) if count >= LARGEST else (SIZES[bisect_left(SIZES, count)], count)


class Statements:
    """The blocks of one file."""

    def __init__(self, source: str) -> None:
        parts = _BLOCK.split(source)
        self._blocks = dict(zip(parts[1::2], parts[2::2], strict=True))
        self._many = {name: ManyRows(sql, row[1]) for name, sql in self._blocks.items() if (row := _ROW.search(sql))}

    def __getitem__(self, name: str) -> str:
        """The text of a statement."""
        return self._blocks[name]

    def many(self, name: str) -> ManyRows:
        """A statement that takes many rows."""
        return self._many[name]

    def names(self) -> list[str]:
        """Of all statements."""
        return list(self._blocks)


@cache
def statements(table: str, folder: str = "sql") -> Statements:
    """The blocks of `<folder>/<table>.sql`."""
    return Statements((files("podium.store") / folder / f"{table}.sql").read_text())
