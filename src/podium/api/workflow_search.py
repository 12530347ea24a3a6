"""Searching: workflows and tasks by a query, by free text or through each other, in short or as a whole."""

from __future__ import annotations

from typing import Final

from podium.api.answer import Answer, raw_json
from podium.api.parameter import Parameter, boolean, integer, text, texts
from podium.api.query import parse_free_text, parse_query, parse_sort
from podium.api.routing import Call, Route
from podium.api.view import TaskView, WorkflowView, encode_view, task_view
from podium.api.view_summary import TaskSummary, WorkflowSummary, task_summary, workflow_summary
from podium.api.workflow import views
from podium.errors import Invalid, NotFound
from podium.model.body import SearchResult
from podium.model.search import AllOf, Clause, Condition, Operator, Search
from podium.model.workflow import Workflow
from podium.store.store import Page

MAX_WORKFLOWS: Final = 5000
MAX_TASKS: Final = 10_000

START: Final = integer("start", 0, "how many to leave out at the beginning")
SIZE: Final = integer("size", 100, "how many at most")
SORT: Final[Parameter[list[str]]] = texts("sort", "field:ASC or field:DESC, several with | between")
FREE_TEXT: Final = text("freeText", "text found anywhere in ids, names, input, output and reason")
QUERY: Final = text("query", "such as: workflowType = order AND status IN (RUNNING, PAUSED)")
CLASSIFIER: Final = texts("classifier", "only of these kinds")
TOP_LEVEL_ONLY: Final = boolean("topLevelOnly", default=False, about="only those that no other workflow started")

_COMMON: Final = (START, SIZE, SORT, FREE_TEXT, QUERY)
_WORKFLOWS: Final = (*_COMMON, CLASSIFIER, TOP_LEVEL_ONLY)


async def search_workflows(call: Call) -> Answer:
    """GET /workflow/search."""
    page = await call.platform.store.search_workflows(_workflow_search(call))
    return await _summaries(call, page)


async def search_workflows_whole(call: Call) -> Answer:
    """GET /workflow/search-v2."""
    page = await call.platform.store.search_workflows(_workflow_search(call))
    return await _whole(call, page)


async def search_by_tasks(call: Call) -> Answer:
    """GET /workflow/search-by-tasks."""
    return await _summaries(call, await call.platform.store.search_workflows_by_tasks(_search(call, MAX_TASKS)))


async def search_by_tasks_whole(call: Call) -> Answer:
    """GET /workflow/search-by-tasks-v2."""
    return await _whole(call, await call.platform.store.search_workflows_by_tasks(_search(call, MAX_TASKS)))


async def search_tasks(call: Call) -> Answer:
    """GET /tasks/search."""
    store = call.platform.store
    page = await store.search_tasks(_search(call, MAX_TASKS))
    tasks = await store.tasks(page.ids)
    workflows = {row.workflow_id: row for row in await store.workflows(list({task.workflow_id for task in tasks}))}
    found = [(workflows[task.workflow_id], task) for task in tasks if task.workflow_id in workflows]
    rows = [task_summary(workflow, task, await _masked_fields(call, workflow)) for workflow, task in found]
    return raw_json(encode_view(SearchResult[TaskSummary](total_hits=page.total, results=rows)))


async def search_tasks_whole(call: Call) -> Answer:
    """GET /tasks/search-v2."""
    platform = call.platform
    page = await platform.store.search_tasks(_search(call, MAX_TASKS))
    rows: list[TaskView] = []
    for task in await platform.store.tasks(page.ids):
        try:
            run = await platform.executor.read(task.workflow_id)
        except NotFound:
            continue
        rows.append(task_view(run, run.shown(run.task(task.task_id) or task)))
    total = page.total - (len(page.ids) - len(rows))
    return raw_json(encode_view(SearchResult[TaskView](total_hits=total, results=rows)))


async def _summaries(call: Call, page: Page) -> Answer:
    workflows = await call.platform.store.workflows(page.ids)
    rows = [workflow_summary(workflow, await _masked_fields(call, workflow)) for workflow in workflows]
    return raw_json(encode_view(SearchResult[WorkflowSummary](total_hits=page.total, results=rows)))


async def _masked_fields(call: Call, workflow: Workflow) -> list[str]:
    """What the definition of a workflow hides; its own one is read when the registered one is gone."""
    definition = call.platform.registry.workflow_definition(workflow.name, workflow.version)
    if definition is not None:
        return definition.masked_fields
    try:
        return (await call.platform.executor.read(workflow.workflow_id)).program.definition.masked_fields
    except NotFound:
        return []


async def _whole(call: Call, page: Page) -> Answer:
    rows = await views(call.platform, page.ids, include_tasks=False)
    total = page.total - (len(page.ids) - len(rows))
    return raw_json(encode_view(SearchResult[WorkflowView](total_hits=total, results=rows)))


def _workflow_search(call: Call) -> Search:
    if call.query(SIZE) > MAX_WORKFLOWS:
        raise Invalid(f"Cannot return more than {MAX_WORKFLOWS} workflows. Please use pagination.")
    extra: list[Condition] = []
    if kinds := call.query(CLASSIFIER):
        extra.append(Clause("classifier", Operator.IN, tuple(kinds)))
    if call.query(TOP_LEVEL_ONLY):
        extra.append(Clause("parentWorkflowId", Operator.EQUAL, ("",)))
    return _search(call, MAX_WORKFLOWS, *extra)


def _search(call: Call, most: int, *extra: Condition) -> Search:
    """The parameters that all searches have; at most `most` rows, and a negative number counts as 0."""
    condition, sort = parse_query(call.query(QUERY) or ""), call.query(SORT)
    return Search(
        condition=AllOf((condition, *extra)) if extra else condition,
        free_text=parse_free_text(call.query(FREE_TEXT)),
        sort=parse_sort(sort),
        start=max(0, call.query(START)),
        size=min(most, max(0, call.query(SIZE))),
    )


ROUTES: Final = (
    Route("GET", "/workflow/search", search_workflows, "Search workflows", query=_WORKFLOWS, response=SearchResult[WorkflowSummary]),
    Route(
        "GET",
        "/workflow/search-v2",
        search_workflows_whole,
        "Search workflows; whole ones, without their tasks",
        query=_WORKFLOWS,
        response=SearchResult[WorkflowView],
    ),
    Route(
        "GET",
        "/workflow/search-by-tasks",
        search_by_tasks,
        "Search workflows through their tasks",
        query=_COMMON,
        response=SearchResult[WorkflowSummary],
    ),
    Route(
        "GET",
        "/workflow/search-by-tasks-v2",
        search_by_tasks_whole,
        "Search workflows through their tasks; whole ones",
        query=_COMMON,
        response=SearchResult[WorkflowView],
    ),
    Route("GET", "/tasks/search", search_tasks, "Search tasks", query=_COMMON, response=SearchResult[TaskSummary]),
    Route("GET", "/tasks/search-v2", search_tasks_whole, "Search tasks; whole ones", query=_COMMON, response=SearchResult[TaskView]),
)
