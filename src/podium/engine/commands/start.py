"""Start: schedule the first tasks of a new run (spec/engine.md §2.2)."""

from __future__ import annotations

from podium.engine.advance import begin
from podium.engine.conformity import refuse_input
from podium.engine.draft import Draft
from podium.engine.rate_limit import enter
from podium.errors import Conflict
from podium.model.command import StartWorkflow


def start_workflow(draft: Draft, command: StartWorkflow) -> str:
    """The workflow's id. Raises Invalid for an input that does not satisfy its schema, Limited: then nothing is started."""
    if draft.workflow.revision:
        raise Conflict(f"Workflow {command.workflow_id} exists already")
    if not draft.workflow.input_path:  # a payload that lies elsewhere is not looked into
        refuse_input(draft.program, draft.workflow.input.value)
    free = enter(draft)
    draft.set_workflow(update_time=draft.now)
    draft.definition = command.definition
    if free:
        begin(draft)
    return command.workflow_id
