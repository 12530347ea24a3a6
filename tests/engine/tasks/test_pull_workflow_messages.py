"""PULL_WORKFLOW_MESSAGES and the queue of a workflow (spec/tasks.md §4.9)."""

from __future__ import annotations

from typing import Any

import pytest

from podium.errors import Conflict, Limited
from podium.model import command as words
from podium.model.json import JsonObject
from podium.model.payload import Payload
from podium.model.task import Task
from tests.engine.flow import Flow
from tests.engine.given import Node, fork, node
from tests.engine.world import World


def pull(ref: str = "p", **parameters: Any) -> Node:
    return node(ref, "PULL_WORKFLOW_MESSAGES", inputParameters=parameters)


def a_push(flow: Flow, payload: JsonObject, pushed_id: str = "m", most: int = 100, most_bytes: int = 10_000) -> words.PushMessage:
    return words.PushMessage(workflow_id=flow.id, pushed_id=pushed_id, payload=Payload.of(payload), most=most, most_bytes=most_bytes)


def push(flow: Flow, *payloads: JsonObject) -> None:
    for payload in payloads:
        flow.world.do(a_push(flow, payload))


def taken(task: Task) -> list[Any]:
    messages = task.output.value["messages"]
    assert isinstance(messages, list)
    assert task.output.value["count"] == len(messages)
    return [message["payload"] for message in messages if isinstance(message, dict)]


def test_a_waiting_pull_ends_in_the_decision_that_brings_a_message(world: World) -> None:
    flow = world.start(pull(batchSize=10), node("a"))
    assert flow.standing == ["p IN_PROGRESS"]
    revision = flow.run.workflow.revision
    assert flow.world.do(a_push(flow, {"k": 1}, "m1")) == "m1"
    assert flow.standing == ["p COMPLETED", "a SCHEDULED"]
    assert flow.run.workflow.revision == revision + 1
    message = {"id": "m1", "workflowId": flow.id, "payload": {"k": 1}, "receivedAt": "2023-11-14T22:13:20.000Z"}
    assert flow.task("p").output.value == {"messages": [message], "count": 1}


def test_messages_are_taken_in_order_each_once(world: World) -> None:
    flow = world.start(node("a"), pull("p", batchSize=2), pull("q"), pull("r", batchSize=9, blocking=False), pull("s", blocking=False))
    push(flow, {"n": 1}, {"n": 2}, {"n": 3}, {"n": 4})
    flow.complete("a")
    assert [taken(flow.task(ref)) for ref in "pqrs"] == [[{"n": 1}, {"n": 2}], [{"n": 3}], [{"n": 4}], []]
    assert (flow.run.workflow.messages, flow.run.workflow.message_count) == ((), 4)


@pytest.mark.parametrize(("given", "size"), [(None, 1), (0, 1), (-3, 1), ("2", 2), ("some", 1), (1000, 100), ({}, 1), (True, 1)], ids=str)
def test_the_batch_size_is_held_between_1_and_100(world: World, given: Any, size: int) -> None:
    flow = world.start(node("a"), pull(batchSize=given))
    commands = [a_push(flow, {"n": n}, most=200) for n in range(120)]
    world.do(*commands)
    flow.complete("a")
    assert len(taken(flow.task("p"))) == size


@pytest.mark.parametrize("given", [True, "false", 0, None])
def test_only_false_does_not_wait(world: World, given: Any) -> None:
    assert world.start(pull(blocking=given)).standing == ["p IN_PROGRESS"]


def test_of_several_that_wait_the_first_takes_first(world: World) -> None:
    flow = world.start(fork("f", [pull("p", batchSize=5)], [pull("q", batchSize=5)]))
    push(flow, {"n": 1})
    assert (taken(flow.task("p")), flow.task("q").status.value) == ([{"n": 1}], "IN_PROGRESS")
    push(flow, {"n": 2})
    assert taken(flow.task("q")) == [{"n": 2}]


def test_only_a_running_workflow_takes_messages(world: World) -> None:
    flow = world.start(node("a"))
    push(flow, {"n": 1})
    flow.pause()
    with pytest.raises(Conflict):
        push(flow, {"n": 2})
    flow.resume()
    push(flow, {"n": 3})
    assert [message.payload.value for message in flow.run.workflow.messages] == [{"n": 1}, {"n": 3}]
    flow.terminate()
    with pytest.raises(Conflict):
        push(flow, {"n": 4})
    assert flow.run.workflow.messages == ()


def test_a_full_queue_takes_no_more_and_keeps_what_it_has(world: World) -> None:
    flow = world.start(node("a"))
    push(flow, {"n": 1})
    with pytest.raises(Limited):
        world.do(a_push(flow, {"n": 2}, most=1))
    with pytest.raises(Limited):
        world.do(a_push(flow, {"n": 2}, most_bytes=10))
    assert len(flow.run.workflow.messages) == 1


def test_a_restarted_workflow_begins_with_an_empty_queue(world: World) -> None:
    flow = world.start(node("a"), pull())
    push(flow, {"n": 1})
    flow.terminate().restart()
    flow.complete("a")
    assert flow.standing == ["a COMPLETED", "p IN_PROGRESS"]
    push(flow, {"n": 2})
    assert taken(flow.task("p")) == [{"n": 2}]


def test_a_rerun_pull_waits_again(world: World) -> None:
    flow = world.start(pull())
    push(flow, {"n": 1})
    flow.rerun("p")
    assert flow.standing == ["p IN_PROGRESS"]
    push(flow, {"n": 2})
    assert taken(flow.task("p")) == [{"n": 2}]


def test_somebody_may_end_a_pull(world: World) -> None:
    assert world.start(pull()).complete("p", {"own": True}).output == {"own": True}
