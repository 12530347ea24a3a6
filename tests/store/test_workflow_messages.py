"""Messages of a workflow: what waits is saved with the decision that brought it, and gone with the one that took it."""

from __future__ import annotations

from podium.model.payload import Payload
from podium.model.workflow import Workflow
from podium.model.workflow_message import WorkflowMessage
from podium.store.store import Store

from .given import NOW, a_workflow, born, moved, replace, save, stored


def message(number: int) -> WorkflowMessage:
    return WorkflowMessage(number=number, message_id=f"m{number}", received_at=NOW + number, payload=Payload.of({"n": number}))


def holding(*numbers: int) -> dict[str, object]:
    return {"messages": tuple(map(message, numbers)), "message_count": max(numbers)}


async def go_on(store: Store, before: Workflow, **workflow: object) -> Workflow:
    decision = moved(before, workflow=workflow)
    await stored(store, [decision])
    return decision.workflow


async def loaded(store: Store, revision: int = 0) -> Workflow:
    run = await store.load("w1", revision)
    assert run is not None
    return run.workflow


async def test_what_waits_is_loaded_in_order_as_it_was_saved(store: Store) -> None:
    one = a_workflow()
    await stored(store, [born(one)])
    two = await go_on(store, one, **holding(1))
    three = await go_on(store, two, **holding(1, 2, 3))
    assert await loaded(store) == three
    four = await go_on(store, three, messages=(message(3), message(4), message(5)), message_count=5)
    assert await loaded(store) == four
    five = await go_on(store, four, messages=(), message_count=6)  # taken, with one that came in the same decision
    assert await loaded(store) == five


async def test_a_refresh_brings_them_too(store: Store) -> None:
    one = a_workflow()
    await stored(store, [born(one)])
    two = await go_on(store, one, **holding(1, 2))
    assert await loaded(store, 1) == two


async def test_a_lost_race_writes_none(store: Store) -> None:
    one = a_workflow()
    await stored(store, [born(one)])
    two = await go_on(store, one, **holding(1))
    lost = moved(one, workflow=holding(2))
    assert (await save(store, lost)).conflicts == {0}
    assert await loaded(store) == two


async def test_a_removed_workflow_takes_its_messages_with_it(store: Store) -> None:
    one = a_workflow()
    await stored(store, [born(one)])
    two = await go_on(store, one, **holding(1, 2))
    await stored(store, [replace(moved(two), removed=True)])
    await stored(store, [born(one)])
    again = await go_on(store, one, **holding(1))
    assert await loaded(store) == again
