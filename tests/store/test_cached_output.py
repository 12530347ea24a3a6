"""Outputs that later tasks take over."""

from __future__ import annotations

from podium.model.cached_output import CachedOutput
from podium.model.payload import Payload
from podium.store.store import Store

from .given import NOW, a_workflow, born, moved, replace, save, stored


def kept(key: str, expires_at: int = NOW + 1, name: str = "pay", **output: int) -> CachedOutput:
    return CachedOutput(def_name=name, key=key, expires_at=expires_at, output=Payload.of(dict(output)))


async def test_outputs_are_found_by_name_and_key(store: Store) -> None:
    given = (kept("a", x=1), kept("b"), kept("a", name="ship", x=2))
    await stored(store, [born(a_workflow(), cached=given)])

    found = await store.cached_outputs([("pay", "a"), ("ship", "a"), ("ship", "b")])
    assert sorted(found, key=lambda one: one.def_name) == [given[0], given[2]]


async def test_the_last_output_with_a_key_counts(store: Store) -> None:
    first, second = born(a_workflow("w1"), cached=(kept("a", x=1),)), born(a_workflow("w2"), cached=(kept("a", x=2),))
    await stored(store, [first, second])
    assert await store.cached_outputs([("pay", "a")]) == [kept("a", x=2)]
    await stored(store, [born(a_workflow("w3"), cached=(kept("a", x=3),))])
    assert await store.cached_outputs([("pay", "a")]) == [kept("a", x=3)]


async def test_what_has_expired_goes_with_the_next_that_is_kept(store: Store) -> None:
    workflow = a_workflow()
    await stored(store, [born(workflow, cached=(kept("a", NOW + 5), kept("b", NOW + 6)))])
    later = {"update_time": NOW + 5}
    await stored(store, [moved(workflow, workflow=later, cached=(kept("c", NOW + 9),))])
    assert {one.key for one in await store.cached_outputs([("pay", key) for key in "abc"])} == {"b", "c"}


async def test_a_decision_that_lost_its_race_keeps_nothing(store: Store) -> None:
    workflow = a_workflow()
    await stored(store, [born(workflow)])
    late = moved(replace(workflow, revision=7), cached=(kept("a"),))
    assert (await save(store, late)).conflicts == {0}
    assert await store.cached_outputs([("pay", "a")]) == []
