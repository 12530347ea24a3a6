"""Rerun: an ended run goes again from its start or from a task (spec/engine.md §7.6)."""

from __future__ import annotations

from msgspec.structs import replace

from podium.engine.advance import advance, begin
from podium.engine.commands.revive import reopen, tell_parent_revived
from podium.engine.draft import Draft
from podium.engine.graph import SWITCHES, Node
from podium.engine.tasks import TASK_TYPES
from podium.engine.turn import Turn
from podium.errors import Conflict, Invalid
from podium.model.command import RerunWorkflow
from podium.model.json import JsonObject
from podium.model.payload import EMPTY, Payload
from podium.model.status import TaskStatus, WorkflowStatus
from podium.model.task import Task

_CONTAINERS = frozenset({"JOIN", "EXCLUSIVE_JOIN", "DO_WHILE"})


def rerun(draft: Draft, command: RerunWorkflow) -> str:
    """The workflow's id; without a task everything runs again."""
    workflow = draft.workflow
    if not workflow.status.terminal:
        raise Conflict(f"Workflow: {workflow.workflow_id} is not in terminal state, unable to rerun.")
    target = draft.task(command.task_id) if command.task_id else None
    if command.task_id and target is None:
        raise Invalid(f"Task {command.task_id} not found in workflow {workflow.workflow_id}")
    _reopen(draft, command)
    if target is None:
        for task in list(draft.index.tasks.values()):
            draft.drop(task)
        draft.set_workflow(last_seq=0)
        begin(draft)
    else:
        _from_task(draft, target, command.task_input)
    tell_parent_revived(draft, "reran")
    return workflow.workflow_id


def _reopen(draft: Draft, command: RerunWorkflow) -> None:
    workflow = draft.workflow
    draft.set_workflow(
        status=WorkflowStatus.RUNNING,
        reason=None,
        failed_task_id=None,
        failed_refs=(),
        failed_task_names=(),
        last_retried_time=draft.now,
        correlation_id=command.correlation_id if command.correlation_id is not None else workflow.correlation_id,
        input=Payload.of(command.workflow_input) if command.workflow_input is not None else workflow.input,
    )


def _from_task(draft: Draft, target: Task, given: JsonObject | None) -> None:
    """Drop what came later, begin again at the target, and reopen what holds it."""
    node = draft.node(target)
    if node is None:
        raise Invalid(f"Task {target.task_id} has no place in the definition any more")
    if target.task_type != "SUB_WORKFLOW":
        dropped = [task for task in draft.index.tasks.values() if task.seq > target.seq]
        for task in dropped:
            draft.drop(task)
    else:
        dropped = []
    turn = Turn(draft, TASK_TYPES)
    _again(turn, target, node, given)
    _finalise(turn, target, dropped)
    for task_id in turn.to_execute:
        draft.look_at(task_id)
    draft.look_at_pending()
    advance(draft)


def _again(turn: Turn, target: Task, node: Node, given: JsonObject | None) -> None:
    """The target itself: planned anew where its branches hang on it, else reset in place."""
    draft = turn.draft
    if node.type in SWITCHES or target.task_type in ("FORK", "DO_WHILE"):
        draft.drop(target)
        placed = Node(node.task, node.parent, node.loop)
        placed.children, placed.following, placed.successor = node.children, node.following, node.successor
        if given is not None:
            placed = _with_input(placed, given)
        turn.schedule([_keeping_id(task, target) for task in turn.spot(target.suffix, target.retry_count).plan(placed)])
        return
    known = TASK_TYPES.get(target.task_type)
    polled = known is None or known.polled
    waits = target.task_type in ("WAIT", "HUMAN")
    fresh = turn.spot(target.suffix, target.retry_count).plan(node)[0] if waits and given is None else None
    draft.change(
        target,
        status=TaskStatus.IN_PROGRESS if waits else TaskStatus.SCHEDULED,
        input=Payload.of(given) if given is not None else target.input,
        output=EMPTY,
        executed=False,
        retried=False,
        scheduled_time=draft.now,
        start_time=draft.now if waits else 0,
        end_time=0,
        poll_count=0,
        worker_id=None,
        reason=None,
        sub_workflow_id=None,
        callback_after_seconds=0,
        wait_timeout=fresh.wait_timeout if fresh is not None else target.wait_timeout,
        ready_at=draft.now if polled else 0,
    )
    if known is not None and known.execute is not None and not waits:
        turn.to_execute[target.task_id] = None


def _with_input(node: Node, given: JsonObject) -> Node:
    made = Node(replace(node.task, input_parameters=given), node.parent, node.loop)
    made.children, made.following, made.successor = node.children, node.following, node.successor
    return made


def _keeping_id(task: Task, target: Task) -> Task:
    """The first of the planned tasks stays the task that was asked for."""
    if task.ref != target.ref:
        return task
    return replace(task, task_id=target.task_id, number=target.number, seq=target.seq)


def _finalise(turn: Turn, target: Task, dropped: list[Task]) -> None:
    """Other tasks that ended badly wait again; the loops and JOINs around are open (spec/engine.md §7.6 step 4)."""
    draft = turn.draft
    _reopen_around(draft, target)
    for task in list(draft.index.tasks.values()):
        if task.task_id == target.task_id or task.retried or not task.status.failed:
            continue
        if task.task_type in _CONTAINERS:
            reopen(draft, task)
        else:
            _wait_again(turn, task)
    _restore_branches(turn, dropped)


def _reopen_around(draft: Draft, target: Task) -> None:
    """The loop around the target is open again, in the target's iteration."""
    loop_id = draft.index.loop_of(target)
    if loop_id is None:
        return
    loop = draft.index.tasks[loop_id]
    number = int(target.suffix.rpartition("__")[2])
    if loop.status.terminal:
        reopen(draft, loop)
        loop = draft.index.tasks[loop_id]
    own = {key: value for key, value in loop.output.value.items() if not key.isdecimal()}
    draft.change(loop, iteration=number, output=Payload.of({**own, "iteration": number}))
    _reopen_around(draft, draft.index.tasks[loop_id])


def _wait_again(turn: Turn, task: Task) -> None:
    known = TASK_TYPES.get(task.task_type)
    polled = known is None or known.polled
    executed_here = known is not None and known.execute is not None
    turn.draft.change(
        task,
        status=TaskStatus.IN_PROGRESS if executed_here or task.task_type == "WAIT" else TaskStatus.SCHEDULED,
        executed=False,
        scheduled_time=turn.draft.now,
        start_time=turn.draft.now if not polled else 0,
        end_time=0,
        reason=None,
        sub_workflow_id=None,
        ready_at=turn.draft.now if polled else 0,
    )
    if executed_here:
        turn.to_execute[task.task_id] = None


def _restore_branches(turn: Turn, dropped: list[Task]) -> None:
    """Branches of a fork that stands, and the JOIN after it, are scheduled again when they went with what came later."""
    draft = turn.draft
    for task in list(draft.index.tasks.values()):
        node = draft.node(task)
        if node is None or node.type != "FORK_JOIN" or task.task_type != "FORK":
            continue
        heads = [*node.children.values(), *([node.following] if node.following is not None else [])]
        for head in heads:
            ref = head.ref + task.suffix
            if draft.last(ref) is None and any(old.ref == ref for old in dropped):
                turn.schedule(turn.spot(task.suffix).plan(head))
