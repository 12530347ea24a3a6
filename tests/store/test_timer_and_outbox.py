"""Timers and the outbox: what must happen later is not forgotten."""

from __future__ import annotations

from podium.model.message import OutboxRow, TerminateChild
from podium.model.status import WorkflowStatus
from podium.store.store import Store

from .given import NOW, a_workflow, born, closed, moved, stored


def a_message(outbox_id: str, due: int = NOW) -> OutboxRow:
    return OutboxRow(outbox_id=outbox_id, message=TerminateChild(workflow_id="w1", child_id="c", reason="r"), due=due)


async def test_runs_are_due_the_most_overdue_first(store: Store) -> None:
    wakes = {"w1": NOW, "w2": NOW - 5, "w3": NOW + 1, "w4": 0, "w5": NOW - 1}
    await stored(store, [born(a_workflow(name, wake_at=wake)) for name, wake in wakes.items()])

    assert await store.due(NOW, 10) == ["w2", "w5", "w1"]
    assert await store.due(NOW, 1) == ["w2"]
    assert await store.next_wake() == NOW - 5


async def test_a_paused_run_is_due_and_a_closed_one_is_not(store: Store) -> None:
    paused, ended = a_workflow("w1", wake_at=NOW, status=WorkflowStatus.PAUSED), a_workflow("w2", wake_at=NOW)
    await stored(store, [born(paused), born(ended)])
    await stored(store, [moved(ended, workflow=closed() | {"wake_at": NOW})])

    assert await store.due(NOW, 10) == ["w1"]


async def test_nothing_to_wake_is_zero(store: Store) -> None:
    assert await store.next_wake() == 0


async def test_messages_are_due_oldest_first(store: Store) -> None:
    messages = (a_message("b", NOW), a_message("a", NOW), a_message("c", NOW - 1), a_message("d", NOW + 1))
    await stored(store, [born(a_workflow(), messages=messages)])

    assert [row.outbox_id for row in await store.outbox(NOW, 10)] == ["c", "b", "a"]
    assert [row.outbox_id for row in await store.outbox(NOW, 1)] == ["c"]


async def test_a_postponed_message_counts_its_attempts(store: Store) -> None:
    await stored(store, [born(a_workflow(), messages=(a_message("a"),))])

    await store.postpone_message("a", NOW + 50)

    assert await store.outbox(NOW, 10) == []
    assert [(row.due, row.attempts) for row in await store.outbox(NOW + 50, 10)] == [(NOW + 50, 1)]


async def test_deleted_messages_are_gone(store: Store) -> None:
    await stored(store, [born(a_workflow(), messages=(a_message("a"), a_message("b"), a_message("c")))])

    await store.delete_messages(["a", "c", "nobody"])

    assert [row.outbox_id for row in await store.outbox(NOW, 10)] == ["b"]


async def test_messages_outlive_their_run(store: Store) -> None:
    workflow = a_workflow()
    await stored(store, [born(workflow, messages=(a_message("a"),))])

    await stored(store, [moved(workflow, removed=True, messages=(a_message("b"),))])

    assert [row.outbox_id for row in await store.outbox(NOW, 10)] == ["a", "b"]
