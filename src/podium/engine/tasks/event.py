"""EVENT: puts a message on a queue (spec/tasks.md §4.1)."""

from __future__ import annotations

from podium.engine.draft import Draft
from podium.engine.graph import Node
from podium.engine.java_text import java_text
from podium.engine.sink import queue_of
from podium.engine.turn import Spot, TaskType, Turn
from podium.model.json import Json
from podium.model.payload import Payload
from podium.model.status import TaskStatus
from podium.model.task import Task

OWN = "conductor"  # the provider that is the server itself
# Types of brokers: none of these names is a direct event, whoever listens to it (spec/platform.md §1.3).
BROKERS = frozenset({"kafka", "sqs", "amqp", "amqp_queue", "amqp_exchange", "nats", "jsm", "nats_stream", "azure", "gcp_pubsub", "ibm_mq"})


def plan(spot: Spot, node: Node) -> list[Task]:
    """One task that is executed in the same decision."""
    identity = spot.draft.next_task_id()
    value = spot.draft.resolve(node, identity[1])
    sink = node.fields(spot.draft.scope(identity[1])) if node.fields is not None else None
    value = {**value, "sink": sink, "asyncComplete": node.task.async_complete}
    return [spot.task(node, TaskStatus.SCHEDULED, value, identity)]


def execute(turn: Turn, task: Task) -> None:
    """Name the queue in the output; the message is sent with the commit (`podium.engine.effects`)."""
    draft = turn.draft
    if task.start_time and task.status is TaskStatus.IN_PROGRESS:
        return
    workflow = draft.workflow
    sink = task.input.value.get("sink")
    queue = queue_of(java_text(sink), workflow.name, task.ref) if sink is not None else None
    output: dict[str, Json] = {
        **task.input.value,
        "workflowInstanceId": workflow.workflow_id,
        "workflowType": workflow.name,
        "workflowVersion": workflow.version,
        "correlationId": workflow.correlation_id,
        "taskToDomain": dict(workflow.task_to_domain),
    }
    problem = _problem(draft, sink, queue, task)
    if problem is not None:
        draft.change(task, status=TaskStatus.FAILED, output=Payload.of(output), reason=problem, start_time=draft.now)
        return
    output["event_produced"] = queue
    open_ended = task.input.value.get("asyncComplete") is True
    status = TaskStatus.IN_PROGRESS if open_ended else TaskStatus.COMPLETED
    draft.change(task, status=status, output=Payload.of(output), start_time=draft.now)


def _problem(draft: Draft, sink: Json, queue: str | None, task: Task) -> str | None:
    if sink is None:
        return "No sink specified in task"
    if queue is None:
        return f"Invalid / Unsupported sink specified: {java_text(sink)}"
    provider = queue.partition(":")[0]
    if provider != OWN and (provider in BROKERS or not draft.catalog.heard(queue)):
        return f"Error loading queue:{queue}, for task:{task.task_id}, error: Unsupported queue provider {provider}"
    return None


EVENT = TaskType(plan=plan, execute=execute)
