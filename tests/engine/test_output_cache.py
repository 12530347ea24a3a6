"""cacheConfig: a finished task's output is taken over by the next one with the same key (spec/engine.md §10.7, spec/tasks.md §1.11)."""

from __future__ import annotations

from typing import Any

import pytest

from podium.model.json import Json, JsonObject
from podium.model.status import TaskStatus
from tests.engine.flow import Flow
from tests.engine.given import dynamic_fork, fork, inline, loop, node
from tests.engine.world import SECOND, World

KEPT = {"key": "${k}", "ttlInSecond": 60}


def cached(world: World, key: Json = 1, **fields: Any) -> Flow:
    """A run whose only task has the cache."""
    return world.start(node("a", cacheConfig=KEPT, inputParameters={"k": "${workflow.input.k}"}, **fields), input_={"k": key})


def test_the_next_task_with_the_same_key_is_done_at_once_with_the_same_output(world: World) -> None:
    cached(world).complete("a", {"x": 1})
    flow = cached(world)
    task = flow.task("a")
    assert (flow.status, task.status, task.output.value) == ("COMPLETED", TaskStatus.COMPLETED, {"x": 1})
    assert (task.ready_at, task.poll_count, task.start_time, task.end_time) == (0, 0, world.now, world.now)
    assert world.ready() == []


def test_another_key_another_output(world: World) -> None:
    cached(world, 1).complete("a", {"x": 1})
    assert cached(world, 2).task("a").status is TaskStatus.SCHEDULED


def test_what_is_kept_is_good_until_its_time_is_over(world: World) -> None:
    cached(world).complete("a")
    world.now += 59 * SECOND
    assert cached(world).status == "COMPLETED"
    world.now += SECOND
    assert cached(world).status == "RUNNING"


def test_taking_over_does_not_lengthen_the_time(world: World) -> None:
    cached(world).complete("a")
    world.now += 40 * SECOND
    cached(world)
    world.now += 40 * SECOND
    assert cached(world).status == "RUNNING"


def test_only_a_completed_task_is_kept(world: World) -> None:
    world.task("a", retryCount=0)
    cached(world).fail("a")
    assert cached(world).status == "RUNNING"


def test_a_task_that_fails_its_output_schema_is_not_kept(world: World) -> None:
    world.task("a", outputSchema={"data": {"required": ["n"]}}, enforceSchema=True)
    assert cached(world).complete("a").status == "FAILED"
    assert world.knowledge.cached == {}


def test_a_wrong_input_is_not_answered_out_of_the_cache(world: World) -> None:
    cached(world).complete("a")
    world.task("a", inputSchema={"data": {"properties": {"k": {"type": "string"}}}}, enforceSchema=True)
    assert cached(world).standing == ["a FAILED_WITH_TERMINAL_ERROR"]


def test_an_output_that_lies_elsewhere_is_not_kept(world: World) -> None:
    cached(world).report("a", "COMPLETED", output_path="stored/1")
    assert cached(world).status == "RUNNING"


def test_the_cache_belongs_to_the_name_of_the_task_definition(world: World) -> None:
    cached(world).complete("a", {"x": 1})
    same = node("other", cacheConfig=KEPT, inputParameters={"k": 1}) | {"name": "a"}
    assert world.start(same).task("other").output.value == {"x": 1}
    assert world.start(node("b", cacheConfig=KEPT, inputParameters={"k": 1})).status == "RUNNING"


def test_the_task_definition_may_hold_the_cache_and_the_node_overrules_it(world: World) -> None:
    world.task("a", cacheConfig={"key": "one", "ttlInSecond": 60})
    world.start(node("a")).complete("a")
    assert world.start(node("a")).status == "COMPLETED"
    assert world.start(node("a", cacheConfig={"key": "two", "ttlInSecond": 60})).status == "RUNNING"


@pytest.mark.parametrize(
    ("key", "given", "kept"),
    [
        ("${uri}-${method}", {"uri": "/x", "method": "GET"}, "/x-GET"),
        ("${user}", {"user": {"id": 1}}, '{"id":1}'),
        ("${user.id}", {"user": {"id": 1}}, "1"),
        ("constant", {}, "constant"),
        ("${absent}", {}, None),
        ("", {}, None),
    ],
)
def test_the_key_is_a_template_over_the_input(world: World, key: str, given: JsonObject, kept: str | None) -> None:
    world.start(node("a", cacheConfig={"key": key, "ttlInSecond": 1}, inputParameters=given)).complete("a")
    assert list(world.knowledge.cached) == ([] if kept is None else [("a", kept)])


def test_a_long_key_is_kept_as_its_digest(world: World) -> None:
    cached(world, "x" * 10_000).complete("a")
    assert [len(key) for _, key in world.knowledge.cached] == [64]
    assert cached(world, "x" * 10_000).status == "COMPLETED"


def test_within_one_decision_the_outputs_of_its_own_tasks_count(world: World) -> None:
    flow = world.start(
        node("a", cacheConfig=KEPT, inputParameters={"k": 1}), node("b", cacheConfig=KEPT, inputParameters={"k": 1}) | {"name": "a"}
    )
    asked = len(world.knowledge.asked)
    assert flow.complete("a", {"x": 1}).status == "COMPLETED"
    assert (flow.task("b").output.value, len(world.knowledge.asked)) == ({"x": 1}, asked)


def test_a_fork_asks_for_all_of_its_branches_at_once(world: World) -> None:
    branches = [[node(f"a{number}", cacheConfig=KEPT, inputParameters={"k": number}) | {"name": "a"}] for number in range(5)]
    cached(world, 3).complete("a")
    world.knowledge.asked.clear()
    flow = world.start(*fork("f", *branches))
    assert [len(questions) for questions in world.knowledge.asked] == [5]
    assert [task.ref for task in flow.tasks if task.base_ref.startswith("a") and task.status is TaskStatus.COMPLETED] == ["a3"]


def test_a_question_in_the_middle_of_a_long_decision_loses_nothing(world: World) -> None:
    body = [inline(f"i{number}", "1") for number in range(40)]
    cached(world).complete("a", {"x": 1})
    flow = world.start(*body, node("a", cacheConfig=KEPT, inputParameters={"k": 1}), inline("z", "1"))
    assert flow.status == "COMPLETED"


def test_an_iteration_of_a_loop_takes_over_what_the_first_has_brought(world: World) -> None:
    flow = world.start(loop("l", 3, node("a", cacheConfig=KEPT, inputParameters={"k": 1})))
    assert flow.complete("a__1", {"x": 1}).status == "COMPLETED"
    assert flow.task("a__3").output.value == {"x": 1}


def test_tasks_that_data_names_have_the_cache_of_their_definition(world: World) -> None:
    world.task("x", cacheConfig={"key": "${n}", "ttlInSecond": 60})
    named = node("d", "DYNAMIC", dynamicTaskNameParam="t", inputParameters={"t": "x", "n": 1})
    world.start(named).complete("d", {"y": 1})
    assert world.start(named).task("d").output.value == {"y": 1}
    branches = [{"name": "x", "taskReferenceName": ref, "type": "SIMPLE"} for ref in ("p", "q")]
    flow = world.start(*dynamic_fork("f", {"tasks": branches, "inputs": {"p": {"n": 1}, "q": {"n": 2}}}))
    assert (flow.task("p").status, flow.task("q").status) == (TaskStatus.COMPLETED, TaskStatus.SCHEDULED)


def test_tasks_that_the_server_runs_itself_have_it_too(world: World) -> None:
    call = node(
        "h", "HTTP", cacheConfig={"key": "h", "ttlInSecond": 60}, inputParameters={"http_request": {"uri": "http://x", "method": "GET"}}
    )
    flow = world.start(call)
    world.poll("HTTP")
    flow.complete("h", {"response": {}})
    assert world.start(call).status == "COMPLETED"


def test_tasks_that_wait_in_no_queue_are_not_kept(world: World) -> None:
    world.start(node("w", "WAIT", cacheConfig={"key": "w", "ttlInSecond": 60})).complete("w")
    assert world.knowledge.cached == {}
