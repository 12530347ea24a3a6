"""Rerun: an ended run goes again from its start or from a task (spec/engine.md §7.6)."""

from __future__ import annotations

from msgspec.structs import replace

from podium.engine.advance import advance, begin
from podium.engine.commands.revive import open_again, reopen, tell_parent_revived
from podium.engine.commands.rewind import drop_later, restore
from podium.engine.conformity import refuse_input
from podium.engine.draft import Draft
from podium.engine.ending import terminate
from podium.engine.graph import Node
from podium.engine.tasks import TASK_TYPES
from podium.engine.turn import Terminated, Turn
from podium.errors import Conflict, Invalid
from podium.model.command import RerunWorkflow
from podium.model.json import JsonObject
from podium.model.payload import EMPTY, Payload
from podium.model.status import TaskStatus, WorkflowStatus
from podium.model.task import Task

_PLANNED_ANEW = frozenset({"SWITCH", "DECISION", "FORK_JOIN", "FORK_JOIN_DYNAMIC", "DO_WHILE", "WAIT", "HUMAN", "YIELD"})


def rerun(draft: Draft, command: RerunWorkflow) -> str:
    """The workflow's id; without a task everything runs again."""
    workflow = draft.workflow
    if not workflow.status.terminal:
        raise Conflict(f"Workflow: {workflow.workflow_id} is not in terminal state, unable to rerun.")
    target = draft.task(command.task_id) if command.task_id else None
    node = draft.node(target) if target is not None else None
    if command.task_id and target is None:
        raise Invalid(f"Task {command.task_id} not found in workflow {workflow.workflow_id}")
    if target is not None and (node is None or target.status is TaskStatus.SKIPPED):
        raise Invalid(f"Task {target.task_id} was skipped or has no place in the definition, so nothing can run again from it")
    if command.workflow_input is not None:
        refuse_input(draft.program, command.workflow_input)
    _reopen(draft, command)
    if target is None or node is None:
        for task in sorted(draft.index.tasks.values(), key=lambda task: -task.number):
            draft.drop(task)
        draft.set_workflow(last_seq=0)
        begin(draft)
    else:
        _from_task(draft, target, node, command.task_input)
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


def _from_task(draft: Draft, target: Task, node: Node, given: JsonObject | None) -> None:
    """Drop what came later, begin again at the target, and open what waits for it."""
    dropped = drop_later(draft, target)
    turn = Turn(draft, TASK_TYPES)
    try:
        _again(turn, target, node, given)
        restore(turn, target, dropped)
    except Terminated as ending:
        terminate(draft, ending.reason, ending.status, ending.task, failure_workflow=True)
        return
    for task_id in turn.to_execute:
        draft.look_at(task_id)
    draft.look_at_pending()
    advance(draft)


def _again(turn: Turn, target: Task, node: Node, given: JsonObject | None) -> None:
    """The target itself: planned anew where branches or times hang on it, else reset in place."""
    draft = turn.draft
    if node.type in _PLANNED_ANEW:
        draft.drop(target)
        placed = node if given is None else node.replaced(replace(node.task, input_parameters=given))
        turn.schedule([_keeping_id(task, target) for task in turn.spot(target.suffix, target.retry_count).plan(placed)])
        return
    task = draft.change(
        target,
        input=Payload.of(given) if given is not None else target.input,
        output=EMPTY,
        retried=False,
        poll_count=0,
        worker_id=None,
    )
    if task.task_type in ("JOIN", "EXCLUSIVE_JOIN"):
        reopen(draft, task)
        draft.look_at(task.task_id)
    else:
        open_again(draft, task)


def _keeping_id(task: Task, target: Task) -> Task:
    """The first of the planned tasks stays the task that was asked for."""
    if task.ref != target.ref:
        return task
    return replace(
        task,
        task_id=target.task_id,
        number=target.number,
        seq=target.seq,
        node=target.node,
        fork_ref=target.fork_ref,
        retried_task_id=target.retried_task_id,
    )
