"""Given: workflows, tasks and decisions to store, small, with everything that does not matter left out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeVar

import msgspec

from podium.model.decision import Decision, HistoryEntry, TaskChange
from podium.model.definition import WorkflowDef, WorkflowTask
from podium.model.message import OutboxRow, TerminateChild
from podium.model.payload import Payload
from podium.model.status import TaskStatus, WorkflowStatus
from podium.model.task import PollData, Task, TaskLog
from podium.model.workflow import Workflow
from podium.store.store import Batch, Saved, Store, Want

T = TypeVar("T", bound=msgspec.Struct)

NOW = 1_700_000_000_000
DEFINITION = WorkflowDef(name="order", version=1, tasks=[WorkflowTask(name="pay", task_reference_name="pay")])
HASH = "hash-of-order"


def replace(value: T, **changes: object) -> T:
    """A changed copy."""
    return msgspec.structs.replace(value, **changes)


def a_workflow(workflow_id: str = "w1", **fields: Any) -> Workflow:
    """A run that has just started."""
    given: dict[str, Any] = {
        "name": "order",
        "version": 1,
        "definition_hash": HASH,
        "revision": 1,
        "create_time": NOW,
        "update_time": NOW,
        "input": Payload.of({"customer": "Ada"}),
    }
    return Workflow(workflow_id=workflow_id, **(given | fields))


def a_task(workflow_id: str = "w1", number: int = 1, **fields: Any) -> Task:
    """A task that waits for a worker."""
    given: dict[str, Any] = {
        "task_id": f"{workflow_id}-t{number}",
        "ref": f"pay_{number}",
        "base_ref": f"pay_{number}",
        "task_type": "pay",
        "def_name": "pay",
        "status": TaskStatus.SCHEDULED,
        "seq": number,
        "scheduled_time": NOW,
        "update_time": NOW,
        "ready_at": NOW,
        "input": Payload.of({"amount": number}),
    }
    return Task(workflow_id=workflow_id, number=number, **(given | fields))


def born(workflow: Workflow, *tasks: Task, **fields: Any) -> Decision:
    """The decision that creates a run."""
    changes = tuple(TaskChange(None, task) for task in tasks)
    return Decision(base_revision=0, workflow=workflow, before=None, tasks=changes, definition=DEFINITION, **fields)


def moved(before: Workflow, *changes: TaskChange, workflow: dict[str, Any] | None = None, **fields: Any) -> Decision:
    """The next decision on a run."""
    after = replace(before, revision=before.revision + 1, **(workflow or {}))
    return Decision(base_revision=before.revision, workflow=after, before=before, tasks=changes, **fields)


def completed(task: Task, output: Payload | None = None) -> TaskChange:
    """A task's success."""
    after = replace(task, status=TaskStatus.COMPLETED, ready_at=0, end_time=NOW + 1, output=output or Payload.of({"paid": True}))
    return TaskChange(task, after)


def closed(status: WorkflowStatus = WorkflowStatus.COMPLETED, at: int = NOW + 5) -> dict[str, Any]:
    """What an end changes of a workflow."""
    return {"status": status, "end_time": at, "wake_at": 0}


def an_entry(*changes: tuple[str, str, str]) -> HistoryEntry:
    """A line of the history."""
    return HistoryEntry(at=NOW, actor="Ada", commands=("UpdateTask",), changes=changes)


def before_and_batch() -> tuple[list[Decision], Batch]:
    """Two runs, and a batch on them that touches every table."""
    first, second, task = a_workflow("w1"), a_workflow("w2"), a_task("w1")
    message = OutboxRow(outbox_id="m1", message=TerminateChild(workflow_id="w1", child_id="c", reason="r"), due=NOW)
    given = [born(first, task, a_task("w1", 2), messages=(message,)), born(second, a_task("w2"))]
    step = moved(
        first,
        completed(task),
        TaskChange(a_task("w1", 2), None),
        TaskChange(None, a_task("w1", 3)),
        workflow={"output": Payload.of({"a": 1}), "priority": 3},
        consumed=("m1",),
        messages=(replace(message, outbox_id="m2"),),
        logs=(TaskLog(log="line", task_id=task.task_id),),
        history=an_entry(),
    )
    batch = Batch(
        now=NOW,
        decisions=[step, born(a_workflow("w3"), a_task("w3")), moved(second, removed=True)],
        wants=[Want(queue="pay", domain=None, worker_id="w", count=1)],
        polls=[PollData(queue_name="pay", last_poll_time=NOW)],
    )
    return given, batch


async def save(store: Store, *decisions: Decision, **batch: Any) -> Saved:
    """One batch."""
    return await store.save(Batch(now=batch.pop("now", NOW), decisions=decisions, **batch))


async def stored(store: Store, decisions: Sequence[Decision], **batch: Any) -> None:
    """One batch in which all goes well."""
    saved = await save(store, *decisions, **batch)
    assert (saved.conflicts, saved.failures) == (frozenset(), {})
