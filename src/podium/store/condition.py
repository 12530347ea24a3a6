"""Condition: turns what to look for into SQL, with everything that a user wrote as a parameter.

Case matters, except where a value has a wildcard and in the free text (spec/api.md §1.8). A time that is unset is null.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum, auto
from typing import NamedTuple

from podium.errors import Invalid
from podium.model.search import AllOf, AnyOf, Clause, Condition, Operator, Search
from podium.model.status import TaskStatus

MOST_PARAMETERS = 5000
MOST_TERMS = 500  # SQLite refuses expressions that are deeper than 1000


class Kind(Enum):
    """What a field holds."""

    TEXT = auto()
    NUMBER = auto()
    TIME = auto()  # epoch ms, 0 when unset
    FREE_TEXT = auto()


class Field(NamedTuple):
    """A field of the query language."""

    column: str  # an SQL expression; for FREE_TEXT one with a parameter for each `?`
    kind: Kind
    blank: bool = False  # the empty text finds rows without a value
    literal: frozenset[str] = frozenset()  # values that are written into the SQL, so that SQLite sees which index holds them


Fields = dict[str, Field]
FREE_TEXT = "jsonData"

_WORKFLOW_TEXT = (
    r"(w.workflow_id LIKE ? ESCAPE '\' OR w.name LIKE ? ESCAPE '\' OR w.correlation_id LIKE ? ESCAPE '\' OR w.reason LIKE ? ESCAPE '\' OR "
)
_TASK_TEXT = (
    r"(t.task_id LIKE ? ESCAPE '\' OR t.workflow_id LIKE ? ESCAPE '\' OR t.ref LIKE ? ESCAPE '\' OR t.def_name LIKE ? ESCAPE '\'"
    r" OR t.task_type LIKE ? ESCAPE '\' OR t.correlation_id LIKE ? ESCAPE '\' OR t.reason LIKE ? ESCAPE '\' OR "
)
_EXECUTION_TEXT = (
    r"(e.execution_id LIKE ? ESCAPE '\' OR e.schedule_name LIKE ? ESCAPE '\' OR e.workflow_name LIKE ? ESCAPE '\'"
    r" OR e.workflow_id LIKE ? ESCAPE '\' OR e.reason LIKE ? ESCAPE '\')"
)
_WORKFLOW_PAYLOADS = r"EXISTS (SELECT 1 FROM payload AS p WHERE p.payload_id IN (w.input_id, w.output_id) AND p.body LIKE ? ESCAPE '\')"
_TASK_PAYLOADS = r"EXISTS (SELECT 1 FROM payload AS p WHERE p.payload_id IN (t.input_id, t.output_id) AND p.body LIKE ? ESCAPE '\')"


def workflow_text(payloads: str) -> Field:
    """The free text of a run; `payloads`: whether a pattern is in its input or output, in SQL."""
    return Field(f"{_WORKFLOW_TEXT}{payloads})", Kind.FREE_TEXT)


def task_text(payloads: str) -> Field:
    """The same for a task."""
    return Field(f"{_TASK_TEXT}{payloads})", Kind.FREE_TEXT)


WORKFLOW_FIELDS: Fields = {
    "workflowId": Field("w.workflow_id", Kind.TEXT),
    "correlationId": Field("w.correlation_id", Kind.TEXT),
    "workflowType": Field("w.name", Kind.TEXT),
    "version": Field("w.version", Kind.NUMBER),
    "status": Field("w.status", Kind.TEXT),
    "startTime": Field("w.create_time", Kind.TIME),
    "endTime": Field("w.end_time", Kind.TIME),
    "updateTime": Field("w.update_time", Kind.TIME),
    "modifiedTime": Field("w.update_time", Kind.TIME),
    "createdBy": Field("w.created_by", Kind.TEXT),
    "event": Field("w.event", Kind.TEXT),
    "priority": Field("w.priority", Kind.NUMBER),
    "parentWorkflowId": Field("w.parent_workflow_id", Kind.TEXT, blank=True),
    "classifier": Field("w.classifier", Kind.TEXT),
    "reasonForIncompletion": Field("w.reason", Kind.TEXT),
    "idempotencyKey": Field("w.idempotency_key", Kind.TEXT),
    FREE_TEXT: workflow_text(_WORKFLOW_PAYLOADS),
}

TASK_FIELDS: Fields = {
    "workflowId": Field("t.workflow_id", Kind.TEXT),
    "taskId": Field("t.task_id", Kind.TEXT),
    "taskType": Field("t.task_type", Kind.TEXT),
    "taskDefName": Field("t.def_name", Kind.TEXT),
    "status": Field("t.status", Kind.TEXT, literal=frozenset(TaskStatus)),
    "workflowType": Field("(SELECT w.name FROM workflow AS w WHERE w.workflow_id = t.workflow_id)", Kind.TEXT),
    "correlationId": Field("(SELECT w.correlation_id FROM workflow AS w WHERE w.workflow_id = t.workflow_id)", Kind.TEXT),
    "startTime": Field("t.start_time", Kind.TIME),
    "endTime": Field("t.end_time", Kind.TIME),
    "updateTime": Field("t.update_time", Kind.TIME),
    "scheduledTime": Field("t.scheduled_time", Kind.TIME),
    FREE_TEXT: task_text(_TASK_PAYLOADS),
}

EXECUTION_FIELDS: Fields = {
    "executionId": Field("e.execution_id", Kind.TEXT),
    "scheduleName": Field("e.schedule_name", Kind.TEXT),
    "workflowName": Field("e.workflow_name", Kind.TEXT),
    "workflowId": Field("e.workflow_id", Kind.TEXT),
    "state": Field("e.state", Kind.TEXT),
    "scheduledTime": Field("e.scheduled_time", Kind.TIME),
    "executionTime": Field("e.execution_time", Kind.TIME),
    "startTime": Field("e.scheduled_time", Kind.TIME),
    FREE_TEXT: Field(_EXECUTION_TEXT, Kind.FREE_TEXT),
}

_COMPARE = {Operator.LESS: "<", Operator.GREATER: ">", Operator.AT_MOST: "<=", Operator.AT_LEAST: ">="}
_FROM = {Operator.GREATER: 0, Operator.AT_LEAST: 1, Operator.BETWEEN: 1}  # the least that they may ask of a time
_NEGATED = {Operator.NOT_EQUAL: Operator.EQUAL, Operator.NOT_IN: Operator.IN, Operator.IS_NOT_NULL: Operator.IS_NULL}


class Sql(NamedTuple):
    """A piece of SQL and its parameters."""

    text: str
    parameters: list[str | int]


def conjunction(search: Search) -> list[Condition]:
    """What must hold all at once, the free text included."""
    parts = _flat(search.condition)
    return [*parts, Clause(FREE_TEXT, Operator.EQUAL, (search.free_text,))] if search.free_text.strip("* ") else parts


def _flat(condition: Condition) -> list[Condition]:
    return [part for inner in condition.parts for part in _flat(inner)] if isinstance(condition, AllOf) else [condition]


def compile_condition(parts: Sequence[Condition], fields: Fields) -> Sql:
    """What must hold all at once, as SQL. Raises Invalid for a value that does not fit its field, and for too many of them."""
    sql = _compile(AllOf(tuple(parts)), fields)
    if sql is None:
        return Sql("TRUE", [])
    if len(sql.parameters) > MOST_PARAMETERS or sql.text.count(" OR ") + sql.text.count(" AND ") > MOST_TERMS:
        raise Invalid("The query is too long.")
    return sql


def _compile(condition: Condition, fields: Fields) -> Sql | None:
    """None: no condition."""
    match condition:
        case Clause():
            field = fields.get(condition.field)
            return None if field is None else _clause(field, condition)
        case AllOf(parts):
            return _join([sql for part in parts if (sql := _compile(part, fields))], " AND ")
        case AnyOf(parts):
            return _join([sql for part in parts if (sql := _compile(part, fields))], " OR ")


def _join(parts: Sequence[Sql], word: str) -> Sql | None:
    if len(parts) < 2:
        return parts[0] if parts else None
    return Sql(f"({word.join(part.text for part in parts)})", [value for part in parts for value in part.parameters])


def _clause(field: Field, clause: Clause) -> Sql | None:
    if clause.operator in _NEGATED:
        inner = _clause(field, Clause(clause.field, _NEGATED[clause.operator], clause.values))
        return inner and Sql(f"({inner.text}) IS NOT TRUE", inner.parameters)
    if clause.operator is Operator.IS_NULL:
        return _is_null(field)
    if field.kind is Kind.FREE_TEXT:
        return _join([_free_text(field, value) for value in clause.values], " OR ")
    if clause.operator in (Operator.EQUAL, Operator.IN):
        return _equal(field, clause)
    if len(clause.values) != (2 if clause.operator is Operator.BETWEEN else 1):
        raise Invalid(f"{clause.field} {clause.operator} takes another number of values.", field=clause.field)
    if clause.operator is Operator.STARTS_WITH:
        prefix = clause.values[0]
        return Sql(f"substr({field.column}, 1, length(?)) = ?", [prefix, prefix])
    return _range(field, clause)


def _is_null(field: Field) -> Sql | None:
    if field.kind is Kind.FREE_TEXT:
        return None
    return Sql(f"{field.column} = 0" if field.kind is Kind.TIME else f"{field.column} IS NULL", [])


def _free_text(field: Field, text: str) -> Sql:
    return Sql(field.column, [f"%{_pattern(text.strip('*'))}%"] * field.column.count("?"))


def _range(field: Field, clause: Clause) -> Sql:
    values = [_value(field, clause.field, value) for value in clause.values]
    # A time that is unset is not early. One lower bound only: with two SQLite may look for the wrong one in its index.
    if field.kind is Kind.TIME and clause.operator in _FROM:
        values[0] = max(int(values[0]), _FROM[clause.operator])
    known = f"{field.column} > 0 AND " if field.kind is Kind.TIME and clause.operator not in _FROM else ""
    if clause.operator is Operator.BETWEEN:
        return Sql(f"({field.column} BETWEEN ? AND ?)", values)
    return Sql(f"({known}{field.column} {_COMPARE[clause.operator]} ?)", values)


def _equal(field: Field, clause: Clause) -> Sql | None:
    patterns = [value for value in clause.values if "*" in value and field.kind is Kind.TEXT]
    exact = [_value(field, clause.field, value) for value in clause.values if value not in patterns]
    parts = [Sql(rf"{field.column} LIKE ? ESCAPE '\'", [_pattern(value)]) for value in patterns]
    if len(exact) == 1:
        # Not IN: with an equality the index also gives the order.
        (value,) = exact
        parts.append(Sql(f"{field.column} = '{value}'", []) if value in field.literal else Sql(f"{field.column} = ?", exact))
    elif exact:
        parts.append(Sql(f"{field.column} IN ({', '.join('?' * len(exact))})", exact))
    if field.blank and "" in exact:
        parts.append(Sql(f"{field.column} IS NULL", []))
    return _join(parts, " OR ") or Sql("FALSE", [])


def _pattern(text: str) -> str:
    """A text with wildcards, as LIKE wants it."""
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_").replace("*", "%")


def _value(field: Field, name: str, text: str) -> str | int:
    if field.kind is Kind.TEXT:
        return text
    try:
        number = int(text)
    except ValueError:
        number = None
    # SQLite's integers have 64 bits.
    if number is None or not -(2**63) <= number < 2**63:
        wanted = "a time in milliseconds since the epoch" if field.kind is Kind.TIME else "a number"
        raise Invalid(f"{name} must be {wanted}, not {text!r}.", field=name)
    return number
