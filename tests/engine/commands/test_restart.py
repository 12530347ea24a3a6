"""Restart: an ended run starts over under the same id (spec/engine.md §7.4)."""

from __future__ import annotations

import pytest

from podium.engine.definitions import complete, definition_hash
from podium.errors import Conflict, NotFound
from podium.model import command as words
from tests.engine.given import child, defined, node, setting
from tests.engine.world import NOW, World


@pytest.fixture(autouse=True)
def _no_retries(world: World) -> None:
    for name in ("a", "b", "x"):
        world.task(name, retryCount=0)


def test_it_forgets_tasks_output_reason_names_and_variables_and_keeps_the_rest(world: World) -> None:
    started = {"correlation_id": "c", "priority": 7}
    flow = world.start(node("a"), setting("s", n=5), node("b"), input_={"i": 1}, started=started, variables={"n": 1})
    flow.complete("a").fail("b", "broken")
    world.now += 9_000
    flow.restart()
    workflow = flow.run.workflow
    assert (flow.status, flow.standing, flow.output, flow.reason) == ("RUNNING", ["a SCHEDULED"], {}, None)
    assert (workflow.failed_task_id, workflow.failed_refs, flow.variables) == (None, (), {"n": 1})
    assert (workflow.create_time, workflow.end_time, workflow.last_retried_time) == (NOW + 9_000, 0, 0)
    assert (workflow.input.value, workflow.correlation_id, workflow.priority) == ({"i": 1}, "c", 7)
    assert flow.task("a").seq == 1


def test_the_run_goes_to_its_end_again(world: World) -> None:
    flow = world.start(node("a"), node("b"))
    flow.complete("a").fail("b").restart().complete_all("a", "b")
    assert flow.status == "COMPLETED"


def test_task_ids_are_never_used_again(world: World) -> None:
    flow = world.start(node("a"))
    before = flow.task("a").task_id
    flow.fail("a").restart()
    assert flow.task("a").task_id != before


def test_only_an_ended_run_restarts(world: World) -> None:
    with pytest.raises(Conflict):
        world.start(node("a")).restart()


def test_a_completed_run_that_is_not_restartable_stays(world: World) -> None:
    flow = world.start(node("a"), restartable=False)
    flow.complete("a")
    with pytest.raises(NotFound, match="is non-restartable"):
        flow.restart()


def test_a_failed_run_that_is_not_restartable_restarts_all_the_same(world: World) -> None:
    flow = world.start(node("a"), restartable=False)
    assert flow.fail("a").restart().status == "RUNNING"


def test_it_may_go_on_with_a_newer_definition(world: World) -> None:
    flow = world.start(node("a"))
    flow.fail("a")
    newer = complete(defined("flow", node("b"), version=2), world.shelf)
    flow.do(words.RestartWorkflow, definition=newer, definition_hash=definition_hash(newer))
    assert (flow.standing, flow.run.workflow.version) == (["b SCHEDULED"], 2)
    flow.complete("b")
    assert flow.status == "COMPLETED"


def test_a_restarted_child_makes_its_parent_run_again_with_the_same_child(world: World) -> None:
    world.workflow("c", node("x"))
    flow = world.start(child("s", "c"), node("z"))
    kid = flow.child("s")
    kid.fail("x")
    kid.restart()
    assert (flow.status, flow.standing, flow.child("s").id) == ("RUNNING", ["s IN_PROGRESS"], kid.id)
    kid.complete("x")
    assert flow.standing == ["s COMPLETED", "z SCHEDULED"]


def test_children_of_the_run_before_are_orphans_that_affect_nothing(world: World) -> None:
    world.workflow("c", node("x"))
    flow = world.start(child("s", "c"))
    orphan = flow.child("s")
    orphan.fail("x")
    flow.restart()
    standing = flow.standing
    orphan.retry().complete("x")
    assert (orphan.status, flow.standing) == ("COMPLETED", standing)
    assert flow.child("s").id != orphan.id
