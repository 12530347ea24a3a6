"""Search on SQLite: the short ways find what the long way finds, totals are bounded, old databases are indexed."""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from podium.api.query import parse_query, parse_sort
from podium.model.payload import Payload
from podium.model.search import Search
from podium.model.status import TaskStatus, WorkflowStatus
from podium.store import condition, searching, texts, ways
from podium.store.connection import connect
from podium.store.schema import migrate, migrations
from podium.store.sqlite import SqliteStore

from .given import NOW, a_task, a_workflow, born, closed, moved, stored

NAMES = ("order", "Order", "ship", "ship%x")
TASK_NAMES = (("pay", "pay"), ("call", "HTTP"), ("fetch", "HTTP"), ("pay", "HTTP"))
QUERIES = (
    *("", "status = FAILED", "status IN (FAILED, COMPLETED)", "status IN (RUNNING, FAILED, TIMED_OUT)", "status != FAILED"),
    *("workflowType = order", "workflowType = o*", "workflowType IN (order, ship) AND status IN (RUNNING, FAILED)"),
    *("workflowType STARTS_WITH ship AND workflowType != ship", "workflowType = nothing", "workflowType != order"),
    *("correlationId = c1", "correlationId IN (c1, c2) AND status = FAILED", "correlationId = c*", "workflowId = w7"),
    *("workflowType = order OR status = FAILED", "status = SCHEDULED", "status IN (SCHEDULED, IN_PROGRESS)", "status = COMPLETED"),
    *(f"startTime > {NOW + 9}", f"endTime BETWEEN {NOW + 5} AND {NOW + 25}", f"endTime > {NOW + 20} AND workflowType = order"),
    *("taskType = HTTP", "taskDefName = pay AND taskType = HTTP", "taskDefName = p*", "taskType = http", "taskDefName IN (call, fetch)"),
    *("jsonData = grace", "jsonData IN (grace, ada) AND workflowType = order", "jsonData = *rac*", "jsonData = zz", "jsonData != grace"),
)
SORTS = (
    "",
    "startTime:ASC",
    "endTime:DESC",
    "endTime:ASC",
    "status:ASC|startTime:DESC",
    "workflowType:DESC",
    "updateTime:DESC",
    "startTime:DESC|status:ASC",
)
SEARCHES = (searching.search_workflows, searching.search_tasks, searching.search_workflows_by_tasks)


@pytest.fixture
async def filled(tmp_path: Path) -> SqliteStore:
    """Forty runs, no two alike."""
    chance = random.Random(7)
    store = SqliteStore(str(tmp_path / "podium.db"))
    await store.open()
    for number in range(40):
        status = chance.choice(list(WorkflowStatus))
        run = a_workflow(
            f"w{number}",
            name=chance.choice(NAMES),
            status=status,
            create_time=NOW + chance.randrange(30),
            end_time=NOW + chance.randrange(30) if status.terminal else 0,
            correlation_id=chance.choice((None, "c1", "c2")),
            input=Payload.of({"customer": chance.choice(("Ada", "Grace"))}),
        )
        tasks = []
        for place in (1, 2):
            name, kind = chance.choice(TASK_NAMES)
            state = chance.choice(list(TaskStatus))
            fields = {"def_name": name, "task_type": kind, "status": state, "start_time": chance.choice((0, NOW + chance.randrange(30)))}
            tasks.append(a_task(f"w{number}", place, ready_at=0, correlation_id=run.correlation_id, **fields))
        await stored(store, [born(run, *tasks)])
    await store.close()
    return store


@pytest.fixture
def read(filled: SqliteStore) -> Iterator[sqlite3.Cursor]:
    connection = connect(filled.path, writes=False)
    yield connection.cursor()
    connection.close()


@pytest.mark.parametrize("search", SEARCHES)
def test_the_ways_lead_to_the_same_pages_as_reading_everything(
    read: sqlite3.Cursor, monkeypatch: pytest.MonkeyPatch, search: Callable[[sqlite3.Cursor, Search], object]
) -> None:
    asked = [
        Search(condition=parse_query(query), sort=parse_sort([sort]), start=start, size=size)
        for query in QUERIES
        for sort in SORTS
        for start, size in ((0, 5), (3, 40))
    ]
    found = [search(read, each) for each in asked]
    monkeypatch.setattr(searching, "workflow_ways", lambda _, each, __: [ways._workflow_way(condition.conjunction(each))])
    monkeypatch.setattr(searching, "task_ways", lambda _, each, __: [ways._task_way(condition.conjunction(each))])

    for each, page in zip(asked, found, strict=True):
        assert page == search(read, each), each


@pytest.mark.parametrize("most", [0, 1, 3])
def test_too_many_ways_are_not_gone(read: sqlite3.Cursor, monkeypatch: pytest.MonkeyPatch, most: int) -> None:
    asked = [Search(condition=parse_query(query)) for query in QUERIES]
    found = [(searching.search_workflows(read, each), searching.search_tasks(read, each)) for each in asked]

    for module, name in (
        (ways, "MOST_WAYS"),
        (ways, "MOST_PARAMETERS"),
        (ways, "MOST_OWNERS"),
        (texts, "MOST_RUNS"),
        (searching, "_WAYS_AT_ONCE"),
    ):
        monkeypatch.setattr(module, name, max(most, 2) if name == "_WAYS_AT_ONCE" else most)

    assert [(searching.search_workflows(read, each), searching.search_tasks(read, each)) for each in asked] == found


def test_a_total_is_exact_on_the_last_page_and_bounded_before(read: sqlite3.Cursor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(searching, "COUNTED_BY_INDEX", 10)
    monkeypatch.setattr(searching, "COUNTED_BY_ROW", 6)
    by_row = parse_query("updateTime > 0")

    def total(**asked: object) -> int:
        return searching.search_workflows(read, Search(**asked)).total  # type: ignore[arg-type]

    assert [total(size=5), total(size=0), total(start=20, size=5), total(start=35, size=5)] == [10, 10, 26, 40]
    assert [total(size=2, condition=by_row), total(size=0, condition=by_row), total(size=40, condition=by_row)] == [6, 6, 40]


def test_counting_ends_when_it_takes_long(read: sqlite3.Cursor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(searching, "MOST_STEPS", 1)
    monkeypatch.setattr(searching, "_EVERY", 1)

    page = searching.search_workflows(read, Search(condition=parse_query("updateTime > 0"), size=3))

    assert (len(page.ids), page.total) == (3, 4)
    assert read.execute("SELECT count(*) FROM workflow").fetchone() == (40,)


async def test_the_runs_of_an_older_database_are_found_by_text(filled: SqliteStore, tmp_path: Path) -> None:
    old = connect(str(tmp_path / "old.db"), writes=True)
    migrate(old, migrations()[:1])
    old.execute("ATTACH ? AS new", (filled.path,))
    old.execute("PRAGMA foreign_keys = OFF")
    for table in ("workflow", "payload"):
        columns = ", ".join(row[1] for row in old.execute(f"PRAGMA main.table_info({table})"))
        old.execute(f"INSERT INTO main.{table} ({columns}) SELECT {columns} FROM new.{table}")
    old.execute("DETACH new")

    migrate(old, migrations())

    asked = Search(free_text="grace", size=100)
    new = connect(filled.path, writes=False)
    assert searching.search_workflows(old.cursor(), asked) == searching.search_workflows(new.cursor(), asked)
    assert searching.search_workflows(old.cursor(), asked).ids
    assert texts.runs_with(old.cursor(), ["grace"]) is not None
    old.close()
    new.close()


async def test_removed_runs_leave_nothing_in_the_index(tmp_path: Path) -> None:
    store = SqliteStore(str(tmp_path / "podium.db"))
    await store.open()
    runs = [a_workflow(f"w{number}", reason="no money") for number in range(3)]
    await stored(store, [born(run) for run in runs])
    ended = [moved(run, workflow=closed() | {"output": Payload.of({"receipt": run.workflow_id}), "reason": None}) for run in runs]
    await stored(store, ended)
    await stored(store, [moved(decision.workflow, removed=True) for decision in ended])
    await store.close()

    connection = connect(store.path, writes=True)
    connection.execute("CREATE VIRTUAL TABLE temp.held USING fts5vocab (main, workflow_text, row)")
    assert connection.execute("SELECT term FROM held").fetchall() == []
    connection.close()
