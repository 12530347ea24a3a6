"""What must hold after every decision, whatever was asked for, and a world that checks it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from podium.engine.decide import Outcome, decide
from podium.engine.index import Index
from podium.engine.run import Run
from podium.model.command import AnyCommand
from podium.model.decision import Decision
from podium.model.message import StartChild, StartOther, TellParent
from podium.model.status import TaskStatus, WorkflowStatus
from podium.model.task import Task
from podium.testing.invariants import SERVER_POLLED, check_closed, check_numbers, check_queue, check_rebuilt, check_wake
from tests.engine.world import World

OPENING = frozenset({"RetryWorkflow", "RerunWorkflow", "ChildRevived"})  # these open what was over
OUTSIDE = frozenset({"HUMAN", "WAIT", "PULL_WORKFLOW_MESSAGES", "WAIT_FOR_WEBHOOK", "YIELD"})  # they wait for a person, a signal or a time


class CheckedWorld(World):
    """A world in which every decision is made twice and taken in in both ways, and everything is checked after it."""

    def __init__(self) -> None:
        super().__init__()
        self.ids: set[str] = set()
        self.closed: dict[str, Task] = {}

    def _decide(self, run: Run, commands: Sequence[AnyCommand], workflow_id: str) -> Outcome:
        before = dict(run.index.tasks), run.workflow
        first = decide(run, commands, self.now)
        assert (dict(run.index.tasks), run.workflow) == before, "decide edited the run"
        again = decide(run, commands, self.now)
        assert first.decision == again.decision, "deciding twice gave two decisions"
        assert [str(result.error) for result in first.results] == [str(result.error) for result in again.results]
        if first.results[-1].error is not None and commands[-1].message_id is None:
            assert first.decision is None, "a refused command changed something"
        twin = twin_of(run)
        adopted = decide(twin, commands, self.now)
        if adopted.decision is not None:
            twin.adopt(adopted.decision, adopted.index)
        try:
            return super()._decide(run, commands, workflow_id)
        finally:
            check_same(run, twin)
            if first.decision is not None and not first.decision.removed:
                self.check_decision(first.decision)
                self.check_run(run)

    def claim(self, task: Task, worker: str = "worker") -> Task:
        claimed = super().claim(task, worker)
        self.check_run(self.runs[task.workflow_id])
        return claimed

    def settle(self) -> None:
        super().settle()
        if not self.holding:
            for run in self.runs.values():
                check_not_stuck(self, run)

    def check_decision(self, decision: Decision) -> None:
        """Ids never repeat; an output is set once."""
        history = decision.history
        again = history is not None and not OPENING.isdisjoint(history.commands)
        for change in decision.tasks:
            if change.before is None and change.after is not None:
                assert change.after.task_id not in self.ids, "an id was used twice"
                self.ids.add(change.after.task_id)
            if change.before is not None and change.after is not None and not made_good(change.before, change.after):
                both_over = change.before.status.terminal and change.after.status.terminal
                assert again or not both_over or change.before.output == change.after.output, "the output of a finished task changed"

    def check_run(self, run: Run) -> None:
        """Everything that a run must be at any time."""
        check_closed(run)
        check_queue(run)
        check_wake(run, self.now)
        check_numbers(run)
        check_rebuilt(run)


def made_good(before: Task, after: Task) -> bool:
    """An optional child that had failed was retried by hand, and is well now."""
    return before.status is TaskStatus.COMPLETED_WITH_ERRORS and after.status is TaskStatus.COMPLETED


def _slots(index: Index) -> dict[str, Any]:
    return {name: getattr(index, name) for name in Index.__slots__}


def twin_of(run: Run) -> Run:
    """A copy that shares nothing which can be changed."""
    twin = Run(run.workflow, run.program, run.catalog)
    for name, table in _slots(run.index).items():
        setattr(twin.index, name, table.copy() if isinstance(table, dict | list) else table)
    return twin


def check_same(applied: Run, adopted: Run) -> None:
    """Whether a run applied a decision or adopted it, it is the same afterwards."""
    assert adopted.workflow == applied.workflow
    assert adopted.program.definition_hash == applied.program.definition_hash
    assert list(adopted.index.tasks) == list(applied.index.tasks), "the order of creation"
    ours, theirs = tables_of(adopted.index), tables_of(applied.index)
    for name, table in theirs.items():
        assert ours[name] == table, f"{name}: adopted {ours[name]}, applied {table}"
    assert adopted.index.open_count == applied.index.open_count
    assert coming(adopted) == coming(applied)


def tables_of(index: Index) -> dict[str, dict[Any, Any]]:
    """All tables by name; nodes by what they are in the definition. A loop without unfinished tasks may be there with 0 or not."""
    tables = {name: table for name, table in _slots(index).items() if isinstance(table, dict)}
    branches = {ref: (node.task, node.ref) for ref, node in index.branches.items()}
    return tables | {"branches": branches, "loop_open": {loop: count for loop, count in index.loop_open.items() if count}}


def coming(run: Run) -> list[tuple[int, str]]:
    """The deadlines that count, in order."""
    index = run.index
    return sorted({(when, key) for when, key in index.deadlines if key in index.open and index.deadline(index.tasks[key]) == when})


def check_not_stuck(world: World, run: Run) -> None:
    """A run that goes on has somebody who will move it."""
    workflow = run.workflow
    if workflow.status is not WorkflowStatus.RUNNING:
        return
    assert any(moves(world, run, task) for task in run.index.tasks.values() if not task.status.terminal), (
        f"nothing moves {workflow.workflow_id}: {[(t.ref, t.status.value, t.retried, t.executed) for t in run.listed()]}"
    )
    assert not run.index.pending, "what is over was not decided"


def moves(world: World, run: Run, task: Task) -> bool:
    """Somebody will do something about an open task: a worker, a person, the clock, another workflow."""
    if task.ready_at or task.task_type in OUTSIDE or task.task_type in SERVER_POLLED or not task.system:
        return True
    on_its_way = (row.message for row in world.outbox)
    if task.task_type in ("SUB_WORKFLOW", "START_WORKFLOW"):
        child = world.runs.get(task.sub_workflow_id or "")
        alive = child is not None and not child.workflow.status.terminal
        return alive or any(isinstance(m, StartChild | StartOther | TellParent) and m.task_id == task.task_id for m in on_its_way)
    return task.task_type == "EVENT"  # async complete: somebody outside
