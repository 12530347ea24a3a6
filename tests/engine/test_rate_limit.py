"""rateLimitConfig: of the runs with one key only so many go at once (spec/engine.md §6.7)."""

from __future__ import annotations

from typing import Any

import pytest

from podium.errors import Busy, Limited
from podium.model import command as words
from podium.model.message import AdmitNext
from podium.model.slot import SlotState
from tests.engine.flow import Flow
from tests.engine.given import child, node
from tests.engine.world import World

LIMIT = {"rateLimitKey": "${workflow.input.k}", "concurrentExecLimit": 1}


def limited(world: World, key: Any = "k", config: dict[str, Any] | None = None, **fields: Any) -> Flow:
    return world.start(node("a"), input_={"k": key}, rateLimitConfig={**LIMIT, **(config or {})}, **fields)


def standing(flow: Flow) -> tuple[str, bool, list[str]]:
    return flow.status, flow.run.workflow.rate_limited, flow.standing


def test_a_run_over_the_limit_is_there_and_has_no_tasks(world: World) -> None:
    assert standing(limited(world)) == ("RUNNING", False, ["a SCHEDULED"])
    second = limited(world)
    assert standing(second) == ("RUNNING", True, [])
    assert second.run.workflow.rate_limit_key == "k"


@pytest.mark.parametrize("end", ["complete", "fail", "terminate", "remove"])
def test_when_one_ends_the_one_that_has_waited_longest_begins(world: World, end: str) -> None:
    world.task("a", retryCount=0)
    first, second, third = limited(world), limited(world), limited(world)
    match end:
        case "complete":
            first.complete("a")
        case "fail":
            first.fail("a")
        case "terminate":
            first.terminate()
        case _:
            first.do(words.RemoveWorkflow)
    assert standing(second) == ("RUNNING", False, ["a SCHEDULED"])
    assert standing(third) == ("RUNNING", True, [])
    second.complete("a")
    assert standing(third) == ("RUNNING", False, ["a SCHEDULED"])


def test_each_key_has_its_own_slots_and_all_workflows_share_them(world: World) -> None:
    limited(world, "x")
    assert not limited(world, "y").run.workflow.rate_limited
    other = world.start(node("b"), input_={"k": "x"}, rateLimitConfig=LIMIT)
    assert other.run.workflow.rate_limited


@pytest.mark.parametrize(("given", "key"), [("constant", "constant"), ("${workflow.correlationId}", "c"), (None, "flow"), ("", "flow")])
def test_the_key_is_made_from_the_workflow_and_is_its_name_when_it_comes_to_nothing(world: World, given: str | None, key: str) -> None:
    flow = limited(world, config={"rateLimitKey": given}, started={"correlation_id": "c"})
    assert flow.run.workflow.rate_limit_key == key


def test_without_a_limit_there_is_none(world: World) -> None:
    flow = limited(world, config={"concurrentExecLimit": 0})
    assert flow.run.workflow.rate_limit_key is None
    assert world.knowledge.asked == []


def test_a_start_that_is_not_to_wait_is_refused_and_leaves_nothing(world: World) -> None:
    limited(world, config={"policy": "REJECT"})
    with pytest.raises(Limited, match="Rate limit key k: 1 of 1 workflows run or wait already"):
        limited(world, config={"policy": "REJECT"})
    assert len(world.runs) == 1


def test_a_new_run_does_not_overtake_one_that_waits(world: World) -> None:
    first, second = limited(world), limited(world)
    world.holding = True
    first.complete("a")  # the slot is free, the one that waits has not heard of it yet
    third = limited(world)
    world.holding = False
    world.settle()
    assert (second.run.workflow.rate_limited, third.run.workflow.rate_limited) == (False, True)


def test_a_run_that_waits_can_be_terminated_and_takes_no_slot_then(world: World) -> None:
    first, second, third = limited(world), limited(world), limited(world)
    second.terminate()
    assert standing(second)[2] == []
    first.complete("a")
    assert not third.run.workflow.rate_limited


def test_a_paused_run_lets_others_pass_and_waits_again_when_resumed(world: World) -> None:
    first, second, third = limited(world), limited(world), limited(world)
    second.pause()
    first.complete("a")
    assert standing(second) == ("PAUSED", True, [])
    assert not third.run.workflow.rate_limited
    second.resume()
    assert standing(second) == ("RUNNING", True, [])
    third.complete("a")
    assert standing(second) == ("RUNNING", False, ["a SCHEDULED"])


def test_a_resumed_run_begins_at_once_when_a_slot_is_free(world: World) -> None:
    first, second = limited(world), limited(world)
    second.pause()
    first.complete("a")
    second.resume()
    assert standing(second) == ("RUNNING", False, ["a SCHEDULED"])


def test_a_paused_run_that_has_begun_keeps_its_slot(world: World) -> None:
    first, second = limited(world), limited(world)
    first.pause()
    assert second.run.workflow.rate_limited


@pytest.mark.parametrize("verb", ["retry", "restart", "rerun"])
def test_an_ended_run_takes_a_slot_again_or_is_refused(world: World, verb: str) -> None:
    world.task("a", retryCount=0)
    first = limited(world).fail("a")
    second = limited(world)
    with pytest.raises(Limited):
        getattr(first, verb)()
    assert first.status == "FAILED"
    second.complete("a")
    getattr(first, verb)()
    assert world.knowledge.slots[first.id].state is SlotState.HELD
    assert limited(world).run.workflow.rate_limited


def test_a_run_that_ended_while_it_waited_begins_when_it_is_restarted(world: World) -> None:
    first, second = limited(world), limited(world)
    second.terminate()
    first.complete("a")
    second.restart()
    assert standing(second) == ("RUNNING", False, ["a SCHEDULED"])


def test_a_parent_that_must_be_revived_is_asked_again_until_a_slot_is_free(world: World) -> None:
    world.task("x", retryCount=0)
    world.workflow("c", node("x"))
    parent = world.start(child("s", "c"), input_={"k": "k"}, rateLimitConfig=LIMIT)
    kid = parent.child("s").fail("x")
    other = limited(world)
    with pytest.raises(Busy):
        kid.retry()
    message = world.delivered[-1]
    other.complete("a")
    world.deliver(message)
    assert parent.status == "RUNNING"


def test_a_child_over_the_limit_waits_and_its_parent_with_it(world: World) -> None:
    world.workflow("c", node("x"), rateLimitConfig={"rateLimitKey": "c", "concurrentExecLimit": 1})
    first, second = world.start(child("s", "c")), world.start(child("s", "c"))
    assert second.child("s").standing == []
    first.child("s").complete("x")
    second.child("s").complete("x")
    assert (first.status, second.status) == ("COMPLETED", "COMPLETED")


def test_the_time_out_of_a_run_holds_while_it_waits(world: World) -> None:
    limited(world)
    second = limited(world, timeoutSeconds=10, timeoutPolicy="TIME_OUT_WF")
    world.advance(11)
    assert second.status == "TIMED_OUT"


def test_a_message_that_comes_twice_admits_once(world: World) -> None:
    first, second = limited(world), limited(world)
    first.complete("a")
    for row in [row for row in world.delivered if isinstance(row.message, AdmitNext)]:
        world.deliver(row)
    assert second.standing == ["a SCHEDULED"]
