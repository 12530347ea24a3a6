"""Start check: whether a request to start a workflow makes sense, before anything is looked up."""

from __future__ import annotations

from podium.engine.validation import KnownNames, refuse, validate_workflow_definition
from podium.errors import Problem
from podium.model.body import StartWorkflowRequest

LOWEST_PRIORITY, HIGHEST_PRIORITY = 0, 99


def check_start(request: StartWorkflowRequest, known: KnownNames) -> None:
    """Raise Invalid with all that is wrong with a request (spec/api.md §3.9); a definition in it is checked like a registered one."""
    problems: list[Problem] = []
    if not (request.name or "").strip():
        problems.append(Problem("$.name", "Workflow name cannot be null or empty", request.name))
    if request.priority < LOWEST_PRIORITY:
        message = f"priority: {request.priority} should be minimum {LOWEST_PRIORITY}"
        problems.append(Problem("$.priority", message, request.priority))
    if request.priority > HIGHEST_PRIORITY:
        message = f"priority: {request.priority} should be maximum {HIGHEST_PRIORITY}"
        problems.append(Problem("$.priority", message, request.priority))
    if request.input is None and not request.external_input_payload_storage_path:
        problems.append(Problem("$.input", "NULL input passed when starting workflow"))
    if request.workflow_def is not None:
        problems += validate_workflow_definition(request.workflow_def, known, "$.workflowDef")
    refuse(problems)
