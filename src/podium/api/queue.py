"""Finishing WAIT tasks from outside, through the queues that Conductor keeps for it; here they are always there."""

from __future__ import annotations

from typing import Final

from podium.api.answer import Answer, json_answer, nothing
from podium.api.routing import Call, Route
from podium.errors import Invalid, NotFound
from podium.model.command import UpdateTaskByRef
from podium.model.json import JsonObject
from podium.model.status import TaskStatus
from podium.model.task import Task

WAIT: Final = "WAIT"
QUEUES: Final = (TaskStatus.COMPLETED, TaskStatus.FAILED)  # one for each of these statuses


async def names(call: Call) -> Answer:  # noqa: ARG001 - every handler takes the call
    """GET /queue/: those that a broker holds; the server's own are always there and have no name."""
    return json_answer({})


async def sizes(call: Call) -> Answer:  # noqa: ARG001 - every handler takes the call
    """GET /queue/size: of those that a broker holds."""
    return json_answer({})


async def update_by_reference(call: Call) -> Answer:
    """POST /queue/update/{workflowId}/{taskRefName}/{status}."""
    ref = call.path["taskRefName"]
    return await _finish(call, [task for task in await _waiting(call) if ref in {task.ref, task.base_ref}])


async def update_by_id(call: Call) -> Answer:
    """POST /queue/update/{workflowId}/task/{taskId}/{status}."""
    task_id = call.path["taskId"]
    return await _finish(call, [task for task in await _waiting(call) if task.task_id == task_id])


async def _waiting(call: Call) -> list[Task]:
    """The open WAIT tasks of the workflow; none for an unknown one (spec/platform.md §1.13)."""
    try:
        run = await call.platform.executor.read(call.path["workflowId"])
    except NotFound:
        return []
    return [task for task in run.listed() if task.task_type == WAIT and not task.status.terminal]


async def _finish(call: Call, tasks: list[Task]) -> Answer:
    status = next((known for known in QUEUES if known == call.path["status"]), None)
    if status is None:
        raise Invalid(f"There is no queue for the status '{call.path['status'][:100]}', only for {', '.join(QUEUES)}")
    if not tasks:
        raise Invalid(f"No such WAIT task is open in workflow {call.path['workflowId']}")
    task = tasks[0]
    await call.platform.executor.handle(
        UpdateTaskByRef(workflow_id=task.workflow_id, actor=call.actor, ref=task.ref, status=status, output=call.body(JsonObject))
    )
    return nothing()


ROUTES: Final = (
    Route("GET", "/queue/", names, "The queue for each status", response=dict[str, str]),
    Route("GET", "/queue", names, "The queue for each status", response=dict[str, str]),
    Route("GET", "/queue/size", sizes, "How much waits in these queues", response=dict[str, int]),
    Route(
        "POST",
        "/queue/update/{workflowId}/{taskRefName}/{status}",
        update_by_reference,
        "Finish a WAIT task by its reference name",
        body=JsonObject,
    ),
    Route(
        "POST",
        "/queue/update/{workflowId}/task/{taskId}/{status}",
        update_by_id,
        "Finish a WAIT task by its id",
        body=JsonObject,
    ),
)
