"""System tasks: the server as a worker of its own queues.

A task is taken like any worker takes it, by hand-off or claim, with a lease. While it runs, signs of life renew the lease; when the
server dies, the lease ends and the engine puts the task back.
"""

from __future__ import annotations

import asyncio
import traceback
from collections.abc import Mapping

from podium import log
from podium.clock import Clock
from podium.engine.run import Run
from podium.errors import NotFound, PodiumError
from podium.model.command import FinishSystemTask, UpdateTask
from podium.model.status import TaskStatus
from podium.model.task import Task
from podium.runtime.executor import Executor
from podium.runtime.queue import TaskQueue
from podium.runtime.secrets import MissingSecret, Secrets
from podium.runtime.supervisor import Supervisor
from podium.runtime.system.finished import Finished, SystemTask

LEASES_PER_SIGN = 3  # a sign of life every third of a lease
WORKER_ID = "server"


class SystemWorker:
    """Runs the tasks of one type, so many at the same time, from all of its queues."""

    def __init__(self, task: SystemTask, concurrency: int, clock: Clock, queue: TaskQueue, executor: Executor, secrets: Secrets) -> None:
        self._task = task
        self._clock = clock
        self._queue = queue
        self._executor = executor
        self._secrets = secrets
        self._slots = asyncio.Semaphore(concurrency)
        self._running: set[asyncio.Task[None]] = set()

    @property
    def running(self) -> int:
        """Tasks that run now."""
        return len(self._running)

    async def work(self, queue: str) -> None:
        """Take tasks of a queue and run them, again and again."""
        while True:
            await self._slots.acquire()
            waiter = self._queue.join(queue, None, WORKER_ID, 1)
            try:
                tasks = await self._queue.answer(waiter)
            except BaseException:
                self._slots.release()
                raise
            if not tasks:  # the server stops
                self._slots.release()
                return
            running = asyncio.create_task(self._run(tasks[0]))
            self._running.add(running)
            running.add_done_callback(self._over)

    async def stop(self, seconds: float) -> None:
        """Wait for what is running; what is not over in time is given up, and runs again after its lease."""
        if self._running:
            await asyncio.wait(self._running, timeout=seconds)
        for one in list(self._running):
            one.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)
        await self._task.close()

    def _over(self, running: asyncio.Task[None]) -> None:
        self._running.discard(running)
        self._slots.release()

    async def _run(self, task: Task) -> None:
        alive = asyncio.create_task(self._give_signs(task)) if task.lease_ms else None
        try:
            finished = await self._outcome(task)
        finally:
            if alive is not None:
                alive.cancel()
        command = FinishSystemTask(
            workflow_id=task.workflow_id,
            task_id=task.task_id,
            status=finished.status,
            output=finished.output,
            reason=finished.reason,
            callback_after_seconds=finished.callback_after_seconds,
        )
        try:
            await self._executor.submit(command)
        except PodiumError:
            return  # the workflow is gone, or the lease will bring the task back
        except Exception as cause:  # noqa: BLE001 - the edge of a loop: the lease will bring the task back
            log.error(log.Event.SYSTEM_TASK_FAILED, cause, workflow_id=task.workflow_id, task_id=task.task_id)

    async def _outcome(self, task: Task) -> Finished:
        """What comes of a task; a bug in its type fails it."""
        try:
            run = await self._executor.known(task.workflow_id)
        except NotFound as gone:
            return Finished(status=TaskStatus.FAILED, reason=gone.message)  # which nobody will hear
        try:
            value = self._secrets.filled(run, task.input)
            return await self._task.run(value if isinstance(value, dict) else task.input.value, task)
        except MissingSecret as missing:
            return Finished(status=TaskStatus.FAILED_WITH_TERMINAL_ERROR, reason=missing.message)
        except Exception as bug:  # noqa: BLE001 - a bug in a type must fail its task, not the loop
            self._tell(run, task, bug)
            return Finished(status=TaskStatus.FAILED, reason=f"Failed to invoke {task.task_type} task due to: {bug!r}")

    def _tell(self, run: Run, task: Task, bug: Exception) -> None:
        """Log a bug, without the secrets that its task was given."""
        keys: log.Keys = {"workflow_id": task.workflow_id, "task_id": task.task_id, "task_type": task.task_type}
        scrub = self._secrets.scrub(run, task)
        if scrub is not None:
            keys["reason"] = scrub.text("".join(traceback.format_exception(bug)))
        log.error(log.Event.SYSTEM_TASK_FAILED, bug if scrub is None else None, **keys)

    async def _give_signs(self, task: Task) -> None:
        """Renew the lease for as long as the task runs."""
        while True:
            await self._clock.sleep_until(self._clock.now() + task.lease_ms // LEASES_PER_SIGN)
            sign = UpdateTask(
                workflow_id=task.workflow_id, task_id=task.task_id, status=TaskStatus.IN_PROGRESS, worker_id=WORKER_ID, extend_lease=True
            )
            try:
                await self._executor.submit(sign)
            except PodiumError:
                return


class SystemTasks:
    """A worker for each type, and a loop for each of its queues: the plain one, and those that isolate a group of task definitions."""

    def __init__(self, workers: Mapping[str, SystemWorker], queue: TaskQueue, supervisor: Supervisor) -> None:
        self._workers = workers
        self._queue = queue
        self._supervisor = supervisor
        self._served: set[str] = set()

    @property
    def running(self) -> int:
        """Tasks that run now."""
        return sum(worker.running for worker in self._workers.values())

    async def run(self, known_queues: list[str]) -> None:
        """Serve all queues that exist, and each new one when its first task arrives."""
        for queue in (*self._workers, *known_queues):
            self._serve(queue)
        while True:
            for queue in await self._queue.new_system_queues():
                self._serve(queue)

    async def stop(self, seconds: float) -> None:
        """Let running tasks end."""
        await asyncio.gather(*(worker.stop(seconds) for worker in self._workers.values()))

    def _serve(self, queue: str) -> None:
        worker = self._workers.get(queue.partition("@")[0].partition("-")[0])
        if worker is not None and queue not in self._served:
            self._served.add(queue)
            self._supervisor.start(f"system task {queue}", lambda: worker.work(queue))
