"""Decide is pure: the same run, commands and time give the same decision, and the run is not edited."""

from __future__ import annotations

from msgspec.structs import replace

from podium.engine.decide import claim, decide, hand_off
from podium.engine.effects import ready_tasks
from podium.engine.evaluators import NeedsTime, ScriptOutcome
from podium.engine.question import Question
from podium.errors import Conflict, NotFound
from podium.model import command as words
from podium.model.payload import Payload
from podium.model.status import TaskStatus
from tests.engine.given import fork, inline, node
from tests.engine.invariants import check_same, twin_of
from tests.engine.world import World


def done(flow_id: str, task_id: str, **fields: object) -> words.UpdateTask:
    return words.UpdateTask(workflow_id=flow_id, task_id=task_id, status=TaskStatus.COMPLETED, **fields)  # type: ignore[arg-type]


def test_deciding_twice_gives_the_equal_decision(world: World) -> None:
    flow = world.start(node("a"), inline("b", "1"), fork("f", [node("c")], [node("d")]))
    command = done(flow.id, flow.task("a").task_id)
    first, second = decide(flow.run, [command], world.now), decide(flow.run, [command], world.now)
    assert (first.decision, first.results) == (second.decision, second.results)


def test_decide_does_not_edit_the_run(world: World) -> None:
    flow = world.start(node("a"), node("b"))
    before = flow.run.workflow, dict(flow.run.index.tasks), dict(flow.run.index.last), dict(flow.run.index.open)
    decide(flow.run, [done(flow.id, flow.task("a").task_id)], world.now)
    assert (flow.run.workflow, dict(flow.run.index.tasks), dict(flow.run.index.last), dict(flow.run.index.open)) == before


def test_several_commands_become_one_decision(world: World) -> None:
    flow = world.start(fork("f", [node("a")], [node("b")]), node("z"))
    commands = [done(flow.id, flow.task("a").task_id), done(flow.id, flow.task("b").task_id)]
    revision = flow.run.workflow.revision
    world.do(*commands)
    assert flow.standing == ["f COMPLETED", "a COMPLETED", "b COMPLETED", "f_join COMPLETED", "z SCHEDULED"]
    assert flow.run.workflow.revision == revision + 1


def test_a_refused_command_changes_nothing(world: World) -> None:
    flow = world.start(node("a"))
    outcome = decide(flow.run, [words.ResumeWorkflow(workflow_id=flow.id)], world.now)
    assert outcome.decision is None
    assert isinstance(outcome.results[0].error, Conflict)


def test_a_refused_command_does_not_keep_the_others_from_going_on(world: World) -> None:
    flow = world.start(node("a"), node("b"))
    commands: list[words.AnyCommand] = [
        words.ResumeWorkflow(workflow_id=flow.id),
        done(flow.id, flow.task("a").task_id),
        done(flow.id, "nobody"),
    ]
    outcome = decide(flow.run, commands, world.now)
    assert [type(result.error) for result in outcome.results] == [Conflict, type(None), NotFound]
    assert outcome.decision is not None
    assert {change.after.ref for change in outcome.decision.tasks if change.after} == {"a", "b"}


def test_the_message_that_carried_a_refused_command_is_taken_in_all_the_same(world: World) -> None:
    flow = world.start(node("a"))
    outcome = decide(flow.run, [words.ResumeWorkflow(workflow_id=flow.id, message_id="m1")], world.now)
    assert outcome.decision is not None
    assert outcome.decision.consumed == ("m1",)
    assert outcome.decision.tasks == ()


def test_a_decision_counts_the_revision_and_names_its_messages_after_it(world: World) -> None:
    world.workflow("c", node("x"))
    world.holding = True
    flow = world.start(node("s", "SUB_WORKFLOW", subWorkflowParam={"name": "c"}))
    assert flow.run.workflow.revision == 1
    assert [row.outbox_id for row in world.outbox] == [f"{flow.id}:1:0"]


def test_the_history_says_who_asked_for_what_and_what_became_of_it(world: World) -> None:
    flow = world.start(node("a"))
    task_id = flow.task("a").task_id
    world.do(replace(done(flow.id, task_id), actor="ada"))
    assert world.last is not None
    assert world.last.decision is not None
    history = world.last.decision.history
    assert history is not None
    assert (history.actor, history.commands) == ("ada", ("UpdateTask",))
    assert history.changes == ((task_id, "SCHEDULED", "COMPLETED"),)


def test_ready_tasks_come_in_the_order_of_delivery(world: World) -> None:
    flow = world.start(fork("f", [node("later", startDelay=5)], [node("a")], [node("b")]))
    assert world.last is not None
    assert world.last.decision is not None
    assert [task.ref for task in ready_tasks(world.last.decision)] == ["a", "b", "later"]
    assert flow.status == "RUNNING"


def test_a_handed_off_task_is_claimed_in_the_decision_that_makes_it_ready(world: World) -> None:
    world.task("b", responseTimeoutSeconds=7)
    flow = world.start(node("a"), node("b"))
    decision = decide(flow.run, [done(flow.id, flow.task("a").task_id)], world.now).decision
    assert decision is not None
    handed = hand_off(decision, [claim(task, "ada", world.now) for task in ready_tasks(decision)])
    flow.run.apply(handed)
    task = flow.task("b")
    assert (task.status, task.worker_id, task.ready_at, task.poll_count) == (TaskStatus.IN_PROGRESS, "ada", 0, 1)
    assert handed.workflow.wake_at == world.now + 7_000


def test_adopting_a_handed_off_decision_is_the_same_as_applying_it(world: World) -> None:
    world.task("b", responseTimeoutSeconds=7)
    flow = world.start(node("a"), node("b"))
    outcome = decide(flow.run, [done(flow.id, flow.task("a").task_id)], world.now)
    assert outcome.decision is not None
    claimed = [claim(task, "ada", world.now) for task in ready_tasks(outcome.decision)]
    handed = hand_off(outcome.decision, claimed)
    twin = twin_of(flow.run)
    twin.apply(handed)
    flow.run.adopt(handed, outcome.index, claimed)
    check_same(twin, flow.run)


def test_a_claim_leaves_the_input_and_the_first_start_time_alone(world: World) -> None:
    flow = world.start(node("a", inputParameters={"k": 1}))
    first = world.poll("a")
    world.now += 5_000
    world.report(first, "IN_PROGRESS")
    again = world.poll("a", "bob")
    assert (again.start_time, again.poll_count, again.input) == (first.start_time, 2, Payload.of({"k": 1}))
    assert flow.task("a").worker_id == "bob"


def test_a_script_that_needs_time_is_answered_from_outside_and_decided_again(world: World) -> None:
    slow = {"queryExpression": "[range(1000000)] | length"}
    flow = world.start(node("a"), node("q", "JSON_JQ_TRANSFORM", inputParameters=slow))
    command: words.AnyCommand = done(flow.id, flow.task("a").task_id)
    answers: dict[Question, ScriptOutcome] = {}
    while flow.status == "RUNNING":
        try:
            decision = decide(flow.run, [command], world.now, answers).decision
        except NeedsTime as needed:
            answers[needed.call] = ScriptOutcome(value=b"[1000000]")
            continue
        assert decision is not None
        flow.run.apply(decision)  # the whole, or what comes before the slow script: then a Tick goes on
        command = words.Tick(workflow_id=flow.id)
    assert (len(answers), flow.output) == (1, {"result": 1000000, "resultList": [1000000]})
