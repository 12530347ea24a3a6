"""Invariants: what must hold for every run at any time, whoever has changed it (design: invariants)."""

from __future__ import annotations

from typing import Any

from podium.engine.deadlines import workflow_deadline
from podium.engine.index import Index
from podium.engine.outputs import iteration_tasks
from podium.engine.run import Run
from podium.engine.tasks import TASK_TYPES
from podium.model.status import TaskStatus, WorkflowStatus
from podium.model.workflow import StoredRun

# Types that wait in a queue of the server's own loop.
SERVER_POLLED = frozenset(name for name, known_type in TASK_TYPES.items() if known_type.system and known_type.polled)


def check_closed(run: Run) -> None:
    """No open task in a closed workflow."""
    still_open = [task.ref for task in run.index.tasks.values() if not task.status.terminal]
    assert not (run.workflow.status.terminal and still_open), f"{run.workflow.status} with open {still_open}"
    assert len(still_open) == run.index.open_count


def check_queue(run: Run) -> None:
    """A task has its place in a queue exactly while it waits for a worker, or for the server's own loop."""
    for task in run.index.tasks.values():
        waits = task.status is TaskStatus.SCHEDULED and (not task.system or task.task_type in SERVER_POLLED)
        # A task of the server that is run again and again is in progress between two of its runs.
        again = task.status is TaskStatus.IN_PROGRESS and task.task_type in SERVER_POLLED
        assert bool(task.ready_at) == waits or again, f"{task.ref} {task.status} ready_at={task.ready_at}"


def check_wake(run: Run, now: int) -> None:
    """The run is woken in time for the earliest of its deadlines."""
    paused = run.workflow.status is WorkflowStatus.PAUSED
    deadlines = [run.index.deadline(task) for task in run.index.tasks.values() if not task.status.terminal]
    deadlines = [when for when in deadlines if when and (not paused or when > now)]
    if when := workflow_deadline(run.workflow, run.program.definition):
        deadlines.append(when)
    if run.workflow.status.terminal:
        assert run.workflow.wake_at == 0
    elif deadlines:
        assert 0 < run.workflow.wake_at <= max(now, min(deadlines)), f"wakes at {run.workflow.wake_at}, is due at {min(deadlines)}"


def check_numbers(run: Run) -> None:
    """Numbers and places in the sequence never repeat, and the workflow knows the highest."""
    tasks = list(run.index.tasks.values())
    places = [task.seq for task in tasks if task.seq]
    numbers = [task.number for task in tasks]
    assert len(set(places)) == len(places)
    assert len(set(numbers)) == len(numbers)
    assert max(numbers, default=0) <= run.workflow.task_count
    assert max(places, default=0) <= run.workflow.last_seq
    attempts = [(task.ref, task.retry_count) for task in tasks if task.status is not TaskStatus.SKIPPED]
    assert len(set(attempts)) == len(attempts), f"two tasks with one reference and retry count: {attempts}"


def check_rebuilt(run: Run) -> None:
    """A run that is read from the store knows the same as one that was kept."""
    stored = StoredRun(workflow=run.workflow, tasks=sorted(run.index.tasks.values(), key=lambda task: task.number))
    again = Run.of(stored, run.program, run.catalog)
    kept, read = known(run.index), known(again.index)
    for name in kept:
        assert kept[name] == read[name], f"{name}: kept {kept[name]}, read {read[name]}"
    for task in run.index.tasks.values():
        assert run.node_of(task) == again.node_of(task)
        assert run.index.deadline(task) == again.index.deadline(task)
    assert run.next_deadline(0, frozenset()) == again.next_deadline(0, frozenset())


def known(index: Index) -> dict[str, Any]:
    """What an index says, without what is only its own way to say it."""
    iterations = {(task_id, n): iteration_tasks(index, task_id, n) for task_id, n in index.loop_count if task_id in index.tasks}
    return {
        "last": dict(index.last),
        "latest": dict(index.latest),
        "open": set(index.open),
        "pending": set(index.pending),
        "waiting": {ref: set(joins) for ref, joins in index.waiting.items()},
        "missing": set(index.missing),
        "missing_count": dict(index.missing_count),
        "iterations": {key: [task.task_id for task in tasks] for key, tasks in iterations.items() if tasks},
        "loop_open": {key: count for key, count in index.loop_open.items() if count and key in index.tasks},
        "unsuccessful": set(index.unsuccessful),
        "forks": set(index.forks),
    }
