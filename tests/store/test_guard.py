"""The guard: a decision is written whole, or left out whole."""

from __future__ import annotations

import asyncio

from podium.model.decision import Decision, TaskChange
from podium.model.message import OutboxRow, Publish, TerminateChild
from podium.model.status import TaskStatus
from podium.model.task import TaskLog
from podium.store.store import Batch, Store

from .given import NOW, a_task, a_workflow, an_entry, born, completed, moved, replace, save, stored


def broken(decision: Decision) -> Decision:
    """The same with a task that no queue may hold: finished, and waiting for a worker."""
    impossible = a_task(decision.workflow_id, 99, status=TaskStatus.COMPLETED)
    return replace(decision, tasks=(*decision.tasks, TaskChange(None, impossible)))


async def test_a_decision_on_an_old_revision_is_left_out_whole(store: Store) -> None:
    workflow, task = a_workflow(), a_task()
    await stored(store, [born(workflow, task)])
    await stored(store, [moved(workflow)])

    late = moved(
        workflow,
        completed(task),
        TaskChange(None, a_task(number=2)),
        history=an_entry(),
        logs=(TaskLog(log="late", task_id=task.task_id),),
    )
    saved = await save(store, born(a_workflow("w2")), late)

    assert saved.conflicts == {1}
    run = await store.load("w1")
    assert run is not None
    assert run.tasks == [task]
    assert await store.history("w1") == []
    assert await store.task_logs(task.task_id) == []
    assert await store.load("w2") is not None


async def test_a_run_that_exists_cannot_be_created(store: Store) -> None:
    await stored(store, [born(a_workflow())])

    saved = await save(store, born(a_workflow(name="other")))

    assert saved.conflicts == {0}
    assert (await store.workflows(["w1"]))[0].name == "order"


async def test_a_run_that_is_gone_cannot_be_changed(store: Store) -> None:
    assert (await save(store, moved(a_workflow()))).conflicts == {0}


async def test_of_two_decisions_on_one_revision_the_first_wins(store: Store) -> None:
    workflow = a_workflow()
    await stored(store, [born(workflow)])

    saved = await save(store, moved(workflow, workflow={"priority": 1}), moved(workflow, workflow={"priority": 2}))

    assert saved.conflicts == {1}
    assert (await store.workflows(["w1"]))[0].priority == 1


async def test_a_broken_decision_fails_alone(store: Store) -> None:
    decisions = [born(a_workflow(f"w{n}"), a_task(f"w{n}")) for n in range(9)]
    decisions[3], decisions[8] = broken(decisions[3]), broken(decisions[8])

    saved = await save(store, *decisions)

    assert set(saved.failures) == {3, 8}
    assert "check constraint" in saved.failures[3].lower()
    assert saved.conflicts == frozenset()
    found = await store.workflows([f"w{n}" for n in range(9)])
    assert [workflow.workflow_id for workflow in found] == ["w0", "w1", "w2", "w4", "w5", "w6", "w7"]


async def test_what_follows_a_broken_decision_on_its_run_is_a_conflict(store: Store) -> None:
    workflow = a_workflow()

    saved = await save(store, broken(born(workflow)), moved(workflow))

    assert (list(saved.failures), list(saved.conflicts)) == ([0], [1])


async def test_a_broken_decision_does_not_hurt_what_is_saved_beside_it(store: Store) -> None:
    good, bad = Batch(now=NOW, decisions=[born(a_workflow("w1"))]), Batch(now=NOW, decisions=[broken(born(a_workflow("w2")))])

    answers = await asyncio.gather(store.save(good), store.save(bad), store.keep("thing", "a", b"b"))

    assert (answers[0].failures, set(answers[1].failures)) == ({}, {0})
    assert await store.load("w1") is not None
    assert await store.kept("thing") == {"a": b"b"}


async def test_a_task_id_is_given_once(store: Store) -> None:
    await stored(store, [born(a_workflow("w1"), a_task("w1", task_id="same"))])

    saved = await save(store, born(a_workflow("w2"), a_task("w2", task_id="same")))

    assert set(saved.failures) == {0}
    assert await store.load("w2") is None


async def test_a_run_without_its_definition_is_refused(store: Store) -> None:
    saved = await save(store, replace(born(a_workflow()), definition=None))

    assert set(saved.failures) == {0}


async def test_the_definition_of_a_failed_decision_is_not_taken_for_known(store: Store) -> None:
    await save(store, broken(born(a_workflow())))

    await stored(store, [born(a_workflow())])

    assert await store.load("w1") is not None


async def test_a_number_too_large_for_the_database_fails_alone(store: Store) -> None:
    saved = await save(store, born(a_workflow("w1", priority=2**70)), born(a_workflow("w2")))

    assert set(saved.failures) == {0}
    assert await store.load("w2") is not None


async def test_a_decision_sends_and_takes_in_messages_in_its_commit(store: Store) -> None:
    publish = Publish(workflow_id="w1", task_id="t", queue="kafka:q", message_id="m", payload={"a": 1})
    stop = TerminateChild(workflow_id="w1", child_id="c", reason="cancelled")
    workflow = a_workflow()
    first = OutboxRow(outbox_id="w1:1:0", message=publish, due=NOW)
    await stored(store, [born(workflow, messages=(first,))])

    second = OutboxRow(outbox_id="w1:2:0", message=stop, due=NOW)
    await save(store, moved(workflow, messages=(second,), consumed=("w1:1:0",)), moved(workflow, consumed=("w1:2:0",)))

    assert await store.outbox(NOW, 10) == [second]
