"""What the tests of the loops share: definitions in a word, and a store that a test can hold, fail or make lose."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from podium.model.body import StartWorkflowRequest
from podium.model.command import UpdateTask
from podium.model.definition import WorkflowDef, WorkflowTask
from podium.model.json import JsonObject
from podium.model.payload import Payload
from podium.model.status import TaskStatus
from podium.model.task import Task
from podium.runtime.platform import Platform
from podium.store.sqlite import SqliteStore
from podium.store.store import Batch, Saved


class TestStore(SqliteStore):
    """The real store, with hooks on its commits."""

    __test__ = False

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self.batches: list[Batch] = []
        self.failing: Exception | None = None
        self.losing = 0  # how many more commits are to lose all their decisions
        self._open = asyncio.Event()
        self._open.set()
        self.entered = asyncio.Event()  # a commit has begun

    def hold(self) -> None:
        """Commits begin and do not end."""
        self._open.clear()
        self.entered.clear()

    def release(self) -> None:
        """Commits end."""
        self._open.set()

    async def save(self, batch: Batch) -> Saved:
        self.batches.append(batch)
        self.entered.set()
        await self._open.wait()
        if self.failing is not None:
            raise self.failing
        if self.losing and batch.decisions:
            self.losing -= 1
            return Saved(conflicts=frozenset(range(len(batch.decisions))))
        return await super().save(batch)

    @property
    def decisions(self) -> int:
        """How many decisions were given to it."""
        return sum(len(batch.decisions) for batch in self.batches)

    @property
    def wants(self) -> int:
        """How many pollers have asked it for tasks."""
        return sum(len(batch.wants) for batch in self.batches)


def simple(*refs: str) -> list[WorkflowTask]:
    """Worker tasks in a row; each is its own queue."""
    return [WorkflowTask(name=ref, task_reference_name=ref) for ref in refs]


def parallel(*refs: str) -> list[WorkflowTask]:
    """Worker tasks side by side."""
    fork = WorkflowTask(name="fork", task_reference_name="fork", type="FORK_JOIN", fork_tasks=[simple(ref) for ref in refs])
    return [fork, WorkflowTask(name="join", task_reference_name="join", type="JOIN", join_on=list(refs))]


async def define(platform: Platform, name: str, tasks: Sequence[WorkflowTask], **fields: object) -> None:
    """Register version 1 of a workflow."""
    definition = WorkflowDef(name=name, version=1, tasks=list(tasks), **fields)  # type: ignore[arg-type]
    await platform.registry.put_workflow_definitions([definition], overwrite=True)


async def start(platform: Platform, name: str, value: JsonObject | None = None) -> str:
    """Start a workflow; its id."""
    return await platform.executor.start(StartWorkflowRequest(name=name, input=value or {}), "tester")


async def open_task(platform: Platform, workflow_id: str, ref: str) -> Task:
    """The open task with a reference name."""
    run = await platform.executor.read(workflow_id)
    return next(task for task in run.listed() if task.ref == ref and not task.status.terminal)


def done(task: Task, status: TaskStatus = TaskStatus.COMPLETED, **output: int) -> UpdateTask:
    """A report about a task."""
    return UpdateTask(workflow_id=task.workflow_id, task_id=task.task_id, status=status, output=Payload.of(dict(output)), actor="tester")


async def take(platform: Platform, queue: str, count: int = 1, timeout_ms: int = 5_000) -> list[Task]:
    """Poll as a worker."""
    return await platform.queue.poll(queue, domain=None, worker_id="w", count=count, timeout_ms=timeout_ms)
