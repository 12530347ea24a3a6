"""The schema of SQLite: migrated is created, newer is refused, and every hot query reads an index."""

from __future__ import annotations

import re
import sqlite3
from pathlib import Path

import pytest

from podium.errors import NewerDatabase
from podium.model.search import AllOf, Clause, Operator, Search
from podium.store import searching
from podium.store.connection import connect, database_path
from podium.store.schema import migrate, migrations, version
from podium.store.sqlite import SqliteStore
from podium.store.statements import LARGEST, share, statements

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


@pytest.mark.parametrize("file", ["task", "workflow", "payload", "history", "outbox", "task_log"])
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


@pytest.mark.parametrize(
    ("condition", "index"),
    [
        ({}, "workflow_by_create_time"),
        ({"status": "FAILED"}, "workflow_by_status"),
        ({"workflowType": "order"}, "workflow_by_name"),
        ({"workflowType": "order", "status": "FAILED"}, "workflow_by_name_and_status"),
        ({"correlationId": "c"}, "workflow_by_correlation"),
        ({"parentWorkflowId": "p"}, "workflow_by_parent"),
    ],
)
def test_a_common_search_reads_one_page_of_an_index(database: sqlite3.Connection, condition: dict[str, str], index: str) -> None:
    _put_a_run(database)
    seen: list[str] = []
    database.set_trace_callback(seen.append)
    clauses = tuple(Clause(field, Operator.EQUAL, (value,)) for field, value in condition.items())
    searching.search_workflows(database.cursor(), Search(condition=AllOf(clauses), size=1))
    database.set_trace_callback(None)

    searches = [sql for sql in seen if "FROM workflow AS w" in sql]
    assert len(searches) == 2
    page, count = (plan(database, sql) for sql in searches)
    assert "COVERING" in count
    assert re.search(rf"USING (COVERING )?INDEX {index}\b", page)
    assert "TEMP B-TREE" not in page


def _put_a_run(database: sqlite3.Connection) -> None:
    """A run that every condition above finds, so that its page is read too."""
    database.execute("INSERT INTO definition_snapshot VALUES ('h', x'00')")
    values = (
        "w",
        1,
        "FAILED",
        0,
        0,
        0,
        0,
        0,
        "order",
        1,
        "h",
        1,
        0,
        "c",
        "p",
        None,
        None,
        None,
        None,
        "workflow",
        "{}",
        None,
        None,
        None,
        None,
    )
    database.execute(f"INSERT INTO workflow VALUES ({', '.join('?' * len(values))})", values)
