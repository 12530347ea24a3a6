"""Changing workflows: pause and resume, skip, rerun, restart, retry, end and remove them."""

from __future__ import annotations

from typing import Final

from podium.api.answer import Answer, nothing, raw_json, text_answer
from podium.api.parameter import boolean, optional_text
from podium.api.routing import Call, Route
from podium.api.view import WorkflowView, encode_view, workflow_view
from podium.model.body import RerunWorkflowRequest, SkipTaskRequest
from podium.model.command import (
    Evaluate,
    PauseWorkflow,
    RemoveWorkflow,
    RerunWorkflow,
    ResetCallbacks,
    RestartWorkflow,
    ResumeWorkflow,
    RetryWorkflow,
    SkipTask,
    TerminateWorkflow,
    UpdateVariables,
)
from podium.model.json import JsonObject
from podium.runtime.descent import rerun_from
from podium.runtime.restart import restart_command

REASON: Final = optional_text("reason", "why; shown as reasonForIncompletion")
FAILURE_WORKFLOW: Final = boolean("triggerFailureWorkflow", default=False, about="start the definition's failure workflow")
USE_LATEST: Final = boolean("useLatestDefinitions", default=False, about="with the latest version of its definition")
RESUME_SUBWORKFLOWS: Final = boolean(
    "resumeSubworkflowTasks", default=False, about="go on inside failed sub-workflows instead of starting new ones"
)
# One official client writes `True` for everything that it deletes, running or not, and expects success.
ARCHIVE: Final = optional_text("archiveWorkflow", about="`true`, written so: only one that has ended")


async def decide(call: Call) -> Answer:
    """PUT /workflow/decide/{workflowId}."""
    await call.platform.executor.handle(Evaluate(workflow_id=call.path["workflowId"], actor=call.actor))
    return nothing()


async def pause(call: Call) -> Answer:
    """PUT /workflow/{workflowId}/pause."""
    await call.platform.executor.handle(PauseWorkflow(workflow_id=call.path["workflowId"], actor=call.actor))
    return nothing()


async def resume(call: Call) -> Answer:
    """PUT /workflow/{workflowId}/resume."""
    await call.platform.executor.handle(ResumeWorkflow(workflow_id=call.path["workflowId"], actor=call.actor))
    return nothing()


async def skip_task(call: Call) -> Answer:
    """PUT /workflow/{workflowId}/skiptask/{taskReferenceName}."""
    request = call.optional_body(SkipTaskRequest) or SkipTaskRequest()
    await call.platform.executor.handle(
        SkipTask(
            workflow_id=call.path["workflowId"],
            actor=call.actor,
            ref=call.path["taskReferenceName"],
            input=request.task_input or {},
            output=request.task_output or {},
        )
    )
    return nothing()


async def rerun(call: Call) -> Answer:
    """POST /workflow/{workflowId}/rerun."""
    request, workflow_id = call.body(RerunWorkflowRequest), call.path["workflowId"]
    command = RerunWorkflow(
        workflow_id=workflow_id,
        actor=call.actor,
        task_id=request.re_run_from_task_id or None,
        task_input=request.task_input,
        workflow_input=request.workflow_input,
        correlation_id=request.correlation_id,
    )
    await rerun_from(call.platform.executor, command)
    return text_answer(workflow_id)


async def restart(call: Call) -> Answer:
    """POST /workflow/{workflowId}/restart."""
    await restart_one(call, call.path["workflowId"], use_latest=call.query(USE_LATEST))
    return nothing(204)


async def restart_one(call: Call, workflow_id: str, *, use_latest: bool) -> None:
    """Start an ended workflow over. Raises NotFound, Conflict."""
    platform, command = call.platform, RestartWorkflow(workflow_id=workflow_id, actor=call.actor)
    command = await restart_command(platform.executor, platform.registry, command, use_latest=use_latest)
    await platform.executor.handle(command)


async def retry(call: Call) -> Answer:
    """POST /workflow/{workflowId}/retry."""
    resume_children = call.query(RESUME_SUBWORKFLOWS)
    await call.platform.executor.handle(
        RetryWorkflow(workflow_id=call.path["workflowId"], actor=call.actor, resume_subworkflow_tasks=resume_children)
    )
    return nothing(204)


async def reset_callbacks(call: Call) -> Answer:
    """POST /workflow/{workflowId}/resetcallbacks."""
    await call.platform.executor.handle(ResetCallbacks(workflow_id=call.path["workflowId"], actor=call.actor))
    return nothing(204)


async def terminate(call: Call) -> Answer:
    """DELETE /workflow/{workflowId}."""
    await call.platform.executor.handle(
        TerminateWorkflow(
            workflow_id=call.path["workflowId"],
            actor=call.actor,
            reason=call.query(REASON),
            start_failure_workflow=call.query(FAILURE_WORKFLOW),
        )
    )
    return nothing()


async def remove(call: Call) -> Answer:
    """DELETE /workflow/{workflowId}/remove."""
    ended_only = call.query(ARCHIVE) == "true"
    await call.platform.executor.handle(RemoveWorkflow(workflow_id=call.path["workflowId"], actor=call.actor, ended_only=ended_only))
    return nothing()


async def terminate_and_remove(call: Call) -> Answer:
    """DELETE /workflow/{workflowId}/terminate-remove."""
    executor, workflow_id = call.platform.executor, call.path["workflowId"]
    await executor.handle(TerminateWorkflow(workflow_id=workflow_id, actor=call.actor, reason=call.query(REASON)))
    await executor.handle(RemoveWorkflow(workflow_id=workflow_id, actor=call.actor))
    return nothing()


async def update_variables(call: Call) -> Answer:
    """POST /workflow/{workflowId}/variables."""
    executor, workflow_id = call.platform.executor, call.path["workflowId"]
    await executor.handle(UpdateVariables(workflow_id=workflow_id, actor=call.actor, variables=call.body(JsonObject)))
    return raw_json(encode_view(workflow_view(await executor.read(workflow_id), include_tasks=True)))


ROUTES: Final = (
    Route("PUT", "/workflow/decide/{workflowId}", decide, "Look at a workflow again"),
    Route("PUT", "/workflow/{workflowId}/pause", pause, "Pause a workflow"),
    Route("PUT", "/workflow/{workflowId}/resume", resume, "Resume a workflow"),
    Route(
        "PUT",
        "/workflow/{workflowId}/skiptask/{taskReferenceName}",
        skip_task,
        "Step over a task that was not reached yet",
        body=SkipTaskRequest,
        body_required=False,
    ),
    Route(
        "POST",
        "/workflow/{workflowId}/rerun",
        rerun,
        "Run an ended workflow again, from a task or from its start",
        body=RerunWorkflowRequest,
        response=str,
    ),
    Route("POST", "/workflow/{workflowId}/restart", restart, "Start an ended workflow over", query=(USE_LATEST,), status=204),
    Route("POST", "/workflow/{workflowId}/retry", retry, "Try the failed tasks again", query=(RESUME_SUBWORKFLOWS,), status=204),
    Route("POST", "/workflow/{workflowId}/resetcallbacks", reset_callbacks, "Make delayed tasks available now", status=204),
    Route("DELETE", "/workflow/{workflowId}", terminate, "End a workflow", query=(REASON, FAILURE_WORKFLOW)),
    Route("DELETE", "/workflow/{workflowId}/remove", remove, "Delete a workflow", query=(ARCHIVE,)),
    Route(
        "DELETE",
        "/workflow/{workflowId}/terminate-remove",
        terminate_and_remove,
        "End a workflow and delete it",
        query=(REASON, ARCHIVE),
    ),
    Route(
        "POST",
        "/workflow/{workflowId}/variables",
        update_variables,
        "Merge values into a workflow's variables",
        body=JsonObject,
        response=WorkflowView,
    ),
)
