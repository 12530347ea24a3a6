"""Retention: what has been kept long enough is found, and what nobody runs on is forgotten (spec/platform.md §8.4)."""

from __future__ import annotations

from typing import Any

import pytest

from podium.model.definition import WorkflowDef
from podium.model.status import WorkflowStatus
from podium.store.store import Ended, Offspring, Store

from .given import HASH, NOW, a_workflow, born, moved, replace, stored

COMPLETED, FAILED, RUNNING = WorkflowStatus.COMPLETED, WorkflowStatus.FAILED, WorkflowStatus.RUNNING


async def filled(store: Store) -> None:
    runs: dict[str, dict[str, Any]] = {
        "early": {"status": COMPLETED, "end_time": NOW + 1},
        "bad": {"status": FAILED, "end_time": NOW + 2},
        "late": {"status": COMPLETED, "end_time": NOW + 3},
        "open": {},
        "paused": {"status": WorkflowStatus.PAUSED},
        "child": {"status": COMPLETED, "end_time": NOW, "parent_workflow_id": "early"},
        "orphan": {"status": COMPLETED, "end_time": NOW + 2, "parent_workflow_id": "gone"},
        "other": {"status": COMPLETED, "end_time": NOW, "name": "ship"},
        "grandchild": {"parent_workflow_id": "child", "name": "ship"},
    }
    await stored(store, [born(a_workflow(workflow_id, **fields)) for workflow_id, fields in runs.items()])


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ({}, "early orphan late"),
        ({"before": NOW + 3}, "early orphan"),
        ({"before": NOW + 1}, ""),
        ({"statuses": [FAILED]}, "bad"),
        ({"limit": 1}, "early"),
        ({"limit": 1, "skip": 1}, "orphan"),
        ({"spare": 1}, "early orphan"),
        ({"spare": 2}, "early"),
        ({"spare": 3}, ""),
        ({"spare": 9}, ""),
        ({"spare": 1, "before": NOW + 2}, "early"),
        ({"name": "ship"}, "other"),
        ({"name": "nothing"}, ""),
    ],
)
async def test_ended_runs_come_oldest_first_without_those_of_others(store: Store, asked: dict[str, Any], expected: str) -> None:
    await filled(store)

    wanted: dict[str, Any] = {"name": "order", "statuses": [COMPLETED], "before": NOW + 9, "limit": 9} | asked
    assert await store.ended(Ended(**wanted)) == expected.split()


async def test_offspring_comes_deepest_first(store: Store) -> None:
    await filled(store)

    below = [
        Offspring(root="early", workflow_id="grandchild", status=RUNNING),
        Offspring(root="early", workflow_id="child", status=COMPLETED),
    ]
    assert await store.offspring(["early", "late"]) == below
    assert await store.offspring([]) == []


async def test_names_are_those_of_runs(store: Store) -> None:
    assert await store.workflow_names() == []
    await filled(store)

    assert await store.workflow_names() == ["order", "ship"]


async def test_a_definition_is_forgotten_when_no_run_has_it_and_comes_back_with_one(store: Store) -> None:
    run = a_workflow()
    other = replace(born(a_workflow("w2", definition_hash="other")), definition=WorkflowDef(name="other", version=1))
    await stored(store, [born(run), other])
    assert await store.delete_unused_definitions(9) == 0

    await stored(store, [moved(run, removed=True)])

    assert [await store.delete_unused_definitions(9), await store.delete_unused_definitions(9)] == [1, 0]
    await stored(store, [born(a_workflow("w3", definition_hash=HASH))])
    loaded = await store.load("w3")
    assert loaded is not None
    assert loaded.definition is not None
