"""Growth: what one step costs in a run of a given size, one step at a time.

Sequences and loops are driven with update-v2, which brings the next task; of forks all tasks are taken first, and then reported.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from itertools import groupby
from time import perf_counter

from bench.client import BadAnswer, Connection, Polled, Reports, connect, poll_request, register, start_request, task_of, tasks_of
from bench.definition import Definition, dynamic_fork, fork, loop, output, sequence
from bench.scenarios.job import Job, Report
from bench.scenarios.stopwatch import Stopwatch

NAME, TASK = "bench_growth", "bench_growth_step"
SMALL = 100  # runs below this size are too short for a window: several share it
MARGIN = 2  # branches that stay open in a small run, so that its end is not measured
TAKEN = 100  # tasks in one poll


async def growth(job: Job) -> Report:
    """`count` steps per window, in runs of `size` tasks of the given `shape`."""
    drive = _Drive(await connect(job.port), job)
    await register(drive.connection, [drive.definition()], [drive.task_type])
    prepare = drive.ahead if job.shape in {"sequence", "loop"} else drive.taken
    report = Report()
    began = perf_counter()
    for _ in range(job.windows if job.size < SMALL else 1):
        steps = await prepare()
        report.values["ready_seconds"] = perf_counter() - began
        for _ in range(1 if job.size < SMALL else job.windows):
            watch = Stopwatch(job.probe())
            units = await steps()
            report.windows.append(watch.stop(units))
    return report


Steps = Callable[[], Awaitable[int]]  # does the steps of a window; how many it did


class _Drive:
    """The one worker."""

    def __init__(self, connection: Connection, job: Job) -> None:
        self.connection = connection
        self._job = job
        suffix = f"_{job.shape}_{job.size}".replace(" ", "_")
        self.name, self.task_type = NAME + suffix, TASK + suffix
        self._poll = poll_request(self.task_type, "growth", TAKEN, 5000)
        self._reports = Reports(output(), "/api/tasks/update-v2" if job.shape in {"sequence", "loop"} else "/api/tasks")

    def definition(self) -> Definition:
        """The workflow that is run."""
        size = self._job.size
        beyond = size + size if size < SMALL else size + self._job.count * self._job.windows
        match self._job.shape:
            case "sequence":
                return sequence(self.name, self.task_type, beyond)
            case "loop":
                return loop(self.name, self.task_type, beyond)
            case "fork":
                return fork(self.name, self.task_type, size)
            case _:
                return dynamic_fork(self.name, self.task_type)

    async def start(self) -> None:
        """Start one run."""
        given: dict[str, object] = {"order": 17}
        if self._job.shape == "dynamic fork":
            given["items"] = [{"item": i} for i in range(self._job.size)]
        await self.connection.expect(start_request(self.name, given))

    async def _step(self, task: Polled) -> Polled:
        return task_of(await self.connection.expect(self._reports.request(task)))

    async def ahead(self) -> Steps:
        """Runs of which half a window is still missing to the size."""
        count, size = self._job.count, self._job.size
        small = size < SMALL
        each = size if small else count  # steps of a run in a window
        tasks = [await self._advanced(size - (size if small else count * self._job.windows) // 2) for _ in range(-(-count // each))]

        async def steps() -> int:
            for at, task in enumerate(tasks):
                current = task
                for _ in range(each):
                    current = await self._step(current)
                tasks[at] = current
            return each * len(tasks)

        return steps

    async def _advanced(self, steps: int) -> Polled:
        """A new run that has done so many steps: its open task."""
        await self.start()
        task = (await self._take(1))[0]
        for _ in range(steps):
            task = await self._step(task)
        return task

    async def taken(self) -> Steps:
        """Tasks for all windows, of runs with all their branches open."""
        size, count = self._job.size, self._job.count
        if size >= SMALL:
            await self.start()
            tasks = iter(await self._take(min(size, count * self._job.windows)))
            per_window = min(count, size // self._job.windows)
        else:
            runs = -(-count // (size - MARGIN))
            for _ in range(runs):
                await self.start()
            found = sorted(await self._take(runs * size), key=_workflow)
            tasks = iter([task for _, group in groupby(found, _workflow) for task in list(group)[:-MARGIN]])
            per_window = runs * (size - MARGIN)

        async def steps() -> int:
            for _ in range(per_window):
                await self.connection.expect(self._reports.request(next(tasks)))
            return per_window

        return steps

    async def _take(self, count: int) -> list[Polled]:
        tasks: list[Polled] = []
        while len(tasks) < count:
            more = tasks_of(await self.connection.expect(self._poll))
            if not more:
                raise BadAnswer(f"only {len(tasks)} of {count} tasks came")
            tasks += more
        return tasks


def _workflow(task: Polled) -> str:
    return task.workflow_instance_id
