"""What a run and each of its open tasks wait for."""

from __future__ import annotations

from typing import Any

import pytest

from podium.engine.why import Around, why
from podium.model import command as words
from podium.model.insight import Cause, CauseKind, Why
from podium.model.status import TaskStatus, WorkflowStatus
from podium.model.task import PollData
from tests.engine.flow import Flow
from tests.engine.given import child, dynamic_fork, ending, fork, loop, node, wait
from tests.engine.world import SECOND, World


def asked(flow: Flow, **around: Any) -> Why:
    return why(flow.run, Around(now=flow.world.now, **around))


def cause(flow: Flow, ref: str, **around: Any) -> Cause:
    (found,) = (task for task in asked(flow, **around).tasks if task.reference_task_name == ref)
    assert found.text == " ".join(one.text for one in found.waits_for)
    return found.waits_for[0]


def test_a_queued_task_waits_for_a_worker_and_says_who_asked_last(world: World) -> None:
    polls = {"a": [PollData(queue_name="a", worker_id="w1", last_poll_time=world.now - SECOND)]}
    found = cause(world.start(node("a")), "a", polls=polls)
    assert (found.kind, found.queue, found.worker_id, found.last_poll_time) == (CauseKind.WORKER, "a", "w1", world.now - SECOND)
    assert "w1 was the last to ask, at 2023-11-14 22:13:19Z" in found.text


def test_a_queue_that_nobody_polls_is_named_as_such(world: World) -> None:
    found = cause(world.start(node("a")), "a")
    assert (found.kind, found.last_poll_time) == (CauseKind.WORKER, None)
    assert "none has ever asked for it" in found.text


def test_workers_of_another_domain_are_pointed_out(world: World) -> None:
    flow = world.start(node("a"), started={"task_to_domain": {"a": "d"}})
    found = cause(flow, "a", polls={"a": [PollData(queue_name="a", worker_id="w1", last_poll_time=1)]})
    assert found.domain == "d"
    assert "none has ever asked for it. Workers have asked for it without a domain." in found.text


def test_a_limit_comes_before_the_workers(world: World) -> None:
    limit = Cause(kind=CauseKind.RATE_LIMIT, text="Full.", queue="a", until=world.now + 1)
    assert cause(world.start(node("a")), "a", limits={"a": limit}) == limit


def test_a_taken_task_waits_for_the_report_of_its_worker(world: World) -> None:
    world.task("a", responseTimeoutSeconds=30, timeoutSeconds=0)
    flow = world.start(node("a"))
    world.poll("a")
    found = cause(flow, "a")
    assert (found.kind, found.until) == (CauseKind.REPORT, world.now + 30 * SECOND)


@pytest.mark.parametrize(
    ("delayed", "words"),
    [({"startDelay": 10}, "its start is delayed"), ({}, "attempt 2 begins after the delay of its retry policy")],
)
def test_a_task_that_is_not_due_says_when_and_why(world: World, delayed: dict[str, Any], words: str) -> None:
    world.task("a", retryCount=1, retryDelaySeconds=10)
    flow = world.start(node("a", **delayed))
    if not delayed:
        world.poll("a")
        flow.fail("a")
    found = cause(flow, "a")
    assert (found.kind, found.until) == (CauseKind.DELAY, world.now + 10 * SECOND)
    assert words in found.text


def test_a_task_that_its_worker_put_off_is_delayed(world: World) -> None:
    flow = world.start(node("a"))
    world.poll("a")
    flow.report("a", "IN_PROGRESS", callback_after_seconds=5)
    assert "called again later" in cause(flow, "a").text


def test_a_join_names_the_references_that_are_missing(world: World) -> None:
    flow = world.start(*fork("f", [node("a")], [node("b")]))
    flow.complete("a")
    found = cause(flow, "f_join")
    assert (found.kind, found.refs, found.text) == (CauseKind.JOIN, ["b"], "It waits for b.")


def test_a_join_with_a_script_says_so(world: World) -> None:
    flow = world.start(*fork("f", [node("a")], expression="false"))
    flow.complete("a")
    assert cause(flow, "f_join").text == "All tasks that it names are over. Its script decides when it is over."


def test_a_long_list_is_cut(world: World) -> None:
    flow = world.start(*fork("f", *([node(f"t{number}")] for number in range(8))))
    found = cause(flow, "f_join")
    assert found.text == "It waits for t0, t1, t2, t3, t4 and 3 more."
    assert len(found.refs or ()) == 8


def test_a_dynamic_join_names_its_branches(world: World) -> None:
    tasks = [node("x"), node("y")]
    flow = world.start(*dynamic_fork("f", {"tasks": tasks, "inputs": {}}))
    assert cause(flow, "f_join").refs == ["x", "y"]


def test_a_loop_names_the_open_tasks_of_its_iteration(world: World) -> None:
    flow = world.start(loop("l", 3, node("a"), node("b")))
    flow.complete("a__1")
    found = cause(flow, "l")
    assert (found.kind, found.refs, found.text) == (CauseKind.LOOP, ["b__1"], "Iteration 1 waits for b__1.")


def test_waits_say_when_they_end_or_that_somebody_must(world: World) -> None:
    flow = world.start(
        *fork("f", [wait("timed", "90s")], [wait("open")], [node("person", "HUMAN")], [node("post", "PULL_WORKFLOW_MESSAGES")])
    )
    assert (cause(flow, "timed").kind, cause(flow, "timed").until) == (CauseKind.TIMER, world.now + 90 * SECOND)
    assert cause(flow, "open").kind is CauseKind.SIGNAL
    assert cause(flow, "person").kind is CauseKind.PERSON
    assert (cause(flow, "post").kind, cause(flow, "post").text) == (CauseKind.EVENT, "It waits for a message to its workflow.")


def test_a_new_attempt_of_a_wait_begins_later(world: World) -> None:
    world.task("w", retryCount=1, retryDelaySeconds=7)
    flow = world.start(wait("w", "90s"))
    flow.fail("w")
    assert (cause(flow, "w").kind, cause(flow, "w").until) == (CauseKind.DELAY, world.now + 7 * SECOND)


def test_a_child_is_named_with_its_state(world: World) -> None:
    world.workflow("inner", wait("w"))
    flow = world.start(child("c", "inner"))
    child_id = flow.task("c").sub_workflow_id
    found = cause(flow, "c", children={child_id: WorkflowStatus.PAUSED})
    assert (found.kind, found.workflow_id, found.workflow_status) == (CauseKind.CHILD, child_id, WorkflowStatus.PAUSED)
    assert f"{child_id}, which is PAUSED." in found.text


def test_a_child_that_is_not_there_yet_is_being_started_or_delayed(world: World) -> None:
    world.workflow("inner", wait("w"))
    world.holding = True
    flow = world.start(*fork("f", [child("now", "inner")], [child("later", "inner", startDelay=9)]))
    assert cause(flow, "now").text == "Its workflow is being started."
    assert cause(flow, "later").until == world.now + 9 * SECOND


def test_a_task_of_the_server_is_told_from_one_that_was_left_open(world: World) -> None:
    flow = world.start(*fork("f", [node("h", "HTTP")], [node("e", "EVENT", sink="conductor", asyncComplete=True)]))
    assert cause(flow, "h").text == "It waits for the server to run it."
    assert cause(flow, "e").kind is CauseKind.EVENT
    world.poll("HTTP")
    assert (cause(flow, "h").text, cause(flow, "h").kind) == ("The server runs it.", CauseKind.SERVER)


def test_a_paused_workflow_says_so(world: World) -> None:
    found = asked(world.start(node("a")).pause())
    assert [one.kind for one in found.causes] == [CauseKind.PAUSED]
    assert found.text.startswith("It is paused: nothing new is scheduled until somebody resumes it. It waits for task 'a': ")


def test_a_failed_workflow_names_the_task_that_ended_it(world: World) -> None:
    world.task("a", retryCount=0)
    flow = world.start(node("a"))
    task_id = flow.task("a").task_id
    found = asked(flow.fail("a", "no money"))
    assert [(one.kind, one.task_id, one.refs) for one in found.causes] == [(CauseKind.FAILED_TASK, task_id, ["a"])]
    assert (found.text, found.tasks) == ("Task 'a' ended it: FAILED, no money.", [])


@pytest.mark.parametrize(("status", "text"), [("COMPLETED", "It is COMPLETED"), ("TERMINATED", "ended it: COMPLETED")])
def test_an_ended_workflow_says_how(world: World, status: str, text: str) -> None:
    assert text in asked(world.start(ending("end", status))).text


def test_a_workflow_that_waits_for_several_tasks_lists_them(world: World) -> None:
    found = asked(world.start(*fork("f", [node("a")], [node("b")])))
    assert found.text == "It waits for 3 tasks: a, b, f_join."


def test_tasks_that_wait_for_the_outside_say_for_what(world: World) -> None:
    flow = world.start(fork("f", [node("y", "YIELD")], [node("w", "WAIT_FOR_WEBHOOK")], [node("h", "HTTP_POLL")]))
    world.poll("HTTP_POLL")
    finished: dict[str, Any] = {"status": TaskStatus.IN_PROGRESS, "output": {}, "callback_after_seconds": 60}
    flow.do(words.FinishSystemTask, task_id=flow.task("h").task_id, **finished)
    found = [cause(flow, ref) for ref in ("y", "w", "h")]
    assert [one.kind for one in found] == [CauseKind.SIGNAL, CauseKind.EVENT, CauseKind.DELAY]
    assert found[2].until == world.now + 60 * SECOND
