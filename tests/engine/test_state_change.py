"""onStateChange: what a node has published when its task is scheduled, starts or ends (spec/engine.md §10.1)."""

from __future__ import annotations

from typing import Any

import pytest

from podium.model import command as words
from podium.model.json import JsonObject
from tests.engine.given import dynamic_fork, inline, node, wait
from tests.engine.world import World

ALL = "onScheduled,onStart, onSuccess,onFailed,onCancelled"


def telling(ref: str, states: str = ALL, type_: str = "SIMPLE", payload: JsonObject | None = None, **fields: Any) -> dict[str, Any]:
    return node(ref, type_, onStateChange={states: [{"type": "moved", "payload": payload or {}}]}, **fields)


def told(world: World) -> list[str]:
    """The states that were published, in order."""
    return [publish.message_id.split(":")[2] for publish in world.published]


def test_a_worker_s_task_tells_when_it_is_scheduled_starts_and_ends(world: World) -> None:
    flow = world.start(telling("a"))
    assert told(world) == ["onScheduled"]
    task = world.poll("a")
    flow.do(words.AnnounceStart, task_id=task.task_id)
    assert told(world) == ["onScheduled", "onStart"]
    flow.complete("a")
    assert told(world) == ["onScheduled", "onStart", "onSuccess"]


def test_a_start_that_was_not_announced_is_told_by_the_next_decision_and_once(world: World) -> None:
    flow = world.start(telling("a"))
    task = world.poll("a")
    flow.complete("a")
    flow.do(words.AnnounceStart, task_id=task.task_id)
    assert told(world) == ["onScheduled", "onStart", "onSuccess"]


def test_announcing_a_start_does_not_lengthen_the_lease(world: World) -> None:
    world.task("a", responseTimeoutSeconds=10, retryCount=0)
    flow = world.start(telling("a"))
    task = world.poll("a")
    world.now += 5_000
    flow.do(words.AnnounceStart, task_id=task.task_id)
    assert flow.task("a").update_time == task.update_time


@pytest.mark.parametrize(
    ("status", "state"),
    [("FAILED", "onFailed"), ("FAILED_WITH_TERMINAL_ERROR", "onFailed"), ("COMPLETED", "onSuccess"), ("CANCELED", "onCancelled")],
)
def test_each_end_has_its_state(world: World, status: str, state: str) -> None:
    world.task("a", retryCount=0)
    flow = world.start(telling("a"))
    world.poll("a")
    flow.report("a", status)
    assert told(world)[-1] == state


def test_a_time_out_is_a_failure_and_an_end_from_outside_a_cancellation(world: World) -> None:
    world.task("a", timeoutSeconds=5, retryCount=0, timeoutPolicy="RETRY")
    world.start(telling("a"))
    world.poll("a")
    world.advance(6)
    world.start(telling("b")).terminate()
    assert told(world) == ["onScheduled", "onStart", "onFailed", "onScheduled", "onCancelled"]


def test_every_attempt_tells(world: World) -> None:
    world.task("a", retryCount=1, retryDelaySeconds=0)
    flow = world.start(telling("a"))
    for _ in range(2):
        world.poll("a")
        flow.fail("a")
    assert sorted(told(world)) == sorted(["onScheduled", "onStart", "onFailed"] * 2)
    assert len({publish.message_id for publish in world.published}) == 6


def test_work_that_is_put_back_is_not_scheduled_or_started_again(world: World) -> None:
    flow = world.start(telling("a"))
    for _ in range(3):
        world.poll("a")
        flow.report("a", "IN_PROGRESS")
    assert told(world) == ["onScheduled", "onStart"]


def test_a_task_inside_of_one_decision_tells_all(world: World) -> None:
    world.start({**inline("i", "1"), "onStateChange": {ALL: [{"type": "moved"}]}})
    assert told(world) == ["onScheduled", "onStart", "onSuccess"]


def test_a_wait_starts_when_it_is_scheduled(world: World) -> None:
    world.start({**wait("w", "5s"), "onStateChange": {ALL: [{"type": "moved"}]}})
    assert told(world) == ["onScheduled", "onStart"]
    world.advance(6)
    assert told(world)[2:] == ["onSuccess"]


def test_a_task_that_runs_again_tells_again(world: World) -> None:
    flow = world.start(telling("a"))
    world.poll("a")
    flow.complete("a")
    world.published.clear()
    flow.rerun("a")
    world.poll("a")
    flow.complete("a")
    assert told(world) == ["onScheduled", "onStart", "onSuccess"]


def test_a_task_that_takes_its_output_from_the_cache_tells(world: World) -> None:
    kept = telling("a", "onSuccess", cacheConfig={"key": "k", "ttlInSecond": 60})
    world.start(kept).complete("a")
    world.start(kept)
    assert told(world) == ["onSuccess", "onSuccess"]


def test_a_skipped_task_tells_nothing(world: World) -> None:
    flow = world.start(node("z"), telling("a"))
    flow.skip("a")
    flow.complete("z")
    assert world.published == []


def test_the_payload_is_resolved_like_a_task_s_input_and_comes_with_the_facts(world: World) -> None:
    flow = world.start(
        node("z"),
        telling("a", "onSuccess", payload={"n": "${a.output.n}", "before": "${z.output.v}", "id": "${CPEWF_TASK_ID}", "taskStatus": "own"}),
        started={"correlation_id": "c"},
    )
    flow.complete("z", {"v": 1}).complete("a", {"n": 2})
    (publish,) = world.published
    assert publish.queue == "moved"
    assert publish.payload == {
        "workflowInstanceId": flow.id,
        "workflowType": "flow",
        "workflowVersion": 1,
        "correlationId": "c",
        "taskId": flow.task("a").task_id,
        "taskReferenceName": "a",
        "taskStatus": "own",
        "n": 2,
        "before": 1,
        "id": flow.task("a").task_id,
    }


def test_an_event_may_name_its_queue_in_its_payload(world: World) -> None:
    events = [
        {"type": "event", "payload": {"sink": "conductor:done"}},
        {"type": "event", "payload": {"sink": "kafka:done"}},
        {"type": "event"},
    ]
    world.start(node("a", onStateChange={"onSuccess": events})).complete("a")
    assert [publish.queue for publish in world.published] == ["conductor:flow:done", "kafka:done", "event"]


def test_the_branches_of_a_dynamic_fork_tell(world: World) -> None:
    branch = telling("p", "onScheduled,onStart")
    flow = world.start(*dynamic_fork("f", {"tasks": [branch], "inputs": {}}))
    world.poll("p")
    flow.complete("p")
    assert told(world) == ["onScheduled", "onStart"]


def test_states_and_types_that_nobody_knows_do_no_harm(world: World) -> None:
    changes = {"onWhim": [{"type": "x"}], "onSuccess": [{"type": None}, {"payload": {}}]}
    assert world.start(node("a", onStateChange=changes)).complete("a").status == "COMPLETED"
    assert world.published == []
