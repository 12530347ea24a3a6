"""The schema of PostgreSQL: made once however many servers start, newer is refused, and every hot query reads an index."""

from __future__ import annotations

import asyncio
import inspect
import re
from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import pytest

from podium.errors import NewerDatabase
from podium.store.connection import connect
from podium.store.postgres import PostgresStore
from podium.store.postgres_connection import BEGIN_WRITING, sql
from podium.store.postgres_schema import migrate, version
from podium.store.schema import migrate as migrate_sqlite
from podium.store.schema import migrations
from podium.store.sqlite import SqliteStore
from podium.store.store import Store
from tests import postgres

SCRIPTS = migrations("migrations_postgres")


@pytest.fixture
async def empty() -> AsyncIterator[str]:
    """A database without anything in it."""
    postgres.require()
    name = await postgres.shared().create_database()
    yield postgres.shared().url(name)
    async with postgres.shared().connected() as connection:
        await connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
async def connection() -> AsyncIterator[Any]:
    """Into a database with the schema."""
    async with postgres.database() as url:
        opened = await asyncpg.connect(url)
        yield opened
        await opened.close()


async def test_ten_servers_may_start_at_once(empty: str) -> None:
    stores = [PostgresStore(empty, connections=3) for _ in range(10)]

    await asyncio.gather(*(store.open() for store in stores))

    assert [await store.definitions_version() for store in stores] == [0] * 10
    await asyncio.gather(*(store.close() for store in stores))


async def test_a_migration_that_fails_changes_nothing(connection: Any) -> None:
    with pytest.raises(asyncpg.DuplicateTableError):
        async with connection.transaction():
            await migrate(connection, [*SCRIPTS, "CREATE TABLE new (a bigint); CREATE TABLE meta (a bigint);"])

    assert await version(connection) == len(SCRIPTS)
    assert await connection.fetchval("SELECT to_regclass('new')") is None


async def test_a_newer_database_is_refused(empty: str) -> None:
    store = PostgresStore(empty)
    await store.open()
    await store.close()
    newer = await asyncpg.connect(empty)
    await newer.execute("UPDATE meta SET schema_version = 99")
    await newer.close()

    store = PostgresStore(empty)
    with pytest.raises(NewerDatabase, match="version 99"):
        await store.open()
    await store.close()


async def test_both_databases_hold_the_same(connection: Any) -> None:
    lite = connect(":memory:", writes=True)
    migrate_sqlite(lite, migrations())
    ours = {row[0] for row in await connection.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")}
    theirs = {row[0] for row in lite.execute("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'workflow_text%'")}
    lite.close()

    assert (ours - theirs, theirs - ours) == ({"workflow_data"}, {"payload"})


def test_both_stores_say_every_verb() -> None:
    verbs = {name for name, verb in vars(Store).items() if inspect.iscoroutinefunction(verb)}

    assert {kind: verbs - vars(kind).keys() for kind in (SqliteStore, PostgresStore)} == {SqliteStore: set(), PostgresStore: set()}


def test_every_index_says_which_query_needs_it() -> None:
    for script in SCRIPTS:
        lines = script.splitlines()
        assert all(lines[at - 1].startswith("-- ") for at, line in enumerate(lines) if re.match("CREATE (UNIQUE )?INDEX", line))


@pytest.mark.parametrize(
    ("file", "name", "indexes"),
    [
        ("workflow", "lock", "workflow_pkey"),
        ("workflow", "step", "workflow_pkey"),
        ("workflow", "advance", "workflow_pkey"),
        ("workflow", "change", "workflow_pkey"),
        ("workflow", "point", "workflow_data_pkey"),
        ("workflow", "claimed", "workflow_pkey"),
        ("workflow", "load", "workflow_pkey workflow_data_pkey task_pkey task_removed_pkey definition_snapshot_pkey"),
        ("workflow", "list", "workflow_pkey workflow_data_pkey"),
        ("workflow", "due", "workflow_by_wake"),
        ("workflow", "next_wake", "workflow_by_wake"),
        ("workflow", "delete", "workflow_pkey workflow_data_pkey task_pkey history_pkey"),
        ("task", "change", "task_pkey"),
        ("task", "move", "task_pkey"),
        ("task", "levels", "task_queue"),
        ("task", "ready", "task_queue workflow_pkey"),
        ("task", "standing", "task_pkey workflow_pkey"),
        ("task", "claim", "task_pkey"),
        ("task", "by_id", "task_by_id"),
        ("task", "pending", "task_open"),
        ("task", "delete", "task_by_id"),
        ("history", "list", "history_pkey"),
        ("outbox", "due", "outbox_by_due"),
        ("outbox", "delete", "outbox_pkey"),
        ("task_log", "list", "task_log_pkey"),
        ("schedule", "due", "schedule_by_wake"),
        ("schedule", "next_wake", "schedule_by_wake schedule_execution_by_wake"),
        ("schedule_execution", "claim", "schedule_execution_by_wake schedule_execution_pkey"),
        ("schedule_execution", "save", "schedule_execution_pkey"),
        ("cached_output", "find", "cached_output_by_key"),
        ("cached_output", "expire", "cached_output_by_expiry cached_output_by_key"),
    ],
)
async def test_a_hot_query_reads_its_indexes(connection: Any, file: str, name: str, indexes: str) -> None:
    statement = sql(file)[name]
    parameters = ", ".join(["NULL"] * max(map(int, re.findall(r"\$(\d+)", statement)), default=0))
    await connection.execute(BEGIN_WRITING)
    await connection.execute(f"PREPARE asked AS {statement}")

    plan = "\n".join(row[0] for row in await connection.fetch(f"EXPLAIN EXECUTE asked{f'({parameters})' if parameters else ''}"))

    assert "Seq Scan" not in plan
    assert [index for index in indexes.split() if f"Scan using {index} " not in plan and f"Scan on {index} " not in plan] == []
    if name in ("ready", "due", "pending", "levels"):
        assert "Sort Key: q." not in plan
    await connection.execute("ROLLBACK; DEALLOCATE asked")
