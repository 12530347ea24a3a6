"""JDBC on PostgreSQL: a real one, where there is one."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from podium.model.json import Json, JsonObject
from podium.runtime.system.jdbc import open_databases
from podium.runtime.system.sql_database import Database, SqlFailed, SqlLimits, WrongCount
from tests import postgres

TABLE = """CREATE TABLE jdbc.item (
    id serial PRIMARY KEY, name text, price numeric(10, 2), n bigint, ok boolean, at timestamptz, day date, data jsonb, key uuid,
    part float8
)"""
LIMITS = SqlLimits(seconds=1, rows=3, bytes=1_000)


@pytest.fixture
async def databases() -> AsyncIterator[dict[str, Database]]:
    """One database by two names: `shop`, and `read` for reading alone."""
    async with postgres.database() as url:
        made = open_databases([f"shop={url}", f"read={url}&readonly=true"], LIMITS)
        await made["shop"].update("CREATE SCHEMA jdbc", [], 0)
        yield made
        await made["shop"].update("DROP SCHEMA jdbc CASCADE", [], 0)
        for each in made.values():
            await each.close()


@pytest.fixture
async def shop(databases: dict[str, Database]) -> Database:
    await databases["shop"].update(TABLE, [], 0)
    await databases["shop"].update("INSERT INTO jdbc.item (name, n) VALUES (?, ?), (?, ?)", ["a", 1, "b", 2], 2)
    return databases["shop"]


async def rows(database: Database, statement: str, *parameters: Json) -> list[JsonObject]:
    return await database.select(statement, list(parameters))


async def test_parameters_are_read_as_literals_would_be_and_rows_are_plain_json(shop: Database) -> None:
    values: list[Json] = [
        "la'mp",
        9.5,
        "7",
        True,
        "2026-01-02 03:04:05+00",
        "2026-01-02",
        {"k": [1]},
        "6a2f41a3-c54c-fce8-32d2-0324e1c32e22",
    ]
    statement = "INSERT INTO jdbc.item (name, price, n, ok, at, day, data, key) VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
    assert await shop.update(statement, values, 1) == 1
    (row,) = await rows(shop, "SELECT * FROM jdbc.item WHERE n = ? AND data ?? 'k'", 7)
    assert row["data"] == {"k": [1]}
    assert (row["price"], row["n"], row["ok"], row["day"], row["part"]) == (9.5, 7, True, "2026-01-02", None)
    assert (row["key"], row["name"]) == (values[-1], "la'mp")
    assert await rows(shop, "SELECT ARRAY[1, 2] AS many, '\\x00ff'::bytea AS raw") == [{"many": [1, 2], "raw": "AP8="}]


async def test_another_number_than_expected_undoes_the_update(shop: Database) -> None:
    with pytest.raises(WrongCount):
        await shop.update("DELETE FROM jdbc.item", [], 1)
    assert await rows(shop, "SELECT count(*) AS n FROM jdbc.item") == [{"n": 2}]


CHANGES = (
    "DELETE FROM jdbc.item RETURNING id",
    "WITH gone AS (DELETE FROM jdbc.item RETURNING id) SELECT id FROM gone",
    "DO $$ BEGIN SET TRANSACTION READ WRITE; DELETE FROM jdbc.item; END $$",
    "DO $$ BEGIN PERFORM set_config('transaction_read_only', 'off', false); DELETE FROM jdbc.item; END $$",
)


@pytest.mark.parametrize("statement", CHANGES)
async def test_what_may_only_read_changes_nothing(databases: dict[str, Database], shop: Database, statement: str) -> None:
    with pytest.raises(SqlFailed):
        await shop.select(statement, [])
    with pytest.raises(SqlFailed):
        await databases["read"].update(statement, [], 0)
    assert await rows(databases["read"], "SELECT count(*) AS n FROM jdbc.item") == [{"n": 2}]


@pytest.mark.parametrize(
    ("statement", "parameters", "words"),
    [
        ("SELECT generate_series(1, 4)", [], "more than 3 rows"),
        ("SELECT repeat('x', 2000)", [], "more than 1000 bytes"),
        ("SELECT pg_sleep(60)", [], "longer than 1 seconds"),
        ("SELECT 1; SELECT 2", [], "multiple commands"),
        ("no sql", [], "syntax error"),
        ("SELECT ?", [], "1 placeholders, there are 0 parameters"),
        ("SELECT ?::int", ["x"], "invalid input syntax"),
        ("SELECT ?", ["\0"], "0x00"),
    ],
)
async def test_what_is_too_much_or_wrong_fails_with_the_reason(shop: Database, statement: str, parameters: list[Json], words: str) -> None:
    with pytest.raises(SqlFailed, match=words):
        await shop.select(statement, parameters)
    assert await rows(shop, "SELECT 1 AS one") == [{"one": 1}]


async def test_a_database_that_is_not_there_fails_the_statement() -> None:
    pytest.importorskip("asyncpg")
    database = open_databases(["x=postgresql://u@/d?host=/nowhere"], LIMITS)["x"]
    with pytest.raises(SqlFailed):
        await database.select("SELECT 1", [])
    await database.close()
