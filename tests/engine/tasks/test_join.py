"""JOIN completes when every task it names has (spec/engine.md §3.8)."""

from __future__ import annotations

import pytest

from podium.model.status import TaskStatus
from tests.engine.given import dynamic_fork, fork, loop, node
from tests.engine.world import World


@pytest.fixture(autouse=True)
def _no_retries(world: World) -> None:
    for name in ("a", "b", "c"):
        world.task(name, retryCount=0)


def test_the_output_has_the_non_empty_outputs_by_reference(world: World) -> None:
    flow = world.start(fork("f", [node("a")], [node("b")]), node("z"))
    flow.complete("a", {"v": 1}).complete("b")
    assert flow.task("f_join").output.value == {"a": {"v": 1}}


def test_an_open_join_shows_what_it_has_gathered_so_far(world: World) -> None:
    flow = world.start(fork("f", [node("a")], [node("b")]))
    flow.complete("a", {"v": 1})
    assert flow.task("f_join").output.value == {"a": {"v": 1}}
    assert flow.task("f_join").status is TaskStatus.IN_PROGRESS


def test_a_canceled_join_does_not_see_what_has_brought_the_end(world: World) -> None:
    world.task("b", retryCount=0)
    flow = world.start(*fork("f", [node("a")], [node("b")]))
    flow.complete("a", {"n": 1})
    flow.report("b", "FAILED", {"n": 2})
    assert flow.task("f_join").output.value == {"a": {"n": 1}}
    assert flow.output == {"a": {"n": 1}}


def test_it_waits_for_exactly_what_it_names(world: World) -> None:
    flow = world.start(fork("f", [node("a")], [node("b")], join_on=["a"]), node("z"))
    flow.complete("a")
    assert flow.standing[-3:] == ["b SCHEDULED", "f_join COMPLETED", "z SCHEDULED"]


def test_branches_that_nobody_joined_keep_the_workflow_open(world: World) -> None:
    flow = world.start(fork("f", [node("a")], [node("b")], join_on=["a"]))
    flow.complete("a")
    assert flow.status == "RUNNING"
    flow.complete("b")
    assert flow.status == "COMPLETED"


def test_an_empty_list_completes_at_once(world: World) -> None:
    assert world.start(fork("f", [node("a")], join_on=[]), node("z")).task("f_join").status is TaskStatus.COMPLETED


def test_an_optional_failure_completes_it_with_errors(world: World) -> None:
    flow = world.start(fork("f", [node("a", optional=True)], [node("b")]))
    flow.fail("a").complete("b")
    join = flow.task("f_join")
    assert (join.status, join.reason) == (TaskStatus.COMPLETED_WITH_ERRORS, f"a/{flow.task('a').task_id} completed with errors")
    assert flow.status == "COMPLETED"


def test_it_waits_for_all_when_a_permissive_branch_fails_and_then_fails(world: World) -> None:
    flow = world.start(fork("f", [node("a", permissive=True)], [node("b")]))
    flow.fail("a", "broken")
    assert flow.task("f_join").status is TaskStatus.IN_PROGRESS
    flow.complete("b")
    assert (flow.task("f_join").status, flow.task("f_join").reason) == (TaskStatus.FAILED, "broken")
    assert flow.status == "FAILED"


def test_it_is_cancelled_when_every_failure_is_a_cancellation(world: World) -> None:
    flow = world.start(fork("f", [node("a", permissive=True)], [node("b", permissive=True)]))
    flow.fail("a", status="CANCELED").fail("b", status="CANCELED")
    assert flow.task("f_join").status is TaskStatus.CANCELED
    assert flow.status == "TERMINATED"


def test_a_failure_among_cancellations_fails_it(world: World) -> None:
    flow = world.start(fork("f", [node("a", permissive=True)], [node("b", permissive=True)]))
    flow.fail("a", "x", status="CANCELED").fail("b", "y")
    assert (flow.task("f_join").status, flow.task("f_join").reason) == (TaskStatus.FAILED, "x y")


def test_an_attempt_that_will_be_retried_does_not_fail_it(world: World) -> None:
    world.task("a", retryCount=1, retryDelaySeconds=0)
    flow = world.start(fork("f", [node("a")], [node("b")]))
    flow.complete("b").fail("a")
    assert flow.task("f_join").status is TaskStatus.IN_PROGRESS
    flow.complete("a", {"v": 1})
    assert (flow.status, flow.task("f_join").output.value) == ("COMPLETED", {"a": {"v": 1}})


def test_it_never_fails_early_whatever_the_order_of_reports_in_one_decision(world: World) -> None:
    world.task("a", retryCount=1, retryDelaySeconds=0)
    flow = world.start(fork("f", [node("a")], [node("b", optional=True)]))
    flow.fail("b").fail("a").complete("a")
    assert flow.task("f_join").status is TaskStatus.COMPLETED_WITH_ERRORS


def test_a_skipped_task_is_a_finished_branch(world: World) -> None:
    flow = world.start(node("first"), fork("f", [node("a"), node("a2")], [node("b")]))
    flow.skip("a2").complete_all("first", "a", "b")
    assert flow.status == "COMPLETED"


def test_a_task_skipped_while_the_join_waits_ends_the_wait(world: World) -> None:
    flow = world.start(fork("f", [node("a"), node("a2")], [node("b")]))
    flow.complete("b").skip("a2").complete("a")
    assert flow.status == "COMPLETED"


def test_joins_in_loops_read_bare_references_and_show_suffixed_ones(world: World) -> None:
    flow = world.start(loop("l", 2, *fork("f", [node("a")], [node("b")])))
    flow.complete("a__1", {"v": 1}).complete("b__1", {"v": 2})
    assert flow.task("f_join__1").input.value == {"joinOn": ["a", "b"]}
    assert flow.task("f_join__1").output.value == {"a__1": {"v": 1}, "b__1": {"v": 2}}
    flow.complete_all("a__2", "b__2")
    assert flow.status == "COMPLETED"


def test_both_modes_give_the_same_outcome(world: World) -> None:
    flow = world.start(fork("f", [node("a")], [node("b")], joinMode="SYNC"))
    flow.complete_all("a", "b")
    assert flow.status == "COMPLETED"


SCRIPT = "(function () { return $.a.status === 'COMPLETED' ? true : false })()"


def test_a_script_may_end_it_early(world: World) -> None:
    flow = world.start(fork("f", [node("a")], [node("b")], evaluatorType="js", expression=SCRIPT), node("z"))
    flow.complete("b")
    assert flow.task("f_join").status is TaskStatus.IN_PROGRESS
    flow.complete("a")
    assert flow.task("f_join").status is TaskStatus.COMPLETED


def test_a_script_may_say_how_it_ends(world: World) -> None:
    answer = "({status: 'FAILED', reasonForIncompletion: 'too few', outputData: {n: 1}})"
    flow = world.start(fork("f", [node("a")], [node("b")], evaluatorType="js", expression=answer))
    flow.complete("a")
    join = flow.task("f_join")
    assert (join.status, join.reason, join.output.value["n"]) == (TaskStatus.FAILED, "too few", 1)


def test_a_script_error_fails_it_for_good(world: World) -> None:
    flow = world.start(fork("f", [node("a")], [node("b")], evaluatorType="js", expression="nothing.here"))
    flow.complete("a")
    assert flow.task("f_join").status is TaskStatus.FAILED_WITH_TERMINAL_ERROR


def test_a_join_with_a_script_that_is_not_there_joins_all_dynamic_branches(world: World) -> None:
    flow = world.start(dynamic_fork("f", {"forkTaskName": "a", "forkTaskInputs": [1, 2]}), node("z"))
    flow.complete("_a_0")
    assert flow.task("f_join").status is TaskStatus.IN_PROGRESS
    flow.complete("_a_1")
    assert flow.task("z").status is TaskStatus.SCHEDULED


# joinStatus: Podium's own, as Conductor stores the field alone (spec/tasks.md §3.3)


def test_a_join_status_is_how_the_joined_tasks_must_have_ended(world: World) -> None:
    world.task("b", retryCount=0)
    flow = world.start(*fork("f", [node("a")], [node("b", optional=True)], joinStatus="COMPLETED"))
    flow.complete("a").fail("b")
    join = flow.task("f_join")
    assert join.status is TaskStatus.FAILED
    assert join.reason == "Expected the joined tasks to be COMPLETED, found: b is COMPLETED_WITH_ERRORS"
    assert flow.status == "FAILED"


def test_a_join_status_that_all_have_completes_the_join(world: World) -> None:
    world.task("b", retryCount=0)
    given = "COMPLETED, COMPLETED_WITH_ERRORS"
    flow = world.start(*fork("f", [node("a")], [node("b", optional=True)], joinStatus=given)).complete("a", {"x": 1}).fail("b")
    join = flow.task("f_join")
    assert (join.status, join.output.value, flow.status) == (TaskStatus.COMPLETED, {"a": {"x": 1}}, "COMPLETED")


def test_a_join_status_may_name_failures_of_permissive_branches(world: World) -> None:
    world.task("b", retryCount=0)
    flow = world.start(*fork("f", [node("a")], [node("b", permissive=True)], joinStatus="COMPLETED,FAILED"), node("z"))
    flow.complete("a").fail("b")
    assert flow.task("f_join").status is TaskStatus.COMPLETED
    assert flow.task("z").status is TaskStatus.SCHEDULED


def test_a_join_with_a_join_status_waits_for_all(world: World) -> None:
    flow = world.start(*fork("f", [node("a")], [node("b")], joinStatus="COMPLETED")).complete("a")
    assert flow.task("f_join").status is TaskStatus.IN_PROGRESS
