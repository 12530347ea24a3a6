"""Ordering: turns the order that a search asks for into SQL."""

from __future__ import annotations

from typing import NamedTuple

from podium.model.search import Search, SortKey
from podium.store.condition import Fields, Kind

_NEWEST_FIRST = (SortKey("startTime", descending=True),)


class Nulls(NamedTuple):
    """What a database has to be told so that a row without a text stands before all others."""

    upwards: str
    downwards: str


def order_of_rows(search: Search, fields: Fields, key_columns: tuple[str, ...], nulls: Nulls) -> str:
    """The order asked for; rows that are equal in it stand in the order of their keys, so that pages do not overlap."""
    keys = sort_keys(search, fields)
    # In the direction of the last key: so an index can be read straight, forward or backward.
    last = direction(keys[-1])
    order = [f"{fields[key.field].column} {direction(key)}{_nulls(key, fields, nulls)}" for key in keys]
    return ", ".join([*order, *(f"{column} {last}" for column in key_columns)])


def order_of_groups(search: Search, fields: Fields, key_column: str, nulls: Nulls) -> str:
    """The order asked for, where a row stands for many: it stands where the first of them would."""
    keys = sort_keys(search, fields)
    order = [
        f"{'max' if key.descending else 'min'}({fields[key.field].column}) {direction(key)}{_nulls(key, fields, nulls)}" for key in keys
    ]
    return ", ".join([*order, f"{key_column} {direction(keys[-1])}"])


def sort_keys(search: Search, fields: Fields) -> tuple[SortKey, ...]:
    """The known ones of the fields to order by; without any, the newest first."""
    known = tuple(key for key in search.sort if key.field in fields and fields[key.field].kind is not Kind.FREE_TEXT)
    return known or _NEWEST_FIRST


def direction(key: SortKey) -> str:
    """In SQL."""
    return "DESC" if key.descending else "ASC"


def _nulls(key: SortKey, fields: Fields, nulls: Nulls) -> str:
    if fields[key.field].kind is not Kind.TEXT:
        return ""
    return nulls.downwards if key.descending else nulls.upwards
