"""Given: workflows, tasks and decisions to store, small, with everything that does not matter left out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeVar

import msgspec

from podium.model.decision import Decision, HistoryEntry, TaskChange
from podium.model.definition import WorkflowDef, WorkflowTask
from podium.model.payload import Payload
from podium.model.status import TaskStatus, WorkflowStatus
from podium.model.task import Task
from podium.model.workflow import Workflow
from podium.store.store import Batch, Saved, Store

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


async def save(store: Store, *decisions: Decision, **batch: Any) -> Saved:
    """One batch."""
    return await store.save(Batch(now=batch.pop("now", NOW), decisions=decisions, **batch))


async def stored(store: Store, decisions: Sequence[Decision], **batch: Any) -> None:
    """One batch in which all goes well."""
    saved = await save(store, *decisions, **batch)
    assert (saved.conflicts, saved.failures) == (frozenset(), {})
