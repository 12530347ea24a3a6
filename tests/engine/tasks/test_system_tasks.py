"""Tasks that run inside the decision: SET_VARIABLE, INLINE, LAMBDA, JSON_JQ_TRANSFORM, NOOP, EVENT (spec/engine.md §0.4)."""

from __future__ import annotations

from podium.model import command as words
from podium.model.status import TaskStatus
from tests.engine.given import inline, node, setting
from tests.engine.world import World


def jq(ref: str, query: str, **parameters: object) -> dict[str, object]:
    return node(ref, "JSON_JQ_TRANSFORM", inputParameters={"queryExpression": query, **parameters})


def test_variables_are_merged_key_by_key_and_visible_to_the_next_task(world: World) -> None:
    flow = world.start(setting("s", a=1), setting("t", b="${workflow.variables.a}", c=None), variables={"a": 0, "z": 9})
    assert flow.variables == {"a": 1, "b": 1, "c": None, "z": 9}
    assert flow.task("t").output.value == {}


def test_tasks_that_were_planned_before_keep_the_old_variables(world: World) -> None:
    from tests.engine.given import fork

    flow = world.start(setting("s", v=1), fork("f", [setting("t", v=2)], [node("a", inputParameters={"v": "${workflow.variables.v}"})]))
    assert flow.task("a").input.value == {"v": 1}


def test_variables_over_256_kilobytes_fail_and_change_nothing(world: World) -> None:
    flow = world.start(setting("s", big="x" * 300_000), variables={"small": 1})
    assert (flow.task("s").status, flow.status) == (TaskStatus.FAILED_WITH_TERMINAL_ERROR, "FAILED")
    assert flow.variables == {"small": 1}
    assert (flow.task("s").reason or "").endswith("is greater than the permissible limit: 256 kilobytes")


def test_all_variables_may_be_copied_into_one(world: World) -> None:
    assert world.start(setting("s", a=1), setting("t", copy="${workflow.variables}")).variables == {"a": 1, "copy": {"a": 1}}


def test_a_whole_chain_runs_in_one_decision(world: World) -> None:
    flow = world.start(inline("a", "6"), setting("s", v="${a.output.result}"), jq("q", ".v", v="${workflow.variables.v}"))
    assert (flow.status, flow.run.workflow.revision) == ("COMPLETED", 1)
    assert flow.output == {"result": 6, "resultList": [6]}


def test_a_jq_result_is_visible_to_the_task_after_it(world: World) -> None:
    assert world.start(jq("q", ".a[]", a=[1, 2]), setting("s", all="${q.output.resultList}")).variables == {"all": [1, 2]}


def test_an_inline_error_is_never_retried(world: World) -> None:
    flow = world.start(inline("a", "throw 'no'") | {"retryCount": 3})
    assert flow.standing == ["a FAILED_WITH_TERMINAL_ERROR"]


def test_a_lambda_error_is_retried_at_once(world: World) -> None:
    world.task("a", retryCount=1)
    flow = world.start(node("a", "LAMBDA", inputParameters={"scriptExpression": "throw 'no'"}))
    assert flow.standing == ["a FAILED", "a FAILED"]


def test_a_noop_completes(world: World) -> None:
    assert world.start(node("n", "NOOP"), node("a")).standing == ["n COMPLETED", "a SCHEDULED"]


def test_noop_has_no_input(world: World) -> None:
    assert world.start(node("n", "NOOP", inputParameters={"p": 1})).task("n").input.value == {}


def test_an_event_names_its_queue_and_is_published_once(world: World) -> None:
    flow = world.start(node("e", "EVENT", sink="conductor:news", inputParameters={"k": 1}), node("a"))
    assert [message.queue for message in world.published] == ["conductor:flow:news"]
    assert world.published[0].payload["k"] == 1
    flow.complete("a")
    assert len(world.published) == 1


def test_an_event_without_a_provider_fails(world: World) -> None:
    flow = world.start(node("e", "EVENT", sink="carrier-pigeon:loft"))
    assert flow.standing == ["e FAILED"]
    assert world.published == []


def test_an_event_that_a_handler_listens_to_needs_no_provider(world: World) -> None:
    world.shelf.events = {"github:push", "alarm", "kafka:orders"}
    flow = world.start(node("e", "EVENT", sink="github:push"), node("f", "EVENT", sink="alarm"), node("g", "EVENT", sink="kafka:orders"))
    assert flow.standing == ["e COMPLETED", "f COMPLETED", "g FAILED"]
    assert [message.queue for message in world.published] == ["github:push", "alarm"]


def test_an_async_complete_event_is_published_once_and_waits(world: World) -> None:
    flow = world.start(node("e", "EVENT", sink="conductor", asyncComplete=True), node("a"))
    flow.do(words.Evaluate)
    assert (flow.task("e").status, len(world.published)) == (TaskStatus.IN_PROGRESS, 1)
    flow.complete("e")
    assert flow.task("a").status is TaskStatus.SCHEDULED


def test_an_event_that_is_run_again_is_published_again(world: World) -> None:
    flow = world.start(node("e", "EVENT", sink="conductor"))
    world.advance(1)
    flow.rerun("e")
    assert len(world.published) == 2
