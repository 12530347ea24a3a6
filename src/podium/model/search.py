"""Search: what to look for, parsed; the store turns it into its own language (spec/api.md §1.8)."""

from __future__ import annotations

from enum import StrEnum

import msgspec


class Operator(StrEnum):
    """How a field is compared."""

    EQUAL = "="
    NOT_EQUAL = "!="
    LESS = "<"
    GREATER = ">"
    AT_MOST = "<="
    AT_LEAST = ">="
    IN = "IN"
    NOT_IN = "NOT IN"
    STARTS_WITH = "STARTS_WITH"
    BETWEEN = "BETWEEN"
    IS_NULL = "IS NULL"
    IS_NOT_NULL = "IS NOT NULL"


class Clause(msgspec.Struct, frozen=True, tag="clause"):
    """`field operator values`; `*` in a value is a wildcard with EQUAL, NOT_EQUAL, IN and NOT_IN."""

    field: str
    operator: Operator
    values: tuple[str, ...] = ()


class AllOf(msgspec.Struct, frozen=True, tag="all"):
    """Every part holds; an empty AllOf is no condition."""

    parts: tuple[Clause | AllOf | AnyOf, ...] = ()


class AnyOf(msgspec.Struct, frozen=True, tag="any"):
    """At least one part holds."""

    parts: tuple[Clause | AllOf | AnyOf, ...]


Condition = Clause | AllOf | AnyOf


class SortKey(msgspec.Struct, frozen=True):
    """One field of an ordering."""

    field: str
    descending: bool = False


class Search(msgspec.Struct, frozen=True, kw_only=True):
    """What to look for, and which page of it."""

    condition: Condition = AllOf()
    free_text: str = ""  # case-insensitive, within ids, names, correlation id, input, output and reason; "" for none
    sort: tuple[SortKey, ...] = ()  # empty: start time, newest first
    start: int = 0
    size: int = 100
