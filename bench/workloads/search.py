"""Search: how long the first page of typical questions takes among very many executions."""

from __future__ import annotations

import asyncio
import os
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

from bench.filling import START, STEP_MS, fill
from bench.table import MILLI, Row
from bench.workloads.plan import Plan
from podium.api.query import parse_query, parse_sort
from podium.model.search import Search
from podium.store.sqlite import SqliteStore
from podium.store.store import Page

_FOLDER = "PODIUM_BENCH_FOLDER"  # where two gigabytes have room; the usual place for temporary files otherwise
_HOUR_MS = 3_600_000
_FROM = START + 1_000 * STEP_MS


def _asked(query: str = "", free_text: str = "", sort: str = "", start: int = 0, size: int = 100) -> Search:
    return Search(condition=parse_query(query), free_text=free_text, sort=parse_sort([sort]), start=start, size=size)


WORKFLOWS: dict[str, Search] = {
    "the newest": _asked(),
    "the newest, page 1,001": _asked(start=100_000),
    "status IN (RUNNING, PAUSED)": _asked("status IN (RUNNING, PAUSED)"),
    "status IN (COMPLETED, FAILED)": _asked("status IN (COMPLETED, FAILED)"),
    "workflowType = … AND status = FAILED": _asked("workflowType = flow_3 AND status = FAILED"),
    "workflowType = flow_*": _asked("workflowType = flow_*"),
    "correlationId = …": _asked("correlationId = customer-4321"),
    "startTime BETWEEN …, 36,000 match": _asked(f"startTime BETWEEN {_FROM} AND {_FROM + _HOUR_MS}"),
    "endTime BETWEEN …, 36,000 match": _asked(f"endTime BETWEEN {_FROM} AND {_FROM + _HOUR_MS}"),
    "sort=endTime:DESC": _asked(sort="endTime:DESC"),
    "free text, one run has it": _asked(free_text='ord-77777"'),
    "free text, none has it": _asked(free_text="no such text"),
    "free text, one in 200 has it": _asked(free_text="was declined"),
    "free text, a third has it": _asked(free_text="oslo"),
    "free text, two characters": _asked(free_text="lo"),
}
TASKS: dict[str, Search] = {
    "the newest": _asked(),
    "status = FAILED": _asked("status = FAILED"),
    "status = SCHEDULED": _asked("status = SCHEDULED"),
    "taskDefName = …": _asked("taskDefName = work_4_0"),
    "taskType = … AND status = FAILED": _asked("taskType = work_3_1 AND status = FAILED"),
    "correlationId = …": _asked("correlationId = customer-4321"),
}


def measure(plan: Plan) -> list[Row]:
    """A row for each question: the first time and the second."""
    with tempfile.TemporaryDirectory(prefix="podium-bench-", dir=os.environ.get(_FOLDER)) as folder:
        file = Path(folder) / "search.db"
        began = time.perf_counter()
        fill(file, plan.searched_runs)
        took, size = time.perf_counter() - began, file.stat().st_size
        rows = asyncio.run(_measure(file))
    heading = f"first pages of 100 among {plan.searched_runs:,} runs of one task ({size / 1e9:.2f} GB, filled in {took:.0f} s)"
    return [Row(heading), Row("  in milliseconds", "once", "again", "found"), *rows]


async def _measure(file: Path) -> list[Row]:
    store = SqliteStore(str(file), readers=1)
    await store.open()
    found = [await _row(what, search, store.search_workflows) for what, search in WORKFLOWS.items()]
    found.append(Row("tasks"))
    found += [await _row(what, search, store.search_tasks) for what, search in TASKS.items()]
    found.append(await _row("workflows by tasks: status = FAILED", TASKS["status = FAILED"], store.search_workflows_by_tasks))
    await store.close()
    return found


async def _row(what: str, search: Search, verb: Callable[[Search], Awaitable[Page]]) -> Row:
    times = []
    for _ in range(2):
        began = time.perf_counter()
        page = await verb(search)
        times.append(time.perf_counter() - began)
    once, again = (f"{seconds * MILLI:,.1f}" for seconds in times)
    return Row(f"  {what}", once, again, f"{len(page.ids)} of {page.total:,}")
