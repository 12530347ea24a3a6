"""Searching: schedules by what they are, and what became of their instants (spec/platform.md §3.4)."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

from podium.api.answer import Answer, json_answer
from podium.api.parameter import Parameter, integer, optional_boolean, optional_text, required_text, text, texts
from podium.api.query import parse_free_text, parse_sort
from podium.api.routing import Call, Route
from podium.errors import Invalid
from podium.model.body import SearchResult
from podium.model.schedule import ScheduleExecution, WorkflowSchedule
from podium.model.search import AllOf, Clause, Operator, Search, SortKey

MOST: Final = 1000
MAX_CLAUSES: Final = 50

WORKFLOW_NAME: Final = optional_text("workflowName", "only those that start it")
SCHEDULE_NAME: Final = optional_text("scheduleName", "a part of the name")
NAME: Final = optional_text("name", "the same")
PAUSED: Final = optional_boolean("paused", "only those that are, or are not")
START: Final = integer("start", 0, "how many to leave out at the beginning")
SIZE: Final = integer("size", 100, f"how many, at most {MOST}")
SORT: Final[Parameter[list[str]]] = texts("sort", "field:ASC or field:DESC")
FREE_TEXT: Final = text("freeText", "text found anywhere in names and descriptions")
TAG: Final = required_text("tag", "key, or key:value")
QUERY: Final = text("query", "such as: scheduleName IN (nightly) AND state IN (FAILED)")
IN_RECORDS: Final = text("freeText", "text found anywhere in ids, names and reasons")


def _workflow(schedule: WorkflowSchedule) -> str:
    request = schedule.start_workflow_request
    return (request.name if request else None) or ""


_SORTED: Final[dict[str, Callable[[WorkflowSchedule], str | int]]] = {
    "name": lambda schedule: schedule.name or "",
    "workflowName": _workflow,
    "createTime": lambda schedule: schedule.create_time or 0,
    "updatedTime": lambda schedule: schedule.updated_time or 0,
    "nextRunTime": lambda schedule: schedule.next_run_time or 0,
}
_SORTED_RECORDS: Final = frozenset({"scheduledTime", "executionTime", "scheduleName", "workflowName", "state"})

_AND: Final = re.compile(r"\s+AND\s+", re.IGNORECASE)
_LIST: Final = re.compile(r"(scheduleName|state|workflowName|executionId)\s+IN\s*\((.*)\)", re.IGNORECASE | re.DOTALL)
_COMPARED: Final = re.compile(
    r"(scheduledTime|executionTime|startTime|scheduleName|state|workflowName|workflowId|executionId)\s*(<=|>=|!=|=|<|>)\s*(.*)", re.DOTALL
)
_FIELDS: Final = {name.lower(): name for name in ("scheduleName", "state", "workflowName", "executionId")}


async def schedules(call: Call) -> Answer:
    """GET /scheduler/schedules."""
    wanted = call.query(WORKFLOW_NAME)
    return json_answer([one for one in await call.platform.schedules.all() if wanted in (None, _workflow(one))])


async def search_schedules(call: Call) -> Answer:
    """GET /scheduler/schedules/search."""
    found = [one for one in await call.platform.schedules.all() if _wanted(call, one)]
    sort = call.query(SORT)
    for key in reversed(parse_sort(sort)):
        if key.field in _SORTED:
            found.sort(key=_SORTED[key.field], reverse=key.descending)
    start, size = _page(call)
    return json_answer(SearchResult(total_hits=len(found), results=found[start : start + size]))


def _wanted(call: Call, schedule: WorkflowSchedule) -> bool:
    workflow, paused = call.query(WORKFLOW_NAME), call.query(PAUSED)
    part = call.query(SCHEDULE_NAME) or call.query(NAME) or ""
    anywhere = parse_free_text(call.query(FREE_TEXT)).lower()
    text_of = f"{schedule.name}\n{_workflow(schedule)}\n{schedule.description or ''}".lower()
    return (
        workflow in (None, _workflow(schedule))
        and paused in (None, schedule.paused)
        and part.lower() in (schedule.name or "").lower()
        and anywhere in text_of
    )


async def schedules_by_tag(call: Call) -> Answer:
    """GET /scheduler/schedules/tags."""
    key, colon, value = call.query(TAG).partition(":")
    found = [
        schedule
        for schedule in await call.platform.schedules.all()
        if any(tag.key == key and (not colon or str(tag.value) == value) for tag in schedule.tags or ())
    ]
    return json_answer(found)


async def search_executions(call: Call) -> Answer:
    """GET /scheduler/search/executions."""
    start, size = _page(call)
    sort = call.query(SORT)
    keys = tuple(key if key.field in _SORTED_RECORDS else SortKey("scheduledTime", key.descending) for key in parse_sort(sort))
    condition = parse_execution_query(call.query(QUERY) or "")
    search = Search(condition=condition, free_text=parse_free_text(call.query(IN_RECORDS)), sort=keys, start=start, size=size)
    store = call.platform.store
    page = await store.search_executions(search)
    found = [stored.execution for stored in await store.executions(page.ids)]
    return json_answer(SearchResult(total_hits=page.total, results=found))


def parse_execution_query(query: str) -> AllOf:
    """Clauses joined by AND; what is no clause is the name of a schedule. Raises Invalid when there are too many."""
    clauses = [one for one in _AND.split(query.strip()) if one]
    if len(clauses) > MAX_CLAUSES:
        raise Invalid(f"The query has more than {MAX_CLAUSES} clauses")
    return AllOf(tuple(map(_clause, clauses)))


def _clause(clause: str) -> Clause:
    listed = _LIST.fullmatch(clause.strip())
    if listed is not None:
        return Clause(_FIELDS[listed[1].lower()], Operator.IN, tuple(map(_bare, listed[2].split(","))))
    compared = _COMPARED.fullmatch(clause.strip())
    if compared is None:
        return Clause("scheduleName", Operator.EQUAL, (_bare(clause),))
    field, operator, value = compared[1], Operator(compared[2]), _bare(compared[3])
    return Clause(field, operator, (f"*{value}*" if field == "workflowName" else value,))


def _bare(value: str) -> str:
    stripped = value.strip()
    return stripped[1:-1] if len(stripped) > 1 and stripped[0] == stripped[-1] and stripped[0] in "'\"" else stripped


def _page(call: Call) -> tuple[int, int]:
    """(start, size); a negative number counts as 0."""
    return max(0, call.query(START)), min(MOST, max(0, call.query(SIZE)))


_SCHEDULES: Final = (WORKFLOW_NAME, SCHEDULE_NAME, NAME, PAUSED, FREE_TEXT, START, SIZE, SORT)

ROUTES: Final = (
    Route("GET", "/scheduler/schedules", schedules, "All schedules", query=(WORKFLOW_NAME,), response=list[WorkflowSchedule]),
    Route(
        "GET",
        "/scheduler/schedules/search",
        search_schedules,
        "Search schedules",
        query=_SCHEDULES,
        response=SearchResult[WorkflowSchedule],
    ),
    Route("GET", "/scheduler/schedules/tags", schedules_by_tag, "Schedules with a tag", query=(TAG,), response=list[WorkflowSchedule]),
    Route(
        "GET",
        "/scheduler/search/executions",
        search_executions,
        "Search what became of the instants of schedules",
        query=(QUERY, IN_RECORDS, START, SIZE, SORT),
        response=SearchResult[ScheduleExecution],
    ),
)
