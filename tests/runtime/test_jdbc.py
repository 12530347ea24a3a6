"""JDBC: statements with bound parameters on the databases that the settings name (spec/tasks.md §4.8)."""

from __future__ import annotations

import sqlite3
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from podium.errors import Invalid
from podium.model.definition import WorkflowTask
from podium.model.json import Json, JsonObject
from podium.model.payload import Payload
from podium.model.status import TaskStatus, WorkflowStatus
from podium.model.task import Task
from podium.runtime.system.finished import Finished
from podium.runtime.system.jdbc import JdbcTask, open_databases
from podium.runtime.system.sql_database import SqlLimits, json_value, read_address, read_login
from podium.runtime.system.sql_placeholders import numbered
from podium.testing.server import TestServer
from tests.runtime.world import TestStore, define, start

TASK = Task(workflow_id="w", task_id="t", number=1, ref="q", base_ref="q", task_type="JDBC", def_name="q", status=TaskStatus.IN_PROGRESS)
LIMITS = SqlLimits(seconds=5, rows=3, bytes=1_000)
RACE = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT max(i) FROM n"  # never ends


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "shop.db"
    connection = sqlite3.connect(path)
    connection.executescript("CREATE TABLE item (id INTEGER PRIMARY KEY, name TEXT, price REAL); INSERT INTO item VALUES (1, 'lamp', 9.5)")
    connection.close()
    return path


def opened(path: Path, options: str = "", limits: SqlLimits = LIMITS) -> JdbcTask:
    return JdbcTask(open_databases([f"shop=sqlite:///{path}{options}"], limits))


async def ask(task: JdbcTask, kind: Json, statement: Json, *parameters: Json, **fields: Json) -> Finished:
    value: JsonObject = {"connectionId": "shop", "type": kind, "statement": statement, "parameters": list(parameters), **fields}
    return await task.run(value, TASK)


async def rows(task: JdbcTask, statement: str, *parameters: Json) -> Json:
    finished = await ask(task, "SELECT", statement, *parameters)
    assert finished.status is TaskStatus.COMPLETED, finished.reason
    return finished.output["result"]


async def test_a_select_gives_rows_by_column(file: Path) -> None:
    assert await rows(opened(file), "SELECT * FROM item WHERE id = ?", 1) == [{"id": 1, "name": "lamp", "price": 9.5}]
    assert await rows(opened(file), "SELECT count(*) AS n FROM item WHERE id = ?", "1") == [{"n": 1}]


async def test_an_update_gives_the_number_of_rows(file: Path) -> None:
    finished = await ask(opened(file), "UPDATE", "INSERT INTO item (name, price) VALUES (?, ?), (?, ?)", "a", 1, "b", None)
    assert (finished.status, finished.output) == (TaskStatus.COMPLETED, {"update_count": 2})
    assert await rows(opened(file), "SELECT price FROM item WHERE name = 'b'") == [{"price": None}]


async def test_parameters_are_never_read_as_sql(file: Path) -> None:
    evil = "'; DELETE FROM item; --"
    assert await rows(opened(file), "SELECT ? AS echo", evil) == [{"echo": evil}]
    values: list[Json] = [{"k": [1]}, True]
    assert await rows(opened(file), "SELECT ? AS a, ? AS b", *values) == [{"a": '{"k":[1]}', "b": 1}]
    assert len(str(await rows(opened(file), "SELECT * FROM item"))) > 10


@pytest.mark.parametrize("field", ["expectedUpdateCount", "expectedOutputCount"])
async def test_another_number_than_expected_undoes_the_update(file: Path, field: str) -> None:
    finished = await ask(opened(file), "UPDATE", "DELETE FROM item", **{field: 2})
    assert (finished.status, finished.output) == (TaskStatus.FAILED, {"update_count": 1})
    assert finished.reason == "Update count 1 does not match with expected update count 2"
    assert await rows(opened(file), "SELECT count(*) AS n FROM item") == [{"n": 1}]
    assert (await ask(opened(file), "UPDATE", "DELETE FROM item", **{field: "1"})).status is TaskStatus.COMPLETED


@pytest.mark.parametrize("statement", ["DELETE FROM item", "DROP TABLE item", "INSERT INTO item (name) VALUES ('x') RETURNING id"])
async def test_a_select_can_change_nothing(file: Path, statement: str) -> None:
    assert (await ask(opened(file), "SELECT", statement)).status is TaskStatus.FAILED
    assert await rows(opened(file), "SELECT count(*) AS n FROM item") == [{"n": 1}]


async def test_nothing_can_change_a_database_that_is_read_only(file: Path) -> None:
    assert (await ask(opened(file, "?readonly=true"), "UPDATE", "DELETE FROM item")).status is TaskStatus.FAILED
    assert await rows(opened(file, "?readonly=true"), "SELECT count(*) AS n FROM item") == [{"n": 1}]


@pytest.mark.parametrize(
    "statement",
    [
        "ATTACH DATABASE '{other}' AS other",
        "VACUUM INTO '{other}'",
        "COMMIT",
        "ROLLBACK",
        "SAVEPOINT s",
        "PRAGMA query_only = OFF",
        "PRAGMA journal_mode = DELETE",
        "SELECT load_extension('{other}')",
        "DELETE FROM item; DELETE FROM item",
        "no sql",
        "SELECT \0",
        "SELECT ?",
    ],
)
@pytest.mark.parametrize("kind", ["SELECT", "UPDATE"])
async def test_a_statement_stays_in_its_file_and_in_its_transaction(file: Path, tmp_path: Path, statement: str, kind: str) -> None:
    other = tmp_path / "other.db"
    finished = await ask(opened(file), kind, statement.format(other=other))
    assert (finished.status, bool(finished.reason)) == (TaskStatus.FAILED, True)
    assert not other.exists()
    assert await rows(opened(file), "SELECT count(*) AS n FROM item") == [{"n": 1}]


async def test_a_result_has_an_end(file: Path) -> None:
    numbers = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT ?) SELECT i FROM n"
    assert await rows(opened(file), numbers, 3) == [{"i": 1}, {"i": 2}, {"i": 3}]
    finished = await ask(opened(file), "SELECT", numbers, 4)
    assert finished.reason == "The statement gives more than 3 rows (setting sql-rows)"
    large = await ask(opened(file), "SELECT", "SELECT hex(zeroblob(300)) AS a, hex(zeroblob(300)) AS b")
    assert large.reason == "The statement gives more than 1000 bytes, which is as much as an output may have"
    assert (await ask(opened(file), "SELECT", "SELECT zeroblob(1000000000)")).status is TaskStatus.FAILED


@pytest.mark.parametrize("kind", ["SELECT", "UPDATE"])
async def test_a_statement_has_an_end(file: Path, kind: str) -> None:
    statement = RACE if kind == "SELECT" else f"UPDATE item SET price = ({RACE})"
    finished = await ask(opened(file, limits=SqlLimits(seconds=0)), kind, statement)
    assert finished.reason == "The statement took longer than 0 seconds (setting sql-seconds)"


@pytest.mark.parametrize(
    ("fields", "status", "reason"),
    [
        ({"connectionId": "none"}, TaskStatus.FAILED_WITH_TERMINAL_ERROR, "No such datasource configured.  input: {'secret': 1}"),
        ({"connectionId": None}, TaskStatus.FAILED_WITH_TERMINAL_ERROR, None),
        ({"statement": None}, TaskStatus.FAILED_WITH_TERMINAL_ERROR, "Missing JDBC statement"),
        ({"statement": " "}, TaskStatus.FAILED_WITH_TERMINAL_ERROR, "Missing JDBC statement"),
        ({"parameters": {"a": 1}}, TaskStatus.FAILED_WITH_TERMINAL_ERROR, None),
        ({"type": "PROCEDURE"}, TaskStatus.FAILED, "Unsupported Operation PROCEDURE"),
        ({"type": None}, TaskStatus.FAILED, "Unsupported Operation null"),
    ],
)
async def test_what_cannot_be_meant(file: Path, fields: dict[str, Any], status: TaskStatus, reason: str | None) -> None:
    value: JsonObject = {"connectionId": "shop", "type": "SELECT", "statement": "SELECT 1", **fields}
    from msgspec.structs import replace

    finished = await opened(file).run(value, replace(TASK, input=Payload.of({"secret": 1})))
    assert finished.status is status
    assert reason is None or finished.reason == reason.replace("{'secret': 1}", "{secret=1}")


async def test_the_name_of_an_integration_does_as_well(file: Path) -> None:
    value: JsonObject = {"integrationName": "shop", "type": "SELECT", "statement": "SELECT 1 AS one"}
    assert (await opened(file).run(value, TASK)).output == {"result": [{"one": 1}]}


@pytest.mark.parametrize(
    "setting", ["shop", "=sqlite:///x", "shop=oracle://x", "shop=sqlite://", "shop=sqlite:///", "shop=sqlite:///x?readonly=maybe"]
)
def test_a_setting_that_names_no_database_is_refused(setting: str) -> None:
    with pytest.raises(Invalid):
        open_databases([setting], LIMITS)


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (Decimal("1.50"), 1.5),
        (Decimal(12345678901234567890), 12345678901234567890),
        (Decimal("NaN"), "NaN"),
        (float("inf"), "inf"),
        (b"\x00\xff", "AP8="),
        (datetime(2026, 1, 2, 3, 4, tzinfo=UTC), "2026-01-02T03:04:00+00:00"),
        (date(2026, 1, 2), "2026-01-02"),
        (time(3, 4), "03:04:00"),
        (timedelta(seconds=90), "90.0"),
        ([Decimal(1), None], [1, None]),
        ({"a": 1}, {"a": 1}),
        (None, None),
    ],
)
def test_a_value_of_a_row_as_json(value: object, shown: Json) -> None:
    assert json_value(value) == shown


@pytest.mark.parametrize(
    ("statement", "found"),
    [
        ("a = ? AND b = ?", ("a = $1 AND b = $2", 2)),
        ("'?' \"?\" -- ?\n /* ? */ ?", ("'?' \"?\" -- ?\n /* ? */ $1", 1)),
        ("'it''s ?' ?", ("'it''s ?' $1", 1)),
        ("j ?? ?", ("j ? $1", 1)),
        ("$x$ ? $x$ ?", ("$x$ ? $x$ $1", 1)),
        ("'open ?", ("'open $1", 1)),
    ],
)
def test_placeholders_are_numbered_outside_of_texts_and_comments(statement: str, found: tuple[str, int]) -> None:
    assert numbered(statement) == found


def test_an_address_is_ours_and_the_drivers() -> None:
    address = read_address("postgresql://me:p%40ss@db:5/shop?readonly=true&sslmode=require")
    assert (address.scheme, address.url, address.read_only) == ("postgresql", "postgresql://me:p%40ss@db:5/shop?sslmode=require", True)
    login = read_login(address.url)
    assert (login.host, login.port, login.user, login.password, login.database) == ("db", 5, "me", "p@ss", "shop")


async def test_a_workflow_asks_a_database(store: TestStore, file: Path) -> None:
    async with TestServer(store=store, sql_databases=(f"shop=sqlite:///{file}",)) as server:
        parameters: dict[str, Any] = {
            "connectionId": "shop",
            "type": "SELECT",
            "statement": "SELECT name FROM item WHERE id = ?",
            "parameters": ["${workflow.input.id}"],
        }
        await define(server.platform, "w", [WorkflowTask(name="q", task_reference_name="q", type="JDBC", input_parameters=parameters)])
        workflow_id = await start(server.platform, "w", {"id": 1})
        await server.settle()
        workflow = (await server.platform.executor.read(workflow_id)).workflow
    assert (workflow.status, workflow.output.value) == (WorkflowStatus.COMPLETED, {"result": [{"name": "lamp"}]})
