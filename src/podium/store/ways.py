"""Ways: how a search gets to its first page without reading everything that matches.

An index gives the order asked for only below one value: the newest runs of one name, the newest tasks of one type. So a search for
several values goes one way for each, reads a page on every way, and the pages are merged. Where the run, the text or the correlation
id is known, the few rows that can match are named first. Source: spec/api.md §1.8, docs/decisions/0009.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from itertools import product
from typing import NamedTuple

from podium.model.search import Clause, Condition, Operator, Search
from podium.model.status import TaskStatus
from podium.store import rows
from podium.store.condition import (
    EXECUTION_FIELDS,
    FREE_TEXT,
    TASK_FIELDS,
    WORKFLOW_FIELDS,
    Field,
    Fields,
    Kind,
    Sql,
    compile_condition,
    conjunction,
)
from podium.store.statements import statements
from podium.store.texts import runs_with

MOST_WAYS = 1_000
MOST_PARAMETERS = 20_000  # of all ways
MOST_OWNERS = 1_000  # runs whose tasks are looked at run by run
OPEN = frozenset({TaskStatus.SCHEDULED, TaskStatus.IN_PROGRESS})
FAILURES = frozenset(TaskStatus) - OPEN - {TaskStatus.COMPLETED}
_IS_OPEN = Sql("t.status IN ('SCHEDULED', 'IN_PROGRESS')", [])  # as its index says it
_TASK_NAMES = {"taskDefName": Field("def_name", Kind.TEXT), "taskType": Field("task_type", Kind.TEXT)}
_WORKFLOW_NAMES = {"workflowType": Field("name", Kind.TEXT)}
# Fields that name few runs, and the index to read when one is given.
_FEW = {
    "workflowId": "",
    "idempotencyKey": " INDEXED BY workflow_by_idempotency_key",
    "correlationId": " INDEXED BY workflow_by_correlation",
    "parentWorkflowId": " INDEXED BY workflow_by_parent",
}
_SINCE = {Operator.GREATER, Operator.AT_LEAST, Operator.BETWEEN, Operator.EQUAL}  # what makes a stretch of time short


class Way(NamedTuple):
    """From where rows are read, and what must hold for them."""

    source: str  # what follows FROM
    named: Sequence[str]  # its parameters
    condition: Sql


class _Exact(NamedTuple):
    """A clause that asks for one of several values."""

    clause: Clause
    values: tuple[str, ...]


def workflow_ways(cursor: sqlite3.Cursor, search: Search, order: str) -> list[Way]:
    """The ways to workflows that are ordered by the field `order` first. No way: nothing can match."""
    parts = conjunction(search)
    condition = compile_condition(parts, WORKFLOW_FIELDS)
    exact = _exact(parts)
    for field, index in _FEW.items():
        if field in exact:
            return [_workflow_way(parts, index)]
    numbers = _numbers(cursor, parts)
    if numbers is not None:
        source = "json_each(?) AS n CROSS JOIN workflow AS w ON w.number = n.value"
        return [Way(source, [rows.write(numbers)], condition)] if numbers else []
    if order == "endTime" or any(isinstance(part, Clause) and part.field == "endTime" and part.operator in _SINCE for part in parts):
        return _by_name(cursor, parts, exact, " INDEXED BY workflow_by_end")
    if order == "startTime":
        return _by_name(cursor, parts, exact, "")
    return [_workflow_way(parts)]


def _numbers(cursor: sqlite3.Cursor, parts: Sequence[Condition]) -> list[int] | None:
    """Numbers of the runs that may hold the text asked for; None: there is none, or too many may."""
    for part in parts:
        if isinstance(part, Clause) and part.field == FREE_TEXT and part.operator in (Operator.EQUAL, Operator.IN):
            numbers = runs_with(cursor, part.values)
            if numbers is not None:
                return numbers
    return None


def _by_name(cursor: sqlite3.Cursor, parts: list[Condition], exact: dict[str, _Exact], index: str) -> list[Way]:
    """One way for each name, and unless an index is given for each state."""
    rest, splits = parts, []
    if not index and "status" in exact:
        rest = [part for part in rest if part is not exact["status"].clause]
        splits.append([Sql("w.status = ?", [value]) for value in exact["status"].values])
    if index or any(_speaks_of(part, _WORKFLOW_NAMES) for part in parts):
        names = _names(cursor, "names", [part for part in parts if _speaks_of(part, _WORKFLOW_NAMES)], _WORKFLOW_NAMES)
        rest = [part for part in rest if not _speaks_of(part, _WORKFLOW_NAMES)]
        splits.append([Sql("w.name = ?", [name]) for (name,) in names])
    ways = [_workflow_way(rest, index, *split) for split in product(*splits)] if _few(splits) else []
    return ways if _few(splits) and _fits(ways) else [_workflow_way(parts)]


def _few(splits: Sequence[Sequence[Sql]]) -> bool:
    count = 1
    for split in splits:
        count *= len(split)
    return count <= MOST_WAYS


def _fits(ways: Sequence[Way]) -> bool:
    return sum(len(way.condition.parameters) for way in ways) <= MOST_PARAMETERS


def task_ways(cursor: sqlite3.Cursor, search: Search, order: str) -> list[Way]:
    """The ways to tasks that are ordered by the field `order` first. No way: nothing can match."""
    parts = conjunction(search)
    condition = compile_condition(parts, TASK_FIELDS)
    exact = _exact(parts)
    if "taskId" in exact or "workflowId" in exact:
        return [_task_way(parts)]
    owners = _owners(cursor, exact)
    if owners is not None:
        source = "json_each(?) AS o CROSS JOIN task AS t ON t.workflow_id = o.value"
        return [Way(source, [rows.write(owners)], condition)] if owners else []
    statuses = exact["status"].values if "status" in exact else ()
    if statuses and OPEN.issuperset(statuses):
        return [_task_way(parts, " INDEXED BY task_open", _IS_OPEN)]
    if statuses and FAILURES.issuperset(statuses):
        rest = [part for part in parts if part is not exact["status"].clause]
        return [_task_way(rest, " INDEXED BY task_by_failure", Sql(f"t.status = '{TaskStatus(value)}'", [])) for value in statuses]
    if order == "startTime" or any(_speaks_of(part, _TASK_NAMES) for part in parts):
        return _by_task_name(cursor, parts)
    return [_task_way(parts)]


def execution_ways(search: Search) -> list[Way]:
    """The way to executions of schedules: they are few enough for one."""
    return [Way("schedule_execution AS e", (), compile_condition(conjunction(search), EXECUTION_FIELDS))]


def _by_task_name(cursor: sqlite3.Cursor, parts: list[Condition]) -> list[Way]:
    """One way for each name and type."""
    pairs = _names(cursor, "task_names", [part for part in parts if _speaks_of(part, _TASK_NAMES)], _TASK_NAMES)
    if len(pairs) > MOST_WAYS:
        return [_task_way(parts)]
    rest = [part for part in parts if not _speaks_of(part, _TASK_NAMES)]
    index = " INDEXED BY task_by_name"
    ways = [_task_way(rest, index, Sql("t.def_name = ? AND t.task_type = ?", [name, kind])) for name, kind in pairs]
    return ways if _fits(ways) else [_task_way(parts)]


def _owners(cursor: sqlite3.Cursor, exact: dict[str, _Exact]) -> list[str] | None:
    """The runs whose tasks can match; None: they are many, or nothing is asked of them."""
    asked = [exact[field].clause for field in ("correlationId", "workflowType") if field in exact]
    if not asked:
        return None
    condition = compile_condition(asked, WORKFLOW_FIELDS)
    index = _FEW["correlationId"] if "correlationId" in exact else ""
    select = statements("search")["owners"].format(source=f"workflow AS w{index}", condition=condition.text)
    owners = rows.decode_ids(cursor.execute(select, [*condition.parameters, MOST_OWNERS + 1]).fetchone()[0])
    return owners if len(owners) <= MOST_OWNERS else None


def _names(cursor: sqlite3.Cursor, statement: str, parts: Sequence[Condition], fields: Fields) -> list[list[str]]:
    """The names that runs or tasks have, of those asked for; at most one more than there may be ways."""
    condition = compile_condition(parts, fields)
    select = statements("search")[statement].format(condition=condition.text)
    return rows.decode_rows(cursor.execute(select, [*condition.parameters, MOST_WAYS + 1]).fetchone()[0])


def _speaks_of(part: Condition, fields: Fields) -> bool:
    return isinstance(part, Clause) and part.field in fields


def _exact(parts: Sequence[Condition]) -> dict[str, _Exact]:
    """Field -> the values one of which it must have."""
    found: dict[str, _Exact] = {}
    for part in parts:
        if isinstance(part, Clause) and part.operator in (Operator.EQUAL, Operator.IN) and _plain(part.values):
            found.setdefault(part.field, _Exact(part, tuple(dict.fromkeys(part.values))))
    return found


def _plain(values: Sequence[str]) -> bool:
    return bool(values) and all(value and "*" not in value for value in values)


def _workflow_way(parts: Sequence[Condition], index: str = "", *more: Sql) -> Way:
    return Way(f"workflow AS w{index}", (), _with(compile_condition(parts, WORKFLOW_FIELDS), more))


def _task_way(parts: Sequence[Condition], index: str = "", *more: Sql) -> Way:
    return Way(f"task AS t{index}", (), _with(compile_condition(parts, TASK_FIELDS), more))


def _with(condition: Sql, more: Sequence[Sql]) -> Sql:
    """More must hold, which comes first."""
    texts = [*(part.text for part in more), condition.text]
    return Sql(" AND ".join(texts), [value for part in (*more, condition) for value in part.parameters])
