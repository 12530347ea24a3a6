"""Faults of SQLite: whatever goes wrong, a batch is there whole or not at all, and what was answered stays."""

from __future__ import annotations

import asyncio
import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from podium.errors import Busy
from podium.store.connection import connect
from podium.store.sqlite import SqliteStore

from .given import a_task, a_workflow, an_entry, before_and_batch, born, closed, completed, moved, save

TABLES = ["workflow", "task", "payload", "history", "outbox", "task_log", "poll_data", "task_removed", "definition_snapshot"]


def everything(path: Path) -> dict[str, list[tuple[Any, ...]]]:
    """All that the database holds."""
    connection = connect(str(path), writes=False)
    try:
        return {table: connection.execute(f"SELECT * FROM {table} ORDER BY 1, 2").fetchall() for table in TABLES}
    finally:
        connection.close()


class Fault:
    """Which statement of a transaction fails."""

    at = 0  # 0: none
    seen = 0
    commits = 0


class FaultyCursor(sqlite3.Cursor):
    def execute(self, sql: str, parameters: Any = (), /) -> FaultyCursor:
        if not sql.startswith("ROLLBACK"):
            Fault.seen += 1
            if Fault.seen == Fault.at:
                raise sqlite3.OperationalError("disk I/O error")
        Fault.commits += sql == "COMMIT"
        super().execute(sql, parameters)
        return self


class FaultyConnection(sqlite3.Connection):
    def cursor(self, factory: Any = FaultyCursor) -> Any:
        return super().cursor(factory)


@pytest.fixture(autouse=True)
def no_fault() -> Iterator[None]:
    Fault.at = Fault.seen = 0
    yield
    Fault.at = 0


async def outcome(path: Path, fail_at: int) -> tuple[bool, int]:
    """Whether the batch was answered well, and how many statements it took."""
    given, batch = before_and_batch()
    store = SqliteStore(str(path), writing=FaultyConnection)
    await store.open()
    await save(store, *given)
    Fault.seen, Fault.at = 0, fail_at
    try:
        await store.save(batch)
        answered = True
    except sqlite3.OperationalError:
        answered = False
    seen, Fault.at = Fault.seen, 0
    if not answered:
        # The store is as good as before.
        assert (await save(store, born(a_workflow("later")))).conflicts == frozenset()
        await save(store, moved(a_workflow("later"), removed=True))
    await store.close()
    return answered, seen


async def test_whichever_statement_fails_the_database_reads_as_before(tmp_path: Path) -> None:
    answered, statements = await outcome(tmp_path / "well.db", 0)
    assert answered
    given, _ = before_and_batch()
    store = SqliteStore(str(tmp_path / "before.db"))
    await store.open()
    await save(store, *given)
    await store.close()
    before = everything(tmp_path / "before.db")
    assert before != everything(tmp_path / "well.db")

    for at in range(1, statements + 1):
        answered, _ = await outcome(tmp_path / f"{at}.db", at)
        assert (answered, everything(tmp_path / f"{at}.db")) == (False, before), f"statement {at}"


async def test_no_payload_is_left_without_its_owner(tmp_path: Path) -> None:
    await outcome(tmp_path / "podium.db", 0)

    tables = everything(tmp_path / "podium.db")
    owned = sorted(number for row in tables["workflow"] for number in row[-5:-2] if number is not None)
    owned += sorted(number for row in tables["task"] for number in row[-2:] if number is not None)
    assert sorted(owned) == [row[0] for row in tables["payload"]]


async def test_closing_finishes_what_was_handed_in(tmp_path: Path) -> None:
    store = SqliteStore(str(tmp_path / "podium.db"))
    await store.open()
    saves = [asyncio.ensure_future(save(store, born(a_workflow(f"w{n}")))) for n in range(20)]
    await asyncio.sleep(0)
    await store.close()

    assert [saved.failures for saved in await asyncio.gather(*saves)] == [{}] * 20
    assert len(everything(tmp_path / "podium.db")["workflow"]) == 20


async def test_a_closed_store_takes_nothing_more(tmp_path: Path) -> None:
    store = SqliteStore(str(tmp_path / "podium.db"))
    with pytest.raises(Busy):
        await save(store)
    await store.open()
    await store.close()

    with pytest.raises(Busy):
        await save(store)


def test_a_private_database_ends_with_its_store() -> None:
    async def used(store: SqliteStore) -> bool:
        await store.open()
        await store.close()
        return True

    store = SqliteStore("sqlite://")

    assert asyncio.run(used(store))
    assert not Path(store.path).parent.exists()


def test_a_file_is_written_through_to_the_disk(tmp_path: Path) -> None:
    connection = connect(str(tmp_path / "podium.db"), writes=True)

    assert connection.execute("PRAGMA synchronous").fetchone() == (2,)
    assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    assert connection.execute("PRAGMA foreign_keys").fetchone() == (1,)
    connection.close()


async def test_saves_that_wait_share_a_commit(tmp_path: Path) -> None:
    store = SqliteStore(str(tmp_path / "podium.db"), writing=FaultyConnection)
    await store.open()
    Fault.commits = 0

    await asyncio.gather(*(save(store, born(a_workflow(f"w{n}"))) for n in range(40)))

    assert Fault.commits < 20
    assert len(await store.workflows([f"w{n}" for n in range(40)])) == 40
    await store.close()


async def test_a_caller_that_gives_up_does_not_stop_the_others(tmp_path: Path) -> None:
    store = SqliteStore(str(tmp_path / "podium.db"))
    await store.open()
    impatient = asyncio.ensure_future(save(store, born(a_workflow("w1"))))
    await asyncio.sleep(0)
    impatient.cancel()

    await save(store, born(a_workflow("w2")))

    assert await store.load("w2") is not None
    await store.close()


def writes_until_killed(path: str) -> None:
    """The child: batch after batch; each is told once it is answered."""

    async def run() -> None:
        store = SqliteStore(path)
        await store.open()
        for number in range(1_000_000):
            workflows = [a_workflow(f"b{number}-{n}") for n in range(5)]
            await save(store, *(born(workflow, a_task(workflow.workflow_id), history=an_entry()) for workflow in workflows))
            steps = [moved(each, completed(a_task(each.workflow_id)), workflow=closed(), history=an_entry()) for each in workflows]
            await save(store, *steps)
            sys.stdout.write(f"{number}\n")
            sys.stdout.flush()

    asyncio.run(run())


@pytest.mark.parametrize("answers", [1, 7, 40])
def test_after_a_kill_every_answered_batch_is_there_and_nothing_is_half(tmp_path: Path, answers: int) -> None:
    path = tmp_path / "podium.db"
    command = [sys.executable, "-c", f"from tests.store.test_sqlite_faults import writes_until_killed as w; w({str(path)!r})"]
    folder = Path(__file__).parents[2]
    environment = {**os.environ, "PYTHONPATH": f"{folder / 'src'}:{folder}"}
    with subprocess.Popen(command, cwd=folder, env=environment, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        answered = [int(child.stdout.readline()) for _ in range(answers)]
        child.send_signal(signal.SIGKILL)
        answered += [int(line) for line in child.stdout.read().split("\n")[:-1]]

    tables = everything(path)
    closed_runs = {row[0] for row in tables["workflow"] if row[2] == "COMPLETED"}
    assert {f"b{number}-{n}" for number in answered for n in range(5)} <= closed_runs
    _nothing_is_half(tables)


def _nothing_is_half(tables: dict[str, list[tuple[Any, ...]]]) -> None:
    revision = {row[0]: row[1] for row in tables["workflow"]}
    batches: dict[str, set[int]] = {}
    for workflow_id, at in revision.items():
        batches.setdefault(workflow_id.split("-")[0], set()).add(at)
    assert all(len(revisions) == 1 for revisions in batches.values())
    assert len(revision) == 5 * len(batches)
    assert {row[0]: row[2] for row in tables["task"]} == revision
    assert len(tables["history"]) == sum(revision.values())
    assert len(tables["payload"]) == sum(2 + (at > 1) for at in revision.values())
