"""Chain: a worker reports one task and takes the next of the same queue, in the same commit where that is possible.

The worker waits in the queue before its report is decided, so that a task which the report makes ready is handed to it at once.
"""

from __future__ import annotations

from typing import Protocol

from podium.engine.run import Run
from podium.errors import NotFound
from podium.model.command import AnyCommand, UpdateTask
from podium.model.task import Task
from podium.runtime.line import Waiter
from podium.runtime.queue import TaskQueue

WAIT_MS = 100  # for a task that the store may hold


class Runs(Protocol):
    """Who reads and changes runs: the executor."""

    async def known(self, workflow_id: str) -> Run:
        """The run as this server knows it; NotFound."""

    async def read(self, workflow_id: str) -> Run:
        """The run, up to date; NotFound."""

    async def handle(self, command: AnyCommand) -> object:
        """The command's result after its commit."""


async def report_and_take(runs: Runs, queue: TaskQueue, command: UpdateTask) -> Task | None:
    """Handle a report, then the next task of the same type and domain for the same worker (spec/engine.md §8.4).

    None when the task goes on, is one of the server, had only its lease extended, or when no other waits. Raises NotFound for an unknown
    workflow or task, and what the report raises; then the worker has taken nothing.
    """
    task = (await runs.known(command.workflow_id)).task(command.task_id) or (await runs.read(command.workflow_id)).task(command.task_id)
    if task is None:
        raise NotFound(f"No such task found by taskId: {command.task_id}", task_id=command.task_id)
    if command.extend_lease or task.system or not command.status.terminal:
        await runs.handle(command)
        return None
    queue.note_poll(task.queue, task.domain, command.worker_id)
    waiter = queue.join(task.queue, task.domain, command.worker_id, 1)
    try:
        await runs.handle(command)
    except BaseException:
        _leave(queue, waiter)
        raise
    tasks = await _taken(queue, waiter)
    return tasks[0] if tasks else None


async def _taken(queue: TaskQueue, waiter: Waiter) -> list[Task]:
    """What the waiter has got, what a commit is about to bring it, or what the store holds for it."""
    line = waiter.line
    if waiter.answer.done() or waiter not in line.idle:
        waiter.expired = True
        return await queue.answer(waiter)
    _leave(queue, waiter)
    if not line.stocked:
        return []
    return await queue.poll(line.queue, domain=line.domain, worker_id=waiter.worker_id, count=1, timeout_ms=WAIT_MS)


def _leave(queue: TaskQueue, waiter: Waiter) -> None:
    """Wait no longer; what was already got goes to the next poller, or back into the queue."""
    if waiter.answer.done():
        if tasks := waiter.answer.result():
            queue.give(waiter, tasks)
        return
    waiter.answer.cancel()
    waiter.leave()
