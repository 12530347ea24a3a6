"""Reports about tasks: by id, by reference, by signal, by the server itself (spec/engine.md §8)."""

from __future__ import annotations

from typing import Any

import pytest

from podium.errors import NotFound
from podium.model import command as words
from podium.model.status import TaskStatus
from podium.model.task import TaskLog
from tests.engine.given import child, fork, loop, node, wait
from tests.engine.world import NOW, World


def test_a_task_may_be_completed_without_ever_being_polled(world: World) -> None:
    flow = world.start(node("a"))
    flow.complete("a", {"x": 1})
    assert (flow.status, flow.output, flow.task("a").start_time) == ("COMPLETED", {"x": 1}, 0)


def test_a_report_replaces_the_output_the_worker_and_the_reason(world: World) -> None:
    flow = world.start(node("a"))
    flow.report("a", "IN_PROGRESS", {"x": 1, "y": 2}, worker_id="ada", reason="busy")
    flow.report("a", "IN_PROGRESS", {"z": 3})
    task = flow.task("a")
    assert (task.output.value, task.worker_id, task.reason) == ({"z": 3}, None, None)


def test_a_report_without_output_clears_it(world: World) -> None:
    flow = world.start(node("a"))
    flow.report("a", "IN_PROGRESS", {"x": 1}).report("a", "IN_PROGRESS")
    assert flow.task("a").output.value == {}


def test_a_reason_is_cut_at_500_characters(world: World) -> None:
    flow = world.start(node("a"))
    flow.fail("a", "x" * 600, "FAILED_WITH_TERMINAL_ERROR")
    assert flow.task("a").reason == "x" * 500


def test_in_progress_puts_a_worker_task_back_into_its_queue(world: World) -> None:
    flow = world.start(node("a"))
    first = world.poll("a")
    flow.report("a", "IN_PROGRESS", {"x": 1})
    assert flow.task("a").status is TaskStatus.SCHEDULED
    again = world.poll("a")
    assert (again.task_id, again.poll_count, again.output.value) == (first.task_id, 2, {"x": 1})


def test_a_callback_hides_the_task_for_its_time(world: World) -> None:
    flow = world.start(node("a"))
    flow.report("a", "IN_PROGRESS", callback_after_seconds=5)
    assert (flow.task("a").ready_at, flow.task("a").callback_after_seconds) == (NOW + 5_000, 5)
    assert world.ready("a") == []


def test_a_poll_resets_the_callback(world: World) -> None:
    flow = world.start(node("a"))
    flow.report("a", "IN_PROGRESS", callback_after_seconds=5)
    world.advance(5)
    assert world.poll("a").callback_after_seconds == 0


def test_in_progress_leaves_a_system_task_in_progress(world: World) -> None:
    flow = world.start(node("h", "HUMAN"))
    flow.report("h", "IN_PROGRESS", {"draft": 1})
    assert (flow.task("h").status, flow.task("h").ready_at) == (TaskStatus.IN_PROGRESS, 0)


@pytest.mark.parametrize("status", ["COMPLETED", "FAILED", "IN_PROGRESS", "CANCELED"])
def test_a_report_about_a_task_that_is_over_changes_nothing(world: World, status: str) -> None:
    flow = world.start(node("a"), node("b"))
    flow.complete("a", {"x": 1})
    before, revision = flow.tasks, flow.run.workflow.revision
    flow.report("a", status, {"late": 1})
    assert (flow.tasks, flow.run.workflow.revision) == (before, revision)


def test_a_report_in_a_closed_workflow_changes_nothing(world: World) -> None:
    flow = world.start(fork("f", [node("a")], [node("b")])).terminate()
    revision = flow.run.workflow.revision
    flow.complete("a")
    assert flow.run.workflow.revision == revision


def test_an_unknown_task_is_refused(world: World) -> None:
    flow = world.start(node("a"))
    with pytest.raises(NotFound):
        flow.do(words.UpdateTask, task_id="nobody", status=TaskStatus.COMPLETED)


def test_the_update_time_does_not_move_when_a_task_ends(world: World) -> None:
    flow = world.start(node("a"))
    world.poll("a")
    world.now += 3_000
    flow.complete("a")
    assert (flow.task("a").update_time, flow.task("a").end_time) == (NOW, NOW + 3_000)


def test_only_the_first_ten_log_lines_are_kept(world: World) -> None:
    flow = world.start(node("a"))
    flow.report("a", "IN_PROGRESS", logs=tuple(TaskLog(log=str(n)) for n in range(12)))
    assert world.logs == [str(n) for n in range(10)]


def test_a_report_never_cuts_a_child_off(world: World) -> None:
    world.workflow("c", node("x"))
    flow = world.start(child("s", "c"))
    kid = flow.child("s").id
    flow.report("s", "IN_PROGRESS", {"mine": 1})
    assert flow.task("s").sub_workflow_id == kid
    world.flow(kid).complete("x", {"r": 1})
    assert flow.status == "COMPLETED"


def test_a_paused_workflow_takes_reports_but_schedules_nothing(world: World) -> None:
    flow = world.start(node("a"), node("b")).pause()
    flow.complete("a", {"x": 1})
    assert flow.standing == ["a COMPLETED"]
    assert flow.resume().standing == ["a COMPLETED", "b SCHEDULED"]


# By reference


def by_ref(flow: Any, ref: str, **fields: Any) -> Any:
    return flow.do(words.UpdateTaskByRef, **{"ref": ref, "status": TaskStatus.COMPLETED, "output": {}, **fields})


def test_an_update_by_reference_merges_its_output(world: World) -> None:
    flow = world.start(node("a"))
    flow.report("a", "IN_PROGRESS", {"x": 1, "y": 1})
    task = by_ref(flow, "a", output={"y": 2})
    assert task.output.value == {"x": 1, "y": 2}


def test_an_update_by_reference_keeps_the_worker_unless_told_otherwise(world: World) -> None:
    flow = world.start(node("a"), node("b"))
    world.poll("a", "ada")
    assert by_ref(flow, "a").worker_id == "ada"
    world.poll("b", "ada")
    assert by_ref(flow, "b", keep_worker=False).worker_id is None


def test_an_update_by_reference_finds_nothing_when_nothing_is_open(world: World) -> None:
    flow = world.start(node("a"), node("b"))
    flow.complete("a")
    assert by_ref(flow, "a") is None


def test_an_update_by_a_reference_that_never_ran_is_refused(world: World) -> None:
    with pytest.raises(NotFound):
        by_ref(world.start(node("a")), "nobody")


def test_the_exact_reference_comes_before_the_bare_one(world: World) -> None:
    flow = world.start(loop("l", 2, node("a")))
    assert by_ref(flow, "a__1").ref == "a__1"
    assert by_ref(flow, "a").ref == "a__2"


# Signals


def test_a_signal_finishes_the_first_open_wait(world: World) -> None:
    flow = world.start(fork("f", [node("h", "HUMAN")], [wait("w")], [wait("v", "1 hour")]))
    task = flow.do(words.Signal, status=TaskStatus.COMPLETED, output={"go": 1})
    assert (task.ref, task.output.value) == ("w", {"go": 1})
    assert flow.do(words.Signal, status=TaskStatus.COMPLETED, output={}).ref == "v"
    assert flow.do(words.Signal, status=TaskStatus.COMPLETED, output={}) is None


# What the server's own loop reports


def finish(flow: Any, ref: str, status: str, **fields: Any) -> Any:
    return flow.do(words.FinishSystemTask, **{"task_id": flow.task(ref).task_id, "status": TaskStatus(status), "output": {}, **fields})


def test_a_system_task_ends_with_what_the_server_reports(world: World) -> None:
    flow = world.start(node("h", "HTTP"), node("a"))
    world.poll("HTTP")
    finish(flow, "h", "COMPLETED", output={"response": 1})
    assert flow.standing == ["h COMPLETED", "a SCHEDULED"]


def test_a_system_task_with_a_callback_runs_again_then(world: World) -> None:
    flow = world.start(node("h", "HTTP"))
    world.poll("HTTP")
    finish(flow, "h", "IN_PROGRESS", callback_after_seconds=500)
    assert flow.standing == ["h IN_PROGRESS"]
    world.advance(499)  # longer than a lease: nobody runs it, so nobody has lost it
    assert world.ready("HTTP") == []
    world.advance(1)
    assert [task.ref for task in world.ready("HTTP")] == ["h"]
    assert world.poll("HTTP").poll_count == 2


def test_a_system_task_without_a_callback_waits_for_somebody_outside(world: World) -> None:
    flow = world.start(node("h", "HTTP", asyncComplete=True))
    world.poll("HTTP")
    finish(flow, "h", "IN_PROGRESS")
    world.advance(10_000)
    assert flow.standing == ["h IN_PROGRESS"]
    flow.complete("h")
    assert flow.status == "COMPLETED"


def test_the_report_of_a_server_that_lost_its_lease_takes_the_task_out_of_the_queue(world: World) -> None:
    flow = world.start(node("h", "HTTP", asyncComplete=True))
    world.poll("HTTP")
    world.advance(60)
    finish(flow, "h", "IN_PROGRESS")
    assert world.ready("HTTP") == []


def test_a_late_report_of_a_server_changes_nothing(world: World) -> None:
    flow = world.start(node("h", "HTTP")).terminate()
    assert finish(flow, "h", "COMPLETED").status is TaskStatus.CANCELED


# Queues


def test_requeue_puts_an_open_worker_task_back_with_what_is_left_of_its_delay(world: World) -> None:
    flow = world.start(node("a"))
    flow.report("a", "IN_PROGRESS", callback_after_seconds=10)
    world.now += 4_000
    assert flow.do(words.RequeueTask, task_id=flow.task("a").task_id) is True
    assert flow.task("a").ready_at == world.now + 6_000


def test_requeue_makes_a_task_that_is_out_available_again(world: World) -> None:
    flow = world.start(node("a"))
    world.poll("a")
    flow.do(words.RequeueTask, task_id=flow.task("a").task_id)
    assert [task.ref for task in world.ready("a")] == ["a"]


def test_requeue_leaves_system_tasks_and_finished_ones_alone(world: World) -> None:
    flow = world.start(node("a"), node("h", "HTTP"))
    flow.complete("a")
    assert [flow.do(words.RequeueTask, task_id=flow.task(ref).task_id) for ref in ("a", "h")] == [False, False]
