"""Task queues: how much waits in them, who polls them, and putting open tasks back."""

from __future__ import annotations

from typing import Final

from podium.api.answer import Answer, json_answer, text_answer
from podium.api.parameter import Parameter, optional_text, required_text, required_texts
from podium.api.routing import Call, Route
from podium.model.json import JsonObject
from podium.model.status import TaskStatus
from podium.model.task import PollData

PAGE: Final = 1000
SHARD: Final = "a"  # the name of the one shard that a queue has on the wire

TASK_TYPES: Final[Parameter[list[str]]] = required_texts("taskType", "names of queues")
TASK_TYPE: Final = required_text("taskType", "the name of a queue")
DOMAIN: Final = optional_text("domain", "of this domain")
ISOLATION_GROUP: Final = optional_text("isolationGroupId", "of this isolation group")
NAMESPACE: Final = optional_text("executionNamespace", "of this namespace")


async def sizes(call: Call) -> Answer:
    """GET /tasks/queue/sizes."""
    wanted = call.query(TASK_TYPES)
    waiting = await call.platform.store.queue_sizes()
    return json_answer({name: waiting.get((name, None), 0) for name in wanted})


async def size(call: Call) -> Answer:
    """GET /tasks/queue/size."""
    name, namespace, group = call.query(TASK_TYPE), call.query(NAMESPACE), call.query(ISOLATION_GROUP)
    queue = name + (f"@{namespace}" if namespace else "") + (f"-{group}" if group else "")
    waiting = await call.platform.store.queue_sizes()
    return json_answer(waiting.get((queue, call.query(DOMAIN)), 0))


async def all_sizes(call: Call) -> Answer:
    """GET /tasks/queue/all."""
    return json_answer(await _named_sizes(call))


async def all_sizes_by_shard(call: Call) -> Answer:
    """GET /tasks/queue/all/verbose."""
    return json_answer({name: {SHARD: {"size": waiting, "uacked": 0}} for name, waiting in (await _named_sizes(call)).items()})


async def poll_data(call: Call) -> Answer:
    """GET /tasks/queue/polldata."""
    return json_answer(call.platform.queue.poll_data(call.query(TASK_TYPE)))


async def all_poll_data(call: Call) -> Answer:
    """GET /tasks/queue/polldata/all."""
    return json_answer(call.platform.queue.poll_data())


async def requeue(call: Call) -> Answer:
    """POST /tasks/queue/requeue/{taskType}: how many tasks wait for a worker (spec/platform.md §9.8).

    There is nothing to put back: a task that waits is in its queue, for they are one row. One that a worker holds stays with it.
    """
    store, task_type = call.platform.store, call.path["taskType"]
    waiting = start = 0
    while tasks := await store.pending_tasks(task_type, start, PAGE, [TaskStatus.SCHEDULED]):
        start += len(tasks)
        waiting += sum(not task.system for task in tasks)
    return text_answer(str(waiting))


async def _named_sizes(call: Call) -> dict[str, int]:
    """Queue as `[domain:]name` -> how many tasks wait in it."""
    waiting = await call.platform.store.queue_sizes()
    return {f"{domain}:{name}" if domain else name: count for (name, domain), count in waiting.items()}


ROUTES: Final = (
    Route("GET", "/tasks/queue/sizes", sizes, "How many tasks wait in some queues", query=(TASK_TYPES,), response=dict[str, int]),
    Route(
        "GET",
        "/tasks/queue/size",
        size,
        "How many tasks wait in a queue",
        query=(TASK_TYPE, DOMAIN, ISOLATION_GROUP, NAMESPACE),
        response=int,
    ),
    Route("GET", "/tasks/queue/all", all_sizes, "How many tasks wait in every queue", response=dict[str, int]),
    Route("GET", "/tasks/queue/all/verbose", all_sizes_by_shard, "The same, by shard", response=JsonObject),
    Route("GET", "/tasks/queue/polldata", poll_data, "Who polled a queue last", query=(TASK_TYPE,), response=list[PollData]),
    Route("GET", "/tasks/queue/polldata/all", all_poll_data, "Who polled each queue last", response=list[PollData]),
    Route(
        "POST",
        "/tasks/queue/requeue/{taskType}",
        requeue,
        "How many tasks of a type wait for a worker; they are in their queue already",
        response=str,
    ),
)
