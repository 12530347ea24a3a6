"""The schema of SQLite: migrated is created, newer is refused, and every hot query reads an index."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from podium.api.query import parse_query, parse_sort
from podium.errors import NewerDatabase
from podium.model.search import Search
from podium.store import searching
from podium.store.connection import connect, database_path
from podium.store.schema import migrate, migrations, version
from podium.store.sqlite import SqliteStore
from podium.store.statements import LARGEST, share, statements
from podium.store.store import Page

SCRIPTS = migrations()


def schema(connection: sqlite3.Connection) -> list[tuple[str, str]]:
    return connection.execute("SELECT name, sql FROM sqlite_master ORDER BY name").fetchall()


@pytest.fixture
def database(tmp_path: Path) -> sqlite3.Connection:
    connection = connect(str(tmp_path / "podium.db"), writes=True)
    migrate(connection, SCRIPTS)
    return connection


@pytest.mark.parametrize("seen", range(len(SCRIPTS) + 1))
def test_migrated_is_created(database: sqlite3.Connection, tmp_path: Path, seen: int) -> None:
    old = connect(str(tmp_path / "old.db"), writes=True)
    migrate(old, SCRIPTS[:seen])

    migrate(old, SCRIPTS)

    assert schema(old) == schema(database)
    assert version(old) == len(SCRIPTS)


def test_a_migration_that_fails_changes_nothing(database: sqlite3.Connection) -> None:
    before = schema(database)

    with pytest.raises(sqlite3.OperationalError):
        migrate(database, [*SCRIPTS, "CREATE TABLE new (a INTEGER);\nCREATE TABLE meta (a INTEGER);\n"])

    assert (schema(database), version(database)) == (before, len(SCRIPTS))


async def test_a_newer_database_is_refused(database: sqlite3.Connection, tmp_path: Path) -> None:
    database.execute("UPDATE meta SET schema_version = 99")

    store = SqliteStore(str(tmp_path / "podium.db"))
    with pytest.raises(NewerDatabase, match="version 99"):
        await store.open()
    await store.close()


def test_a_task_is_deleted_without_reading_the_others_of_its_run(database: sqlite3.Connection) -> None:
    assert "INDEX task_by_id (task_id=?)" in plan(database, statements("task")["delete"], ("t",))
    for name in ("delete_inputs", "delete_outputs"):
        assert "SEARCH t USING PRIMARY KEY (workflow_id=? AND number=?)" in plan(database, statements("payload")[name], ("w", 1))


def test_every_index_says_which_query_needs_it() -> None:
    for script in SCRIPTS:
        lines = script.splitlines()
        assert all(lines[at - 1].startswith("-- ") for at, line in enumerate(lines) if re.match("CREATE (UNIQUE )?INDEX", line))


@pytest.mark.parametrize(
    ("url", "path"),
    [("sqlite:///podium.db", "podium.db"), ("sqlite:////var/podium.db", "/var/podium.db"), ("sqlite://", ""), ("a/b.db", "a/b.db")],
)
def test_a_url_names_a_file(url: str, path: str) -> None:
    assert database_path(url) == path


@pytest.mark.parametrize("count", range(1, 3 * LARGEST))
def test_rows_are_shared_out_whole_with_little_padding(count: int) -> None:
    sizes, left = [], count
    while left:
        size, taken = share(left)
        assert 0 < taken <= min(size, left)
        sizes.append(size)
        left -= taken

    assert sum(sizes) <= count * 3 / 2
    assert len(sizes) == -(-count // LARGEST)


def plan(connection: sqlite3.Connection, sql: str, parameters: object = ()) -> str:
    return "\n".join(row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {sql}", parameters))  # type: ignore[arg-type]


QUEUE = ("pay", None)


@pytest.mark.parametrize(
    ("file", "name", "parameters", "index"),
    [
        ("task", "top_priority", (*QUEUE, 9), "task_queue"),
        ("task", "ready", (*QUEUE, 0, 1, 10), "task_queue"),
        ("task", "next_ready", (*QUEUE, 0, 1), "task_queue"),
        ("task", "queue_sizes", (), "task_queue"),
        ("task", "pending", ("pay", "[]", 1, 0), "task_open"),
        ("task", "by_id", ("[]",), "task_by_id"),
        ("workflow", "due", (1, 10), "workflow_by_wake"),
        ("workflow", "next_wake", (), "workflow_by_wake"),
        ("workflow", "running", ("order",), "workflow_by_name_and_status"),
        ("workflow", "created", ("order", 1, 2, 1), "workflow_by_name"),
        ("outbox", "due", (1, 10), "outbox_by_due"),
        ("task_log", "list", ("t",), "task_log_by_task"),
        ("schedule", "due", (1, 10), "schedule_by_wake"),
        ("schedule", "next_wake", (), "schedule_by_wake"),
        ("schedule", "next_wake", (), "schedule_execution_by_wake"),
        ("schedule_execution", "claim", (1, 1, 10), "schedule_execution_by_wake"),
    ],
)
def test_a_hot_query_reads_its_index_and_never_sorts(
    database: sqlite3.Connection, file: str, name: str, parameters: tuple[object, ...], index: str
) -> None:
    steps = plan(database, statements(file)[name], parameters)

    assert f"INDEX {index}" in steps
    assert "TEMP B-TREE" not in steps
    assert "SCAN workflow" not in steps.replace("SCAN workflow USING", "")
    assert "SCAN task" not in steps.replace("SCAN task USING", "")


@pytest.mark.parametrize("file", ["task", "workflow", "payload", "history", "outbox", "task_log", "workflow_text"])
def test_no_statement_scans_a_table(database: sqlite3.Connection, file: str) -> None:
    for name in statements(file).names():
        steps = plan(database, statements(file)[name], _unset(statements(file)[name]))
        scanned = [
            step for step in steps.splitlines() if re.match(r"SCAN (task|workflow|payload|history|outbox|task_log)\b(?! USING)", step)
        ]
        assert not scanned, (name, steps)


def _unset(sql: str) -> object:
    names = set(re.findall(r":(\w+)", sql))
    # The parameters of JSON must be JSON.
    return dict.fromkeys(names, "[]") if names else ["[]"] * (1 if "?1" in sql else sql.count("?"))


COMMON_WORKFLOWS = [
    ("", "", "workflow_by_create_time"),
    ("status = FAILED", "", "workflow_by_status"),
    ("status IN (FAILED, TIMED_OUT)", "", "workflow_by_status"),
    ("workflowType = order", "", "workflow_by_name"),
    ("workflowType = ord*", "", "workflow_by_name"),
    ("workflowType STARTS_WITH ord", "startTime:ASC", "workflow_by_name"),
    ("workflowType = order AND status = FAILED", "", "workflow_by_name_and_status"),
    ("workflowType IN (order, ship) AND status IN (FAILED, RUNNING)", "", "workflow_by_name_and_status"),
    ("workflowType = order AND startTime > 0", "", "workflow_by_name"),
    ("startTime BETWEEN 0 AND 9", "", "workflow_by_create_time"),
    ("", "endTime:DESC", "workflow_by_end"),
    ("workflowType = order AND endTime > 0", "endTime:DESC", "workflow_by_end"),
    ("correlationId = c", "", "workflow_by_correlation"),
    ("correlationId = c AND status = FAILED", "", "workflow_by_correlation"),
    ("parentWorkflowId = p", "", "workflow_by_parent"),
]
COMMON_TASKS = [
    ("", "", "task_by_name"),
    ("taskDefName = pay", "", "task_by_name"),
    ("taskDefName = p*", "", "task_by_name"),
    ("taskType = pay", "startTime:ASC", "task_by_name"),
    ("taskType = pay AND startTime > 0", "", "task_by_name"),
    ("status = FAILED", "", "task_by_failure"),
    ("status IN (FAILED, TIMED_OUT)", "", "task_by_failure"),
    ("status = FAILED AND taskType = pay", "", "task_by_failure"),
    ("status = COMPLETED", "", "task_by_name"),
]


@pytest.mark.parametrize(("query", "sort", "index"), COMMON_WORKFLOWS)
def test_a_common_search_for_workflows_reads_one_page_of_an_index(filled: sqlite3.Connection, query: str, sort: str, index: str) -> None:
    searches = searched(filled, searching.search_workflows, query, sort)

    assert_straight(filled, searches, "w", index)


@pytest.mark.parametrize(("query", "sort", "index"), COMMON_TASKS)
def test_a_common_search_for_tasks_reads_one_page_of_an_index(filled: sqlite3.Connection, query: str, sort: str, index: str) -> None:
    searches = searched(filled, searching.search_tasks, query, sort)

    assert_straight(filled, searches, "t", index)


@pytest.mark.parametrize(("query", "sort", "index"), COMMON_TASKS)
def test_workflows_are_found_by_tasks_on_the_same_ways(filled: sqlite3.Connection, query: str, sort: str, index: str) -> None:
    searches = searched(filled, searching.search_workflows_by_tasks, query, sort)

    assert_straight(filled, searches, "t", index)


@pytest.mark.parametrize(
    ("search", "query", "first"),
    [
        (searching.search_workflows, "jsonData = ORD*RY", "SEARCH w USING INDEX workflow_by_number (number=?)"),
        (searching.search_tasks, "correlationId = c", "SEARCH t USING PRIMARY KEY (workflow_id=?)"),
        (searching.search_tasks, "workflowType = order", "SEARCH t USING PRIMARY KEY (workflow_id=?)"),
    ],
)
def test_a_few_runs_are_looked_at_one_by_one(
    filled: sqlite3.Connection, search: Callable[[sqlite3.Cursor, Search], Page], query: str, first: str
) -> None:
    page = searched(filled, search, query, "")[0]

    assert first in plan(filled, page)


def searched(database: sqlite3.Connection, search: Callable[[sqlite3.Cursor, Search], Page], query: str, sort: str) -> list[str]:
    """The statements of a search for one row: its page first."""
    seen: list[str] = []
    asked = Search(condition=parse_query(query), sort=parse_sort([sort]), size=1)
    database.set_trace_callback(seen.append)
    search(database.cursor(), asked)
    database.set_trace_callback(None)
    return [sql for sql in seen if re.match(r"(-- .*\n)*SELECT (json_group_array\((id|t\.task_id)\)|count)", sql)]


def assert_straight(database: sqlite3.Connection, searches: list[str], table: str, index: str) -> None:
    """The page is read in the order of the index, and nothing is sorted but the pages of several ways."""
    steps = [(parent, step) for _, parent, _, step in database.execute(f"EXPLAIN QUERY PLAN {searches[0]}")]
    reads = [(parent, step) for parent, step in steps if re.match(rf"(SCAN|SEARCH) {table} USING (?!PRIMARY KEY)", step)]
    assert reads
    assert all(re.search(rf"USING (COVERING )?INDEX {index}\b", step) for _, step in reads)
    assert not {parent for parent, step in steps if "TEMP B-TREE" in step} & {parent for parent, _ in reads}
    assert not any(re.fullmatch(rf"(SCAN|SEARCH) {table}", step) for _, step in steps)


@pytest.fixture
def filled(database: sqlite3.Connection) -> sqlite3.Connection:
    """Two runs and two tasks of different names, that have all that is asked for above."""
    database.execute("PRAGMA foreign_keys = OFF")
    for number in (1, 2):
        _put(database, "workflow", WORKFLOW | {"workflow_id": f"w{number}", "number": number, "name": ("order", "ordinary")[number - 1]})
        _put(database, "task", TASK | {"workflow_id": f"w{number}", "task_id": f"t{number}", "def_name": ("pay", "put")[number - 1]})
    database.execute("INSERT INTO workflow_text (rowid, words) SELECT start_id, start_words FROM workflow_words")
    return database


WORKFLOW = {
    "revision": 1,
    "status": "FAILED",
    "wake_at": 0,
    "end_time": 5,
    "update_time": 5,
    "task_count": 1,
    "last_seq": 1,
    "version": 1,
    "definition_hash": "h",
    "create_time": 1,
    "priority": 0,
    "correlation_id": "c",
    "parent_workflow_id": "p",
    "classifier": "workflow",
    "cold": "{}",
}
TASK = {
    "number": 1,
    "revision": 1,
    "status": "FAILED",
    "queue": "pay",
    "priority": 0,
    "ready_at": 0,
    "created": 1,
    "task_type": "pay",
    "ref": "pay",
    "scheduled_time": 1,
    "start_time": 2,
    "end_time": 3,
    "update_time": 3,
    "callback_after_seconds": 0,
    "lease_ms": 0,
    "poll_count": 1,
    "cold": "{}",
}


def _put(database: sqlite3.Connection, table: str, values: dict[str, object]) -> None:
    places = ", ".join(f":{name}" for name in values)
    database.execute(f"INSERT INTO {table} ({', '.join(values)}) VALUES ({places})", values)
