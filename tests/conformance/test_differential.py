"""Differential testing, as far as it needs no real server: what is generated, how it is run, what counts as a difference."""

from __future__ import annotations

import copy
import json
import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from tools.differential.comparing import ABSENT, Difference, differences, visible
from tools.differential.deliberate import deliberate, unexplained
from tools.differential.generator import Case, make
from tools.differential.running import Answer, run
from tools.differential.servers import own

from podium.testing.server import TestServer

OPERATORS = {
    *("SIMPLE", "INLINE", "JSON_JQ_TRANSFORM", "SET_VARIABLE", "NOOP", "WAIT", "HUMAN", "TERMINATE", "DYNAMIC", "SWITCH", "DECISION"),
    *("FORK_JOIN", "FORK_JOIN_DYNAMIC", "JOIN", "EXCLUSIVE_JOIN", "DO_WHILE", "SUB_WORKFLOW", "START_WORKFLOW"),
}
CASE = Case(1, [], [{"name": "w", "tasks": [{"type": "JOIN"}]}], "w", {})


async def answer(seed: int) -> Answer:
    async with own() as server:
        return await run(server, make(seed))


def types(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        if "taskReferenceName" in value and "type" in value:
            yield value["type"]
        for one in value.values():
            yield from types(one)
    elif isinstance(value, list):
        for one in value:
            yield from types(one)


def answered(**task: Any) -> Answer:
    workflow = {"workflowName": "w", "status": "COMPLETED", "output": {"r": 1}}
    shown = {"seq": "1", "taskId": str(uuid.uuid4()), "referenceTaskName": "a", "taskType": "INLINE", "status": "COMPLETED", **task}
    return {"reports": [], "workflows": {"root": {**workflow, "tasks": [shown]}}}


def test_a_seed_makes_the_same_definitions_each_time() -> None:
    assert [make(seed) for seed in range(20)] == [make(seed) for seed in range(20)]
    assert make(1) != make(2)


def test_three_hundred_seeds_use_every_operator() -> None:
    assert {one for seed in range(300) for one in types(make(seed).workflow_definitions)} >= OPERATORS


def test_one_case_shares_no_names_with_another() -> None:
    names = [one["name"] for seed in range(50) for one in (*make(seed).workflow_definitions, *make(seed).task_definitions)]
    assert len(names) == len(set(names))


async def test_what_is_generated_is_valid() -> None:
    async with TestServer() as server:
        for case in map(make, range(300)):
            if case.task_definitions:
                tasks = await server.client.post("/api/metadata/taskdefs", json=case.task_definitions)
                assert tasks.status_code == 200, (case.seed, tasks.text)
            for definition in case.workflow_definitions:
                workflow = await server.client.put("/api/metadata/workflow", json=[definition])
                assert workflow.status_code == 200, (case.seed, workflow.text)


@pytest.mark.parametrize("seed", range(12))
async def test_podium_does_not_differ_from_itself(seed: int) -> None:
    first, second = await answer(seed), await answer(seed)
    assert first["workflows"]["root"]["status"] in ("COMPLETED", "FAILED", "TERMINATED")
    assert differences(first, second) == []


async def test_a_run_that_ends_otherwise_is_found() -> None:
    one = await answer(1)
    other = copy.deepcopy(one)
    other["workflows"]["root"]["status"] = "PAUSED"
    (found,) = differences(one, other)
    assert (found.path, found.podium) == ("root/status", "PAUSED")


def test_ids_and_moments_are_no_difference() -> None:
    assert (
        differences(
            answered(outputData={"id": str(uuid.uuid4()), "at": 1_790_000_000_000}),
            answered(outputData={"id": str(uuid.uuid4()), "at": 1_700_000_000_000}),
        )
        == []
    )


@pytest.mark.parametrize(("one", "other"), [(1, 1.0), (1, True), (0, False), (None, ""), ([1], [1.0]), ({}, []), ("a", "b")])
def test_equal_is_what_has_the_same_type_as_well(one: Any, other: Any) -> None:
    (found,) = differences(answered(outputData={"v": [one]}), answered(outputData={"v": [other]}))
    assert found.path.startswith("root/tasks/a#0/outputData/v")


def test_a_difference_within_a_list_is_told_with_its_place() -> None:
    (found,) = differences(answered(outputData={"v": [{"a": 1}, {"a": 2}]}), answered(outputData={"v": [{"a": 1}, {"a": 3}]}))
    assert (found.path, found.oracle, found.podium) == ("root/tasks/a#0/outputData/v/1/a", 2, 3)


def test_a_map_within_a_text_has_no_order() -> None:
    assert differences(answered(outputData={"t": "{a=1, b={c=2}}"}), answered(outputData={"t": "{b={c=2}, a=1}"})) == []


def test_who_registered_a_definition_and_when_is_no_difference() -> None:
    definition = {"name": "d", "createTime": 1, "createdBy": ""}
    other = {"name": "d", "createTime": 2, "createdBy": "anonymous"}
    assert differences(answered(inputData={"d": [definition]}), answered(inputData={"d": [other]})) == []


def test_a_task_that_one_server_has_alone_is_absent_on_the_other() -> None:
    without = answered()
    without["workflows"]["root"]["tasks"] = []
    assert [(one.path, one.podium) for one in differences(answered(), without)] == [("root/order", []), ("root/tasks/a#0", ABSENT)]


def test_a_refusal_is_compared_by_its_status_and_place() -> None:
    refused = {"refused": 400, "at": "/api/workflow", "said": "one thing"}
    assert differences(refused, {**refused, "said": "another"}) == []
    assert [one.path for one in differences(refused, {**refused, "refused": 500})] == ["refused"]


def test_a_deliberate_difference_is_explained_and_another_is_not() -> None:
    meant = Difference("root/tasks/a#0/status", "FAILED", "COMPLETED_WITH_ERRORS")
    other = Difference("root/tasks/a#0/status", "FAILED", "COMPLETED")
    rest, used = unexplained(CASE, [meant, other])
    assert rest == [other]
    assert len(used) == 1


def test_every_deliberate_difference_says_why_and_where_its_rule_stands() -> None:
    assert [one.name for one in deliberate() if not (one.because and ("§" in one.spec or "differences.md" in one.spec))] == []
    assert len({one.name for one in deliberate()}) == len(deliberate())


def test_what_is_visible_is_plain_json() -> None:
    assert json.loads(json.dumps(visible(answered()))) == visible(answered())
