"""Rule tables: a decision table read from a file of comma-separated values or a spreadsheet (spec/tasks.md §4.11)."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime
from itertools import islice
from typing import Final
from urllib.parse import urlsplit

import msgspec

from podium.engine.question import Answers
from podium.model.json import Json, JsonObject
from podium.runtime.system.rule_cell import Condition, read_condition, read_value

MOST_ROWS: Final = 10_000
MOST_COLUMNS: Final = 500
MOST_UNPACKED_BYTES: Final = 100_000_000
EXTRA: Final = "reading spreadsheets needs podium[spreadsheet]"
_KINDS: Final = {
    "text/csv": "csv",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": "xlsx",
    "application/vnd.ms-excel": "xls",
}


class BadTable(Exception):
    """The file holds no decision table."""


class Rule(msgspec.Struct, frozen=True):
    """One row."""

    conditions: dict[str, Condition]  # column -> what it asks; columns that take anything are left out
    values: dict[str, str]  # column -> its cell

    def fits(self, given: JsonObject, answers: Answers) -> bool:
        """Whether all conditions on the given columns hold. Raises NeedsTime for a slow regular expression."""
        conditions = ((self.conditions.get(name), value) for name, value in given.items())
        return all(condition is None or condition(value, answers) for condition, value in conditions)

    def gives(self, wanted: Sequence[str]) -> JsonObject:
        """The values of these columns."""
        return {name: read_value(self.values[name]) for name in wanted}


class Table(msgspec.Struct, frozen=True):
    """The columns of the first row, and a rule for each row after it. Any column may be asked, any may answer."""

    columns: tuple[str, ...]
    rules: tuple[Rule, ...]

    def check(self, names: Iterable[str]) -> None:
        """Raise BadTable for a column that is not there."""
        missing = next((name for name in names if name not in self.columns), None)
        if missing is not None:
            raise BadTable(f"There is no column {missing!r} in the rules, only {', '.join(self.columns)}")


def read_table(body: bytes, location: str, content_type: str) -> Table:
    """The table in a file; what kind of file it is, its name, its media type or its first bytes tell. Raises BadTable."""
    kind = _kind(body, location, content_type)
    rows = {"csv": _csv_rows, "xlsx": _xlsx_rows, "xls": _xls_rows}[kind](body)
    try:
        found = list(islice(rows, MOST_ROWS + 2))
    except BadTable:
        raise
    except Exception as problem:  # the readers of spreadsheets raise whatever a broken file makes them stumble over
        raise BadTable(f"{location} cannot be read as {kind}: {problem}") from problem
    if len(found) > MOST_ROWS + 1:
        raise BadTable(f"{location} has more than {MOST_ROWS} rules")
    return _table(found, location)


def _kind(body: bytes, location: str, content_type: str) -> str:
    suffix = urlsplit(location).path.rpartition(".")[2].lower()
    if suffix in ("csv", "xls", "xlsx"):
        return suffix
    named = _KINDS.get(content_type.partition(";")[0].strip().lower())
    if named is not None:
        return named
    return "xlsx" if body.startswith(b"PK\x03\x04") else "xls" if body.startswith(b"\xd0\xcf\x11\xe0") else "csv"


def _table(rows: list[list[str]], location: str) -> Table:
    columns = tuple(cell.strip() for cell in rows[0]) if rows else ()
    if not any(columns):
        raise BadTable(f"{location} has no first row that names the columns")
    if len(columns) > MOST_COLUMNS:
        raise BadTable(f"{location} has more than {MOST_COLUMNS} columns")
    return Table(columns, tuple(_rule(columns, row) for row in rows[1:] if any(cell.strip() for cell in row)))


def _rule(columns: tuple[str, ...], row: list[str]) -> Rule:
    cells = dict(zip(columns, [*row, *[""] * (len(columns) - len(row))], strict=False))
    conditions = {name: condition for name, cell in cells.items() if (condition := read_condition(cell)) is not None}
    return Rule(conditions, cells)


def _csv_rows(body: bytes) -> Iterator[list[str]]:
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = body.decode("latin-1")
    return csv.reader(io.StringIO(text, newline=""))


def _xlsx_rows(body: bytes) -> Iterator[list[str]]:
    try:
        import openpyxl
    except ImportError as absent:
        raise BadTable(EXTRA) from absent
    unpacked = sum(entry.file_size for entry in zipfile.ZipFile(io.BytesIO(body)).infolist())
    if unpacked > MOST_UNPACKED_BYTES:
        raise BadTable(f"the spreadsheet has {unpacked} bytes when unpacked, {MOST_UNPACKED_BYTES} at most")
    book = openpyxl.load_workbook(io.BytesIO(body), read_only=True, data_only=True)
    for row in book.worksheets[0].iter_rows(values_only=True, max_col=MOST_COLUMNS + 1):
        yield _trimmed(row)


def _xls_rows(body: bytes) -> Iterator[list[str]]:
    try:
        import xlrd
    except ImportError as absent:
        raise BadTable(EXTRA) from absent
    book = xlrd.open_workbook(file_contents=body, on_demand=True)
    sheet = book.sheet_by_index(0)
    for number in range(sheet.nrows):
        yield _trimmed([_xls_value(cell, xlrd.xldate_as_datetime, book.datemode) for cell in sheet.row(number)])


def _xls_value(cell: object, as_datetime: object, datemode: int) -> object:
    kind, value = cell.ctype, cell.value  # type: ignore[attr-defined]
    if kind == 3:  # a date
        return as_datetime(value, datemode)  # type: ignore[operator]
    return bool(value) if kind == 4 else value


def _trimmed(row: Iterable[object]) -> list[str]:
    """The cells as a person sees them, without the empty ones at the end."""
    cells = [_shown(value) for value in row]
    while cells and not cells[-1]:
        cells.pop()
    return cells


def _shown(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%d" if value.time() == datetime.min.time() else "%Y-%m-%d %H:%M:%S")
    return value.isoformat() if isinstance(value, date) else str(value)


def as_columns(value: Json) -> list[str] | None:
    """A list of column names; None for anything else."""
    if isinstance(value, list) and all(isinstance(name, str) for name in value):
        return [str(name) for name in value]
    return None
