"""Insight into a workflow: why it stands where it stands, and who decided what."""

from __future__ import annotations

from typing import Final

from podium.api.answer import Answer, json_answer
from podium.api.parameter import integer
from podium.api.routing import Call, Route
from podium.engine.run import Run
from podium.errors import Invalid
from podium.model.decision import HistoryEntry
from podium.model.insight import HistoryChange, HistoryPage, HistoryRow, Why
from podium.model.status import TaskStatus
from podium.runtime.insight import explain

LARGEST_PAGE: Final = 1_000

AFTER: Final = integer("after", 0, "decisions after this revision")
COUNT: Final = integer("count", 100, f"how many at most, up to {LARGEST_PAGE}")


async def why(call: Call) -> Answer:
    """GET /workflow/{workflowId}/why."""
    return json_answer(await explain(call.platform, call.path["workflowId"]))


async def history(call: Call) -> Answer:
    """GET /workflow/{workflowId}/history."""
    workflow_id, after, count = call.path["workflowId"], call.query(AFTER), call.query(COUNT)
    if after < 0 or not 0 < count <= LARGEST_PAGE:
        raise Invalid(f"after cannot be negative, and count must be between 1 and {LARGEST_PAGE}; found {after} and {count}")
    entries = await call.platform.store.history(workflow_id, after, count + 1)
    run = await call.platform.executor.read(workflow_id)
    shown = entries[:count]
    page = HistoryPage(
        workflow_id=workflow_id,
        revision=run.workflow.revision,
        results=[_row(run, revision, entry) for revision, entry in shown],
        next=shown[-1][0] if len(entries) > count else None,
    )
    return json_answer(page)


def _row(run: Run, revision: int, entry: HistoryEntry) -> HistoryRow:
    changes = [_change(run, *change) for change in entry.changes]
    return HistoryRow(revision=revision, time=entry.at, actor=entry.actor, commands=list(entry.commands), changes=changes)


def _change(run: Run, task_id: str, before: str, after: str) -> HistoryChange:
    task = run.task(task_id)
    return HistoryChange(
        task_id=task_id,
        ref=task.ref if task is not None else None,
        from_=TaskStatus(before) if before else None,
        to=TaskStatus(after) if after else None,
    )


ROUTES: Final = (
    Route("GET", "/workflow/{workflowId}/why", why, "What a workflow and each of its open tasks wait for", response=Why),
    Route(
        "GET",
        "/workflow/{workflowId}/history",
        history,
        "The decisions about a workflow, oldest first: who asked for what, and which tasks changed",
        query=(AFTER, COUNT),
        response=HistoryPage,
    ),
)
