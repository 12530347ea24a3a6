"""Engine: what the rules alone cost, without HTTP, queue and disk: microseconds to decide and apply one step."""

from __future__ import annotations

import gc
from collections.abc import Callable, Sequence
from statistics import median
from time import process_time

from bench.definition import Definition, dynamic_fork, fork, loop, output, sequence
from bench.table import MICRO, Row
from bench.workloads.plan import QUICK, Plan
from podium.engine.decide import decide
from podium.engine.definitions import complete, definition_hash
from podium.engine.effects import ready_tasks
from podium.engine.graph import compile_definition
from podium.engine.run import Run
from podium.model.command import StartWorkflow, UpdateTask
from podium.model.definition import SchemaDef, TaskDef, WorkflowDef
from podium.model.json import JsonObject
from podium.model.payload import Payload
from podium.model.status import TaskStatus
from podium.model.task import Task
from podium.model.wire import shape

TASK = "bench_engine_step"
SIZES = (10, 1_000, 10_000)
STEPS = 200  # of one window
OUTPUT = output()

SHAPES: dict[str, Callable[[int], Definition]] = {
    "sequence": lambda size: sequence("bench_engine", TASK, size),
    "fork": lambda size: fork("bench_engine", TASK, size),
    "dynamic fork": lambda _: dynamic_fork("bench_engine", TASK),
    "loop": lambda size: loop("bench_engine", TASK, size),
}


class _Nothing:
    """A catalog without definitions."""

    def task_definition(self, _name: str) -> TaskDef | None:
        return None

    def workflow_definition(self, _name: str, _version: int | None) -> WorkflowDef | None:
        return None

    def schema(self, _name: str, _version: int | None) -> SchemaDef | None:
        return None

    def active_domain(self, _task_type: str, domains: Sequence[str]) -> str | None:
        return domains[-1]

    def environment(self, _name: str) -> str | None:
        return None

    def secret(self, _name: str, _starter: str) -> str | None:
        return None

    def variable(self, _name: str) -> str | None:
        return None

    def heard(self, _event: str) -> bool:
        return False


class _Play:
    """One run in memory, and a worker that completes its tasks one by one."""

    def __init__(self, definition: Definition, size: int) -> None:
        completed = complete(shape(definition, WorkflowDef), _Nothing())
        key = definition_hash(completed)
        given: JsonObject = {"order": 17, "items": [{"item": i} for i in range(size)]}
        command = StartWorkflow(workflow_id="bench", definition=completed, definition_hash=key, input=given)
        self._now = 1_000_000
        self._run = Run.unborn(command, compile_definition(completed, key), _Nothing(), self._now)
        self._ready: list[Task] = []
        self._do(command)

    def step(self) -> None:
        """Complete one task that is ready."""
        task = self._ready.pop()
        report = Payload.read(OUTPUT)
        self._do(UpdateTask(workflow_id="bench", task_id=task.task_id, status=TaskStatus.COMPLETED, output=report))

    def _do(self, command: StartWorkflow | UpdateTask) -> None:
        self._now += 1
        outcome = decide(self._run, [command], self._now)
        assert outcome.decision is not None, outcome.results
        self._ready += ready_tasks(outcome.decision)
        self._run.apply(outcome.decision)


def measure(plan: Plan) -> list[Row]:
    """Rows for every shape."""
    rows = [Row("The engine alone, one step in a run of 10 / 1,000 / 10,000 tasks", "", "", "÷ at 10")]
    for name in SHAPES:
        costs = [median(_costs(name, size, plan.windows)) * MICRO for size in SIZES]
        ratios = " / ".join(f"{cost / costs[0]:.2f}" for cost in costs[1:])
        rows.append(Row(f"  {name}: CPU, µs", " / ".join(f"{cost:.0f}" for cost in costs), "", ratios, "≤ 1.5 (design)"))
    return rows


def _costs(name: str, size: int, windows: int) -> list[float]:
    """Seconds per step, for each window. No run ends meanwhile: its last step is left undone."""
    if size <= STEPS:
        return [_window([_Play(SHAPES[name](size), size) for _ in range(-(-STEPS // (size - 1)))], size - 1) for _ in range(windows)]
    play = _Play(SHAPES[name](size), size)
    for _ in range(0 if name.endswith("fork") else size - STEPS * windows - 1):  # forks have their size from the beginning
        play.step()
    return [_window([play], STEPS) for _ in range(windows)]


def _window(plays: list[_Play], steps: int) -> float:
    gc.collect()
    began = process_time()
    for play in plays:
        for _ in range(steps):
            play.step()
    return (process_time() - began) / (steps * len(plays))


if __name__ == "__main__":
    from bench.table import shown

    print(shown(measure(QUICK)))
