"""Faults of PostgreSQL: whatever goes wrong, a batch is there whole or not at all, what was answered stays, and nothing is made twice."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Iterator
from typing import Any

import asyncpg
import pytest

from podium.errors import Busy
from podium.model.task import Task
from podium.store.postgres import PostgresStore
from podium.store.store import Batch, Saved, Store, Want
from tests import postgres

from .given import NOW, a_task, a_workflow, before_and_batch, born, completed, moved, replace, save, stored

TABLES = (
    *("workflow", "workflow_data", "task", "history", "outbox", "task_log", "poll_data", "task_removed", "definition_snapshot"),
    "workflow_message",
)


class Fault:
    """Which statement of a transaction fails, and how."""

    at = 0  # 0: none
    seen = 0
    done_before = False  # the statement is carried out, and its answer is lost
    error: Exception | None = None  # None: the connection breaks


class FaultyConnection(asyncpg.Connection):  # type: ignore[misc] # a library without types
    async def execute(self, query: str, *args: Any, **options: Any) -> Any:
        return await self._faulty(query, super().execute(query, *args, **options))

    async def fetch(self, query: str, *args: Any, **options: Any) -> Any:
        return await self._faulty(query, super().fetch(query, *args, **options))

    async def _faulty(self, query: str, work: Any) -> Any:
        Fault.seen += not query.startswith(("BEGIN", "ROLLBACK"))
        if Fault.seen != Fault.at or query.startswith(("BEGIN", "ROLLBACK")):
            return await work
        Fault.at = 0
        if Fault.done_before:
            await work
        else:
            work.close()
        if Fault.error is not None:
            raise Fault.error
        self.terminate()
        raise ConnectionResetError("cut")


@pytest.fixture(autouse=True)
def no_fault() -> Iterator[None]:
    Fault.at, Fault.seen, Fault.done_before, Fault.error = 0, 0, False, None
    yield
    Fault.at = 0


@pytest.fixture
async def url() -> AsyncIterator[str]:
    async with postgres.database() as found:
        yield found


@pytest.fixture
async def store(url: str) -> AsyncIterator[PostgresStore]:
    opened = PostgresStore(url, kind=FaultyConnection)
    await opened.open()
    yield opened
    await opened.close()


async def everything(url: str) -> dict[str, list[tuple[Any, ...]]]:
    """All that the database holds."""
    connection = await asyncpg.connect(url)
    try:
        return {table: [tuple(row) for row in await connection.fetch(f"SELECT * FROM {table} ORDER BY 1, 2")] for table in TABLES}
    finally:
        await connection.close()


async def saved_with_fault(store: Store, batch: Batch, at: int) -> Saved | Busy:
    Fault.seen, Fault.at = 0, at
    try:
        return await store.save(batch)
    except Busy as busy:
        return busy
    finally:
        Fault.at = 0


@pytest.mark.parametrize("done_before", [False, True], ids=["not carried out", "answer lost"])
async def test_whichever_statement_fails_the_database_reads_as_before_or_after(store: PostgresStore, url: str, done_before: bool) -> None:
    given, batch = before_and_batch()
    await stored(store, given)
    before = await everything(url)
    Fault.done_before = done_before

    at = 0
    while True:
        at += 1
        outcome = await saved_with_fault(store, batch, at)
        if not isinstance(outcome, Busy):
            break
        now = await everything(url)
        if now != before:
            break
        assert await store.next_wake() == 0, "the store goes on"
    # Only the commit can have been carried out without an answer; then the database holds all of the batch.
    assert isinstance(outcome, Busy) is done_before
    assert at == Fault.seen + 1 - done_before
    assert await store.load("w2") is None
    assert await store.load("w3") is not None


async def test_a_commit_whose_answer_was_lost_is_not_made_twice(store: PostgresStore, url: str) -> None:
    given, batch = before_and_batch()
    await stored(store, given)
    await store.save(batch)
    made = await everything(url)

    again = await store.save(replace(batch, wants=(), polls=()))

    assert again.conflicts == frozenset(range(len(batch.decisions)))
    assert await everything(url) == made


@pytest.mark.parametrize("error", [asyncpg.DeadlockDetectedError, asyncpg.SerializationError])
async def test_two_transactions_in_each_others_way_are_nobodys_concern(store: PostgresStore, error: type[Exception]) -> None:
    Fault.error = error("in the way")

    saved = await saved_with_fault(store, Batch(now=NOW, decisions=[born(a_workflow(), a_task())]), 3)

    assert isinstance(saved, Saved)
    assert (saved.conflicts, saved.failures) == (frozenset(), {})
    assert await store.load("w1") is not None


async def test_servers_that_change_the_same_runs_never_wait_in_a_circle(store: PostgresStore, url: str) -> None:
    stores = [store, *(PostgresStore(url) for _ in range(2))]
    for other in stores[1:]:
        await other.open()
    choice = random.Random(7)
    runs = [a_workflow(f"w{n}") for n in range(20)]
    await stored(store, [born(run) for run in runs])
    won: list[str] = []

    async def change(one: Store) -> None:
        for _ in range(15):
            found = await one.workflows([f"w{n}" for n in choice.sample(range(20), 8)])
            new = [born(a_workflow(f"new{n}")) for n in choice.sample(range(200), 5)]
            decisions = [*map(moved, found), *new]
            choice.shuffle(decisions)
            saved = await one.save(Batch(now=NOW, decisions=decisions))
            assert not saved.failures
            won.extend(decision.workflow_id for index, decision in enumerate(decisions) if index not in saved.conflicts)

    await asyncio.gather(*map(change, stores))

    now = await store.workflows([*(f"w{n}" for n in range(20)), *(f"new{n}" for n in range(200))])
    counted = {workflow.workflow_id: workflow.revision - workflow.workflow_id.startswith("w") for workflow in now}
    assert {name: count for name, count in counted.items() if count} == {name: won.count(name) for name in set(won)}
    for other in stores[1:]:
        await other.close()


async def test_two_servers_claim_each_task_once(store: PostgresStore, url: str) -> None:
    other = PostgresStore(url)
    await other.open()
    await stored(store, [born(a_workflow(f"w{n}"), *(a_task(f"w{n}", number) for number in range(1, 6))) for n in range(40)])
    wanted = Batch(now=NOW, wants=[Want(queue="pay", domain=None, worker_id="w", count=7)])

    async def all_of(one: Store) -> list[Task]:
        taken: list[Task] = []
        while (saved := await one.save(wanted)).claimed or saved.next_ready:
            taken += [claimed.task for claimed in saved.claimed]
        return taken

    found = [task.task_id for tasks in await asyncio.gather(all_of(store), all_of(other)) for task in tasks]

    assert (len(found), len(set(found))) == (200, 200)
    await other.close()


async def test_a_claim_steps_over_runs_that_somebody_else_holds(store: PostgresStore, url: str) -> None:
    await stored(store, [born(a_workflow("w1"), a_task("w1")), born(a_workflow("w2"), a_task("w2"))])
    connection = await asyncpg.connect(url)
    async with connection.transaction():
        await connection.execute("SELECT FROM workflow WHERE workflow_id = 'w1' FOR UPDATE")

        saved = await save(store, wants=[Want(queue="pay", domain=None, worker_id="w", count=2)])

        assert [claimed.task.workflow_id for claimed in saved.claimed] == ["w2"]
        assert saved.next_ready == {("pay", None): NOW + 5}
    await connection.close()


async def test_texts_may_hold_the_character_that_the_database_refuses(store: PostgresStore) -> None:
    odd = "a\0b"
    run = a_workflow(odd, name=odd, correlation_id=odd, reason=odd)
    task = a_task(odd, task_type=odd, def_name=odd, worker_id=odd, domain=odd)
    await stored(store, [born(run, task)])
    await store.keep("kind", odd, b"\0")

    found = await store.load(odd)
    assert found is not None
    assert (found.workflow, found.tasks) == (run, [task])
    assert await store.correlated(odd, [odd], include_closed=False) == {odd: [odd]}
    assert await store.kept("kind") == {odd: b"\0"}
    saved = await save(store, wants=[Want(queue=odd, domain=odd, worker_id=odd, count=1)])
    assert [claimed.task.task_id for claimed in saved.claimed] == [task.task_id]


async def test_a_definition_that_somebody_has_deleted_is_written_again(store: PostgresStore, url: str) -> None:
    await stored(store, [born(a_workflow("w1")), moved(a_workflow("w1"), removed=True)])
    connection = await asyncpg.connect(url)
    await connection.execute("DELETE FROM definition_snapshot")
    await connection.close()

    await stored(store, [born(a_workflow("w2"))])

    assert await store.load("w2") is not None


async def test_without_a_database_everything_says_try_again() -> None:
    store = PostgresStore("postgresql://podium@127.0.0.1:1/nowhere")
    with pytest.raises(Busy):
        await store.open()
    with pytest.raises(Busy):
        await store.next_wake()
    with pytest.raises(Busy):
        await save(store, born(a_workflow()))
    await store.close()


async def test_what_was_answered_survives_a_crash_of_the_database_and_the_store_goes_on() -> None:
    postgres.require()
    cluster = postgres.Cluster()
    cluster.start()
    store = PostgresStore(cluster.url(await cluster.create_database()))
    await store.open()
    answered: list[str] = []
    refused = asyncio.Event()

    async def work() -> None:
        for number in range(100_000):
            try:
                await stored(store, [born(a_workflow(f"w{number}"), a_task(f"w{number}"))])
                answered.append(f"w{number}")
            except Busy:
                refused.set()
            if number > 50 and refused.is_set() and f"w{number}" in answered:
                return

    async with asyncio.timeout(60):
        working = asyncio.ensure_future(work())
        await asyncio.to_thread(cluster.crash)
        await refused.wait()
        await asyncio.to_thread(cluster.start)
        await working

    found = [workflow.workflow_id for workflow in await store.workflows(answered)]
    assert found == answered
    assert (await save(store, moved(a_workflow(answered[-1]), completed(a_task(answered[-1]))))).conflicts == frozenset()
    await store.close()
    cluster.remove()
