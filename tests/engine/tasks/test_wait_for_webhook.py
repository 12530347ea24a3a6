"""WAIT_FOR_WEBHOOK and the events that are offered to a run (spec/tasks.md §4.10, spec/platform.md §2.5)."""

from __future__ import annotations

from typing import Any

import pytest

from podium.model import command as words
from tests.engine.flow import Flow
from tests.engine.given import Node, fork, node
from tests.engine.world import World


def webhook(ref: str = "w", matches: Any = None) -> Node:
    return node(ref, "WAIT_FOR_WEBHOOK", inputParameters={} if matches is None else {"matches": matches})


def offer(flow: Flow, body: Any) -> Any:
    return flow.do(words.OfferEvent, body=body)


def test_an_event_that_fits_all_matches_ends_the_task_with_its_body(world: World) -> None:
    flow = world.start(webhook(matches={"$['event']['type']": "message", "$.n": 2}), node("a"))
    assert flow.standing == ["w IN_PROGRESS"]
    assert offer(flow, {"event": {"type": "message"}, "n": 3}) == []
    assert offer(flow, {"event": {"type": "message"}, "n": 2}) == [flow.task("w").task_id]
    assert flow.task("w").output.value == {"event": {"type": "message"}, "n": 2}
    assert flow.standing == ["w COMPLETED", "a SCHEDULED"]


def test_matches_are_resolved_when_the_task_is_scheduled(world: World) -> None:
    flow = world.start(webhook(matches={"$.user": "${workflow.input.user}"}), input_={"user": "ada"})
    assert offer(flow, {"user": "bob"}) == []
    assert len(offer(flow, {"user": "ada"})) == 1


def test_matches_may_stand_side_by_side(world: World) -> None:
    flow = world.start(node("w", "WAIT_FOR_WEBHOOK", inputParameters={"$['k']": 1, "note": "no path"}))
    assert offer(flow, {"k": 2}) == []
    assert len(offer(flow, {"k": 1})) == 1


@pytest.mark.parametrize("given", [None, {}])
def test_without_matches_any_event_fits(world: World, given: Any) -> None:
    assert len(offer(world.start(webhook(matches=given)), {"any": 1})) == 1


@pytest.mark.parametrize(
    ("expected", "found", "same"),
    [
        (2, "2", True),
        ("2", 2, True),
        (True, "true", True),
        (2, 2.0, True),
        (1, True, False),
        ("null", None, False),
        (None, None, True),
        ({"a": [1]}, {"a": [1]}, True),
        ({"a": 1}, '{"a":1}', False),
        ("x", "X", False),
    ],
)
def test_numbers_and_texts_are_compared_as_texts_everything_else_as_json(world: World, expected: Any, found: Any, same: bool) -> None:
    assert bool(offer(world.start(webhook(matches={"$.k": expected})), {"k": found})) is same


def test_a_path_that_cannot_be_read_never_fits(world: World) -> None:
    assert offer(world.start(webhook(matches={"$.[": 1})), {"k": 1}) == []


def test_an_event_ends_every_task_that_it_fits(world: World) -> None:
    flow = world.start(fork("f", [webhook("v", {"$.k": 1})], [webhook("w", {"$.k": 1})], [webhook("x", {"$.k": 2})]))
    assert len(offer(flow, {"k": 1})) == 2
    assert flow.task("x").status.value == "IN_PROGRESS"


def test_an_event_that_is_no_object_is_the_body_of_the_output(world: World) -> None:
    flow = world.start(webhook())
    offer(flow, [1, 2])
    assert flow.output == {"body": [1, 2]}


def test_an_event_that_comes_before_or_after_is_missed(world: World) -> None:
    flow = world.start(node("a"), webhook())
    assert offer(flow, {"k": 1}) == []
    flow.complete("a")
    assert flow.task("w").status.value == "IN_PROGRESS"
    flow.terminate()
    assert offer(flow, {"k": 1}) == []


def test_an_event_during_a_pause_counts_and_the_flow_goes_on_afterwards(world: World) -> None:
    flow = world.start(webhook(), node("a")).pause()
    offer(flow, {"k": 1})
    assert flow.standing == ["w COMPLETED"]
    assert flow.resume().standing == ["w COMPLETED", "a SCHEDULED"]
