"""Judge: looks at the database after every commit, and at the end whether anything was lost, made twice or left standing."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any, cast

from podium.engine.graph import Program, compile_definition
from podium.engine.run import Run
from podium.errors import NotFound
from podium.model.status import TaskStatus
from podium.model.task import Task
from podium.runtime.platform import Platform
from podium.store import loading
from podium.store.store import Batch, Saved
from podium.testing.clock import START
from podium.testing.invariants import check_closed, check_numbers, check_queue, check_rebuilt, check_wake
from podium.testing.simulation.loop import SimulationLoop
from podium.testing.simulation.store import Database
from podium.testing.simulation.workload import CAUGHT_UP, LAST_TICK, PUNCTUAL, TICK, TICK_MS

LARGEST_SKEW_MS = 2_000
ENDED = frozenset({"COMPLETED", "FAILED", "TIMED_OUT", "TERMINATED"})


class Judge:
    """What was promised to clients, held against what is there."""

    def __init__(self, database: Database, loop: SimulationLoop) -> None:
        self._database = database
        self._loop = loop
        self._programs: dict[str, Program] = {}
        self._handed: Counter[tuple[str, int]] = Counter()  # (task id, poll count)
        self._again: set[str] = set()  # workflows that were retried or restarted
        self._problems: list[BaseException] = []

    # What happens

    def committed(self, batch: Batch, saved: Saved) -> None:
        """A commit is done: every run that it touched keeps the rules."""
        lost = saved.conflicts | saved.failures.keys()
        assert not saved.failures, f"a decision broke a constraint: {saved.failures}"
        touched = {one.workflow.workflow_id: None for index, one in enumerate(batch.decisions) if index not in lost}
        touched |= {claim.task.workflow_id: None for claim in saved.claimed}
        now = START + round(self._loop.time() * 1000) + LARGEST_SKEW_MS
        for workflow_id in touched:
            run = self.stored(workflow_id)
            if run is not None:
                self._check(run, max(batch.now, now))

    @staticmethod
    def _check(run: Run, now: int) -> None:
        check_closed(run)
        check_queue(run)
        check_numbers(run)
        check_wake(run, now)
        check_rebuilt(run)

    def started(self, workflow_id: str, key: str) -> None:
        """A client was told that its workflow runs."""
        run = self.stored(workflow_id)
        assert run is not None, f"{workflow_id} was acknowledged and is not there"
        assert run.workflow.idempotency_key == key

    def handed_out(self, task: Task) -> None:
        """A worker got a task."""
        self._handed[task.task_id, task.poll_count] += 1
        assert self._handed[task.task_id, task.poll_count] == 1, f"{task.ref} of {task.workflow_id} was handed out twice"

    def begun_again(self, workflow_id: str) -> None:
        """Somebody begins a workflow, or a part of it, again: what was reported may be gone."""
        self._again.add(workflow_id)

    def reported(self, task: Task) -> None:
        """A worker was told that its report is taken."""
        run = self.stored(task.workflow_id)
        assert run is not None
        if task.workflow_id in self._again or run.workflow.parent_workflow_id is not None:
            return
        known = run.task(task.task_id)
        assert known is not None, f"{task.ref} of {task.workflow_id} was reported and is not there"
        assert known.status.terminal or known.status is TaskStatus.SCHEDULED or known.poll_count > task.poll_count, (
            f"{task.ref} of {task.workflow_id} was reported, and is {known.status}"
        )

    def problem(self, error: BaseException) -> None:
        """Something failed beside the main course of the world."""
        self._problems.append(error)

    def raise_problem(self) -> None:
        """The first of them, if there is any."""
        if self._problems:
            raise self._problems[0]

    # What there is

    def stored(self, workflow_id: str) -> Run | None:
        """A run as the database holds it."""
        found = loading.load(self._database.connection.cursor(), workflow_id, 0, None)
        if found is None:
            return None
        key = found.workflow.definition_hash
        if key not in self._programs:
            assert found.definition is not None
            self._programs[key] = compile_definition(found.definition, key)
        return Run.of(found, self._programs[key], cast("Any", None))

    def _statuses(self) -> dict[str, str]:
        rows = self._database.connection.execute("SELECT workflow_id, status FROM workflow ORDER BY create_time, workflow_id")
        return dict(rows.fetchall())

    def open_workflows(self) -> list[str]:
        """Ids of all that have not ended."""
        return [workflow_id for workflow_id, status in self._statuses().items() if status not in ENDED]

    def paused(self) -> list[str]:
        """Ids of all that are paused."""
        return [workflow_id for workflow_id, status in self._statuses().items() if status == "PAUSED"]

    @property
    def workflows(self) -> int:
        """How many there are."""
        return len(self._statuses())

    @property
    def messages(self) -> int:
        """How many wait to be delivered."""
        count: int = self._database.connection.execute("SELECT count(*) FROM outbox").fetchone()[0]
        return count

    @property
    def instants(self) -> int:
        """How many schedules will be due, and how many of their instants have been taken and are not over."""
        count: int = self._database.connection.execute(
            "SELECT (SELECT count(*) FROM schedule WHERE wake_at > 0) + (SELECT count(*) FROM schedule_execution WHERE wake_at > 0)"
        ).fetchone()[0]
        return count

    def _ticks(self, name: str) -> dict[int, str]:
        """The instants of a schedule -> the workflow that each has started."""
        rows = self._database.connection.execute(
            "SELECT scheduled_time, workflow_id FROM schedule_execution WHERE schedule_name = ? AND state = 'EXECUTED' ORDER BY 1", (name,)
        )
        return dict(rows.fetchall())

    def _check_ticks(self) -> None:
        """Every instant has started one workflow; a schedule that catches up has left out none."""
        ticks = {name: self._ticks(name) for name in (*CAUGHT_UP, PUNCTUAL)}
        for name in CAUGHT_UP:
            times = list(ticks[name])
            assert times == list(range(min(times, default=0), LAST_TICK + 1 if times else 0, TICK_MS)), f"{name} was due at {times}"
        started = Counter(workflow_id for instants in ticks.values() for workflow_id in instants.values())
        known = self._database.connection.execute("SELECT workflow_id FROM workflow WHERE name = ?", (TICK,)).fetchall()
        assert started == Counter(workflow_id for (workflow_id,) in known), "an instant has started no workflow, or more than one"

    def told(self, workflow_ids: Iterable[str]) -> str:
        """Where these workflows stand, for a message."""
        runs = [run for workflow_id in workflow_ids if (run := self.stored(workflow_id)) is not None]
        return json.dumps(
            {
                f"{run.workflow.workflow_id} {run.workflow.name} {run.workflow.status} wake {run.workflow.wake_at}": [
                    f"{task.ref} {task.status} ready {task.ready_at} executed {task.executed}" for task in run.listed()
                ]
                for run in runs
            },
            indent=1,
        )

    async def verdict(self, platforms: Sequence[Platform], started: Sequence[str]) -> None:
        """At the end: nothing is lost, nothing is there twice, and every server knows what the database knows."""
        self.raise_problem()
        keys = Counter(
            row[0] for row in self._database.connection.execute("SELECT idempotency_key FROM workflow WHERE idempotency_key IS NOT NULL")
        )
        assert set(keys.values()) <= {1}, f"started twice: {keys}"
        assert len(keys) == len(started)
        self._check_ticks()
        for workflow_id in self._statuses():
            for platform in platforms:
                await self._compare(platform, workflow_id)

    async def _compare(self, platform: Platform, workflow_id: str) -> None:
        truth = self.stored(workflow_id)
        try:
            known = await platform.executor.read(workflow_id)
        except NotFound:
            raise AssertionError(f"{workflow_id} is there, and a server does not find it") from None
        assert truth is not None
        assert known.workflow == truth.workflow
        assert known.index.tasks == truth.index.tasks
