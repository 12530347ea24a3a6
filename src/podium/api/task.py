"""Reading tasks, and what workers write about them."""

from __future__ import annotations

from typing import Final

from podium.api.answer import Answer, json_answer, nothing, raw_json
from podium.api.external_storage import LOCATION, location
from podium.api.routing import Call, Route
from podium.api.view import TaskView, encode_view, task_view
from podium.errors import Invalid, NotFound
from podium.model.body import ExternalStorageLocation
from podium.model.task import TaskLog
from podium.runtime.platform import Platform
from podium.runtime.scrubbing import line_without
from podium.store.store import Batch


async def get(call: Call) -> Answer:
    """GET /tasks/{taskId}."""
    task_id = call.path["taskId"]
    stored = await call.platform.store.tasks([task_id])
    if not stored:
        raise NotFound(f"No such task found by taskId: {task_id}", task_id=task_id)
    run = await call.platform.executor.read(stored[0].workflow_id)
    return raw_json(encode_view(task_view(run, run.shown(run.task(task_id) or stored[0]))))


async def logs(call: Call) -> Answer:
    """GET /tasks/{taskId}/log."""
    found = await call.platform.store.task_logs(call.path["taskId"])
    return json_answer(found) if found else nothing(204)


async def log(call: Call) -> Answer:
    """POST /tasks/{taskId}/log: any text; the task need not exist."""
    if not call.raw:
        raise Invalid("The log line is missing: the body is empty")
    platform = call.platform
    now = platform.clock.now()
    line = TaskLog(log=call.text(), task_id=call.path["taskId"], created_time=now)
    await platform.store.save(Batch(now=now, logs=[await _without_secrets(platform, line)]))
    return nothing()


async def _without_secrets(platform: Platform, line: TaskLog) -> TaskLog:
    """The line without the secrets that its task was given."""
    if platform.secrets.none():
        return line
    for task in await platform.store.tasks([line.task_id or ""]):
        scrub = platform.secrets.scrub(await platform.executor.read(task.workflow_id), task)
        return line if scrub is None else line_without(scrub, line)
    return line


ROUTES: Final = (
    Route("GET", "/tasks/{taskId}", get, "A task", response=TaskView),
    Route("GET", "/tasks/{taskId}/log", logs, "What a worker wrote about a task; 204 when it wrote nothing", response=list[TaskLog]),
    Route("POST", "/tasks/{taskId}/log", log, "Write a line about a task", body=str),
    Route(
        "GET", "/tasks/externalstoragelocation", location, "Where a large payload goes", query=LOCATION, response=ExternalStorageLocation
    ),
    Route("GET", "/tasks/external-storage-location", location, "The same", query=LOCATION, response=ExternalStorageLocation),
)
