"""Administration: settings, pending tasks, event queues, and looking at a workflow again."""

from __future__ import annotations

import re
from dataclasses import asdict
from pathlib import Path
from typing import Final

from podium import __version__
from podium.api.answer import Answer, json_answer, raw_json, text_answer
from podium.api.parameter import boolean, integer
from podium.api.routing import Call, Route
from podium.api.view import TaskView, encode_view, task_view
from podium.api.view_summary import iso_time
from podium.errors import Invalid, NotFound
from podium.model.command import Evaluate
from podium.model.json import Json, JsonObject
from podium.settings import Settings

START: Final = integer("start", 0, "how many to leave out at the beginning")
COUNT: Final = integer("count", 100, "how many at most")
_HIDDEN: Final = "***"
_SECRET: Final = re.compile("secret|password|key|token", re.IGNORECASE)
_CREDENTIALS: Final = re.compile(r"(//)[^/@\s]+@")  # user:password@ in an address

VERBOSE: Final = boolean("verbose", default=False, about="with sizes")


async def config(call: Call) -> Answer:
    """GET /admin/config: the settings without secrets, and what is running."""
    return json_answer({**shown(call.platform.settings), "version": __version__, "buildDate": iso_time(build_time())})


def shown(settings: Settings) -> JsonObject:
    """The settings as an administrator may see them: what may open a door is not among them."""
    return {name: _HIDDEN if _SECRET.search(name) else _without_password(value) for name, value in asdict(settings).items()}


def build_time() -> int:
    """When this program was put in place (epoch ms)."""
    return int(Path(__file__).stat().st_mtime * 1000)


def _without_password(value: Json) -> Json:
    return _CREDENTIALS.sub(rf"\1{_HIDDEN}@", value) if isinstance(value, str) else value


async def pending(call: Call) -> Answer:
    """GET /admin/task/{tasktype}."""
    start, count = call.query(START), call.query(COUNT)
    if start < 0 or count < 0:
        raise Invalid("start and count cannot be negative")
    views = []
    for task in await call.platform.store.pending_tasks(call.path["tasktype"], start, count):
        try:
            run = await call.platform.executor.read(task.workflow_id)
        except NotFound:
            continue
        views.append(task_view(run, run.shown(run.task(task.task_id) or task)))
    return raw_json(encode_view(views))


async def sweep(call: Call) -> Answer:
    """POST /admin/sweep/requeue/{workflowId}: whether there was a workflow to look at."""
    workflow_id = call.path["workflowId"]
    try:
        await call.platform.executor.handle(Evaluate(workflow_id=workflow_id, actor=call.actor))
    except NotFound:
        return text_answer(f"false.{workflow_id}")
    return text_answer(f"true.{workflow_id}")


async def verify(call: Call) -> Answer:
    """POST /admin/consistency/verifyAndRepair/{workflowId}: false, for a queue cannot differ from the state."""
    await call.platform.executor.handle(Evaluate(workflow_id=call.path["workflowId"], actor=call.actor))
    return text_answer("false")


async def event_queues(call: Call) -> Answer:
    """GET /admin/queues: the events that active handlers listen to, and their queues."""
    events = {handler.event for handler in call.platform.registry.all_event_handlers() if handler.active and handler.event}
    queues = {event: event.partition(":")[2] for event in sorted(events)}
    if call.query(VERBOSE):
        return json_answer({event: {queue: 0} for event, queue in queues.items()})
    return json_answer(queues)


ROUTES: Final = (
    Route("GET", "/admin/config", config, "The settings in force", response=JsonObject),
    Route("GET", "/admin/task/{tasktype}", pending, "Open tasks of a type", query=(START, COUNT), response=list[TaskView]),
    Route("POST", "/admin/sweep/requeue/{workflowId}", sweep, "Look at a workflow again", response=str),
    Route("POST", "/admin/consistency/verifyAndRepair/{workflowId}", verify, "Look at a workflow again", response=str),
    Route("GET", "/admin/queues", event_queues, "The queues that event handlers listen to", query=(VERBOSE,), response=JsonObject),
)
