"""Restart: an ended run starts over under the same id (spec/engine.md §7.4)."""

from __future__ import annotations

from podium.engine.advance import begin
from podium.engine.commands.revive import tell_parent_revived
from podium.engine.conformity import refuse_input
from podium.engine.draft import Draft
from podium.engine.graph import compile_definition
from podium.errors import Conflict, NotFound
from podium.model.command import RestartWorkflow
from podium.model.payload import EMPTY, Payload
from podium.model.status import WorkflowStatus


def restart(draft: Draft, command: RestartWorkflow) -> None:
    """Forget all tasks and begin again, with the definition it has or a newer one, whose schema the input must satisfy."""
    workflow = draft.workflow
    if not workflow.status.terminal:
        raise Conflict(f"Workflow: {workflow.workflow_id} is not in terminal state, unable to restart.")
    definition = draft.program.definition
    if not definition.restartable and workflow.status is WorkflowStatus.COMPLETED:
        raise NotFound(f"Workflow: {workflow.workflow_id} is non-restartable")
    program = draft.program
    if command.definition is not None and command.definition_hash is not None:
        definition = command.definition
        program = compile_definition(definition, command.definition_hash)
        refuse_input(program, workflow.input.value)
    for task in sorted(draft.index.tasks.values(), key=lambda task: -task.number):
        draft.drop(task)
    if program is not draft.program:
        draft.use_program(program)
        draft.definition = definition
    draft.set_workflow(
        status=WorkflowStatus.RUNNING,
        version=definition.version,
        definition_hash=draft.program.definition_hash,
        reason=None,
        failed_task_id=None,
        failed_refs=(),
        failed_task_names=(),
        output=EMPTY,
        output_path=None,
        variables=Payload.of(definition.variables),
        create_time=draft.now,
        end_time=0,
        last_retried_time=0,
        last_seq=0,
        wake_at=0,
    )
    begin(draft)
    tell_parent_revived(draft, "restarted")
