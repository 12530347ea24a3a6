"""Admit: a run that waited for a slot of its rate limit key begins (spec/engine.md §6.7)."""

from __future__ import annotations

from podium.engine.advance import begin
from podium.engine.draft import Draft
from podium.engine.rate_limit import turn_has_come
from podium.model.command import AdmitWorkflow
from podium.model.status import WorkflowStatus


def admit(draft: Draft, command: AdmitWorkflow) -> bool:
    """Whether it no longer waits; False when no slot is free."""
    del command
    if not draft.workflow.rate_limited or draft.workflow.status is not WorkflowStatus.RUNNING:
        return True
    if not turn_has_come(draft):
        return False
    draft.set_workflow(rate_limited=False)
    begin(draft)
    return True
