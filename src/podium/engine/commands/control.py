"""Pause, resume, terminate, skip, reset: what operators do to a run that is open (spec/engine.md §7.2, §7.3, §7.7)."""

from __future__ import annotations

from podium.engine.advance import advance, go_on
from podium.engine.commands.tick import check_all
from podium.engine.draft import Draft
from podium.engine.ending import terminate
from podium.engine.graph import FORKS, Node
from podium.errors import Conflict, Invalid, NotFound
from podium.model.command import PauseWorkflow, RemoveWorkflow, ResetCallbacks, ResumeWorkflow, SkipTask, TerminateWorkflow, UpdateVariables
from podium.model.json import Json
from podium.model.payload import Payload
from podium.model.status import TaskStatus, WorkflowStatus
from podium.model.task import Task


def pause(draft: Draft, command: PauseWorkflow) -> None:
    """Schedule nothing more; what runs goes on."""
    del command
    status = draft.workflow.status
    if status.terminal:
        raise Conflict(f"Workflow id {draft.workflow.workflow_id} has ended, status cannot be updated.")
    if status is not WorkflowStatus.PAUSED:
        draft.set_workflow(status=WorkflowStatus.PAUSED)


def resume(draft: Draft, command: ResumeWorkflow) -> None:
    """Schedule what became possible during the pause."""
    del command
    workflow = draft.workflow
    if workflow.status is not WorkflowStatus.PAUSED:
        raise Conflict(f"The workflow {workflow.workflow_id} is not PAUSED so cannot resume. Current status is {workflow.status}")
    draft.set_workflow(status=WorkflowStatus.RUNNING, last_retried_time=draft.now)
    go_on(draft)
    check_all(draft)
    draft.ticked = True  # during the pause nobody was to be woken for what another clock believed to be due


def terminate_workflow(draft: Draft, command: TerminateWorkflow) -> None:
    """End the run; one that was terminated before stays as it is."""
    status = draft.workflow.status
    if status is WorkflowStatus.COMPLETED:
        raise Conflict("Cannot terminate a COMPLETED workflow.")
    if status is not WorkflowStatus.TERMINATED:
        terminate(draft, command.reason, WorkflowStatus.TERMINATED, None, failure_workflow=command.start_failure_workflow)


def skip_task(draft: Draft, command: SkipTask) -> None:
    """Record a task that was not reached yet as SKIPPED: its predecessor steps over it."""
    workflow = draft.workflow
    if workflow.status is not WorkflowStatus.RUNNING:
        raise Conflict(f"Workflow {workflow.workflow_id} is not RUNNING so the task requested cannot be skipped")
    node = draft.program.nodes.get(command.ref)
    if node is None:
        raise NotFound(f"The task reference name {command.ref} does not exist in the WorkflowDefinition of {workflow.name}")
    if draft.last(command.ref) is not None:
        raise Conflict(f"The task reference {command.ref} has already been processed, cannot be skipped")
    _skip(draft, node, command)
    join = node.following
    if node.type in FORKS and join is not None and join.type == "JOIN" and draft.last(join.ref) is None:
        _skip(draft, join, SkipTask(workflow_id=command.workflow_id, ref=join.ref))  # it would wait for branches that never run
    advance(draft)


def _skip(draft: Draft, node: Node, command: SkipTask) -> None:
    draft.add(_skipped(draft, node, command))
    for join_id in draft.index.waiting.get(node.ref, ()):
        draft.look_at(join_id)


def _skipped(draft: Draft, node: Node, command: SkipTask) -> Task:
    number, task_id = draft.next_task_id()
    workflow = draft.workflow
    return Task(
        workflow_id=workflow.workflow_id,
        task_id=task_id,
        number=number,
        ref=node.ref,
        base_ref=node.ref,
        task_type=node.task.name or node.type,
        def_name=node.task.name or node.type,
        status=TaskStatus.SKIPPED,
        system=True,
        priority=workflow.priority,
        correlation_id=workflow.correlation_id,
        input=Payload.of(command.input),
        output=Payload.of(command.output),
    )


def reset_callbacks(draft: Draft, command: ResetCallbacks) -> None:
    """Make delayed worker tasks available now (spec/engine.md §6.8)."""
    del command
    status = draft.workflow.status
    if status.terminal:
        raise Conflict(f"Workflow is in terminal state. Status = {status}")
    for task in draft.open_tasks():
        if task.status is TaskStatus.SCHEDULED and not task.system and task.callback_after_seconds > 0:
            draft.change(task, callback_after_seconds=0, ready_at=draft.now)


def update_variables(draft: Draft, command: UpdateVariables) -> None:
    """Merge values into the variables; with `append_array` lists grow by what comes."""
    if draft.workflow.status.terminal:
        raise Conflict(f"Workflow {draft.workflow.workflow_id} has ended, its variables cannot be changed")
    merged = dict(draft.workflow.variables.value)
    for key, value in command.variables.items():
        merged[key] = _appended(merged.get(key), value) if command.append_array else value
    draft.set_workflow(variables=Payload.of(merged))


def _appended(known: Json, value: Json) -> Json:
    if not isinstance(known, list):
        return value
    return [*known, *value] if isinstance(value, list) else [*known, value]


def remove_workflow(draft: Draft, command: RemoveWorkflow) -> None:
    """Delete the run, whatever its state unless the command says otherwise."""
    status = draft.workflow.status
    if command.ended_only and not status.terminal:
        raise Invalid(f"Workflow {draft.workflow.workflow_id} is {status}: only one that has ended can be archived")
    draft.removed = True
