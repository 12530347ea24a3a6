"""Slots: how many runs with a rate limit key go at once is counted where decisions are written."""

from __future__ import annotations

import asyncio
from typing import Any

from podium.model.decision import Decision
from podium.model.slot import Slot, SlotStanding, SlotState
from podium.store.store import Store

from .given import a_workflow, born, closed, moved, save, stored


def entering(workflow_id: str, state: SlotState | None = SlotState.HELD, limit: int = 2, key: str = "k") -> Decision:
    return born(a_workflow(workflow_id), slot=Slot(key=key, limit=limit, state=state))


def at(state: SlotState | None, limit: int = 2) -> dict[str, Any]:
    return {"slot": Slot(key="k", limit=limit, state=state)}


async def test_a_decision_that_would_exceed_the_limit_loses(store: Store) -> None:
    saved = await save(store, *(entering(f"w{number}") for number in range(4)))
    assert saved.conflicts == {2, 3}
    assert (await save(store, entering("w9"))).conflicts == {0}
    assert await store.slot_standing("k") == SlotStanding(held=2)
    assert await store.load("w3") is None


async def test_every_key_is_counted_for_itself(store: Store) -> None:
    await stored(store, [entering("w1", limit=1), entering("w2", limit=1, key="other")])


async def test_a_slot_is_free_when_its_run_has_ended(store: Store) -> None:
    workflow = a_workflow("w1")
    await stored(store, [entering("w1", limit=1)])
    await stored(store, [moved(workflow, workflow=closed(), **at(None, 1))])
    await stored(store, [entering("w2", limit=1)])


async def test_a_slot_is_free_when_its_run_is_removed(store: Store) -> None:
    await stored(store, [entering("w1", limit=1)])
    await stored(store, [moved(a_workflow("w1"), removed=True, **at(None, 1))])
    assert await store.slot_standing("k") == SlotStanding()


async def test_the_first_to_wait_is_the_first_in_turn(store: Store) -> None:
    await stored(store, [entering("w3", SlotState.WAITING), entering("w1", SlotState.WAITING)])
    assert await store.slot_standing("k") == SlotStanding(waiting="w3")
    await stored(store, [moved(a_workflow("w3"), **at(SlotState.PAUSED))])
    assert (await store.slot_standing("k")).waiting == "w1"
    await stored(store, [moved(a_workflow("w3", revision=2), **at(SlotState.WAITING))])
    assert (await store.slot_standing("k")).waiting == "w3"  # it keeps its place
    await stored(store, [moved(a_workflow("w3", revision=3), **at(SlotState.HELD))])
    assert await store.slot_standing("k") == SlotStanding(held=1, waiting="w1")


async def test_a_run_does_not_count_itself(store: Store) -> None:
    await stored(store, [entering("w1", limit=1)])
    assert await store.slot_standing("k", besides="w1") == SlotStanding()


async def test_without_a_limit_any_number_may_go(store: Store) -> None:
    await stored(store, [entering(f"w{number}", limit=0) for number in range(5)])


async def test_commits_side_by_side_do_not_exceed_the_limit(store: Store) -> None:
    await stored(store, [born(a_workflow("w0"))])  # with the definition, so that the others wait for nothing but the slot
    outcomes = await asyncio.gather(*(save(store, entering(f"w{number}")) for number in range(1, 13)))
    assert sum(not saved.conflicts for saved in outcomes) == 2
    assert await store.slot_standing("k") == SlotStanding(held=2)
