"""Polls: workers ask for tasks here, one or many at a time; a poll waits a little for work to come."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from podium.api.answer import Answer, nothing, raw_json
from podium.api.parameter import integer, optional_text
from podium.api.routing import Call, Route
from podium.api.view import TaskView, encode_view
from podium.api.view_polled import polled_view
from podium.errors import Invalid, NotFound
from podium.model.command import FinishSystemTask
from podium.model.status import TaskStatus
from podium.model.task import Task
from podium.runtime.platform import Platform
from podium.runtime.secrets import MissingSecret

MAX_WAIT_MS: Final = 5000
MAX_TASKS: Final = 1000  # in one answer; a worker that can take more asks again
WAIT_MS: Final = 100

WORKER_ID: Final = optional_text("workerid", "who asks")
DOMAIN: Final = optional_text("domain", "only tasks of this domain; without it, only tasks without one")
COUNT: Final = integer("count", 1, "how many tasks at most")
TIMEOUT: Final = integer("timeout", WAIT_MS, "how long to wait for the first task (ms), 5000 at most")


async def poll(call: Call) -> Answer:
    """GET /tasks/poll/{tasktype}."""
    tasks = await call.platform.queue.poll(
        call.path["tasktype"], domain=call.query(DOMAIN), worker_id=call.query(WORKER_ID), count=1, timeout_ms=WAIT_MS
    )
    views = await handed_out(call.platform, tasks)
    return raw_json(encode_view(views[0])) if views else nothing(204)


async def poll_batch(call: Call) -> Answer:
    """GET /tasks/poll/batch/{tasktype}."""
    count, timeout_ms = call.query(COUNT), call.query(TIMEOUT)
    if timeout_ms > MAX_WAIT_MS:
        raise Invalid("Long Poll Timeout value cannot be more than 5 seconds")
    tasks = await call.platform.queue.poll(
        call.path["tasktype"],
        domain=call.query(DOMAIN),
        worker_id=call.query(WORKER_ID),
        count=min(count, MAX_TASKS),
        timeout_ms=timeout_ms,
    )
    return raw_json(encode_view(await handed_out(call.platform, tasks)))


async def handed_out(platform: Platform, tasks: Iterable[Task]) -> list[TaskView]:
    """The tasks as workers get them: secrets filled in, in this copy alone (spec/api.md §1.9). Who lacks a secret fails instead."""
    views = []
    for task in tasks:
        try:
            run = await platform.executor.known(task.workflow_id)
            views.append(polled_view(run, task, platform.secrets))
        except NotFound:  # removed since the task was taken
            continue
        except MissingSecret as missing:
            await platform.executor.submit(_failed(task, missing.message))
    return views


def _failed(task: Task, reason: str) -> FinishSystemTask:
    """The end of a task that cannot be handed out."""
    return FinishSystemTask(
        workflow_id=task.workflow_id, task_id=task.task_id, status=TaskStatus.FAILED_WITH_TERMINAL_ERROR, output={}, reason=reason
    )


ROUTES: Final = (
    Route("GET", "/tasks/poll/{tasktype}", poll, "Take a task", query=(WORKER_ID, DOMAIN), response=TaskView),
    Route(
        "GET",
        "/tasks/poll/batch/{tasktype}",
        poll_batch,
        "Take several tasks",
        query=(WORKER_ID, DOMAIN, COUNT, TIMEOUT),
        response=list[TaskView],
    ),
)
