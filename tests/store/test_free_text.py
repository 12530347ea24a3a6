"""Free text: what a run holds is found, what it no longer holds is not (spec/api.md §1.8)."""

from __future__ import annotations

from typing import Any

import pytest

from podium.model.decision import Decision
from podium.model.payload import Payload
from podium.model.search import Search
from podium.model.workflow import Workflow
from podium.store.store import Store

from .given import a_workflow, born, closed, moved, replace, save, stored


async def found(store: Store, text: str) -> list[str]:
    page = await store.search_workflows(Search(free_text=text))
    assert page.total == len(page.ids)
    return sorted(page.ids)


async def changed(store: Store, before: Workflow, **fields: Any) -> Workflow:
    decision = moved(before, workflow=fields)
    await stored(store, [decision])
    return decision.workflow


@pytest.mark.parametrize(
    "text",
    ["Köln", 'K\\"', "a%b", "100%", "under_score", "日本語", "x" * 40_000 + "needle", "tab\tbed", "'; DROP", "a OR b", "(x", "NEAR", "-x"],
)
async def test_any_text_is_found(store: Store, text: str) -> None:
    await stored(store, [born(a_workflow("w1", reason=text)), born(a_workflow("w2"))])

    assert await found(store, text.swapcase() if text.isascii() else text) == ["w1"]
    assert await found(store, f"{text[:-1]}#") == []


async def test_the_text_of_an_end_is_found_from_then_on(store: Store) -> None:
    await stored(store, [born(a_workflow())])
    assert await found(store, "receipt") == []

    running = await changed(store, a_workflow(), **closed(), output=Payload.of({"receipt": "R-17"}), reason="settled")

    assert (await found(store, "r-17"), await found(store, "SETTLED"), await found(store, "ada")) == (["w1"], ["w1"], ["w1"])
    again = await changed(store, running, output=Payload.of({"receipt": "R-18"}), reason=None)
    assert (await found(store, "r-17"), await found(store, "r-18"), await found(store, "settled")) == ([], ["w1"], [])
    await changed(store, again, output=Payload.of({}))
    assert await found(store, "r-18") == []


async def test_a_new_input_takes_the_place_of_the_old(store: Store) -> None:
    await stored(store, [born(a_workflow())])

    await changed(store, a_workflow(), input=Payload.of({"customer": "Grace"}), correlation_id="order-9")

    assert (await found(store, "ada"), await found(store, "grace"), await found(store, "Order-9")) == ([], ["w1"], ["w1"])


async def test_a_removed_run_is_not_found_nor_is_its_successor_of_the_same_number(store: Store) -> None:
    await stored(store, [born(a_workflow("w1", reason="first of all"))])
    await stored(store, [moved(a_workflow("w1", reason="first of all"), removed=True)])
    assert await found(store, "first of all") == []

    await stored(store, [born(a_workflow("w2"))])

    assert (await found(store, "first of all"), await found(store, "ada")) == ([], ["w2"])


async def test_what_lost_its_race_leaves_no_text(store: Store) -> None:
    await stored(store, [born(a_workflow())])
    late = replace(moved(a_workflow(), workflow={"reason": "too late"}), base_revision=7)
    broken = born(a_workflow("w2", reason="unwritable", definition_hash="nowhere"))

    saved = await save(store, late, replace(broken, definition=None))

    assert (sorted(saved.conflicts), list(saved.failures)) == ([0], [1])
    assert (await found(store, "too late"), await found(store, "unwritable")) == ([], [])


@pytest.mark.parametrize(
    ("text", "expected"), [("w1", ["w1"]), ("A*a", ["w1", "w2"]), ("*", ["w1", "w2"]), ("cus*Ada", ["w1", "w2"]), ("ad*cus", [])]
)
async def test_short_texts_and_wildcards_are_found_too(store: Store, text: str, expected: list[str]) -> None:
    await stored(store, [born(a_workflow("w1")), born(a_workflow("w2"))])

    assert await found(store, text) == expected


async def test_a_text_is_within_one_of_its_places(store: Store) -> None:
    await stored(store, [born(a_workflow("w1", name="order", correlation_id="order"))])

    assert await found(store, "order\norder") == []


async def test_more_texts_than_one_and_other_conditions_meet(store: Store) -> None:
    given: list[Decision] = [
        born(a_workflow(f"w{n}", name=f"flow{n}", input=Payload.of({"city": ("Oslo", "Bern", "Rome")[n]}))) for n in range(3)
    ]
    await stored(store, given)

    page = await store.search_workflows(Search(free_text="flow", size=2))

    assert (page.total, page.ids) == (3, ["w2", "w1"])
