"""Decide: the answer to commands on a run, as one value that says everything that must become true together.

Pure: the same run, commands and time give the same decision, as often as one likes (design: the decision).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
from msgspec.structs import replace

from podium.engine import effects
from podium.engine.commands import COMMANDS
from podium.engine.deadlines import workflow_deadline
from podium.engine.draft import Draft
from podium.engine.index import Index
from podium.engine.question import Answers
from podium.engine.rate_limit import check_revival, slot_change
from podium.engine.run import Run
from podium.errors import PodiumError, TryAgain
from podium.model.command import AnyCommand, Look
from podium.model.decision import Decision, HistoryEntry, TaskChange
from podium.model.message import AdmitNext, OutboxRow
from podium.model.slot import SlotState
from podium.model.status import TaskStatus, WorkflowStatus
from podium.model.task import Task
from podium.model.workflow import Workflow

_NO_ANSWERS: Answers = {}


class Result(msgspec.Struct, frozen=True):
    """What one command comes to: its value, or why it was refused."""

    value: Any = None
    error: PodiumError | None = None


class Outcome(msgspec.Struct, frozen=True):
    """What commands come to together."""

    decision: Decision | None  # None: nothing changed, there is nothing to commit
    results: list[Result]  # one for each command, in order
    index: Index  # the run's, with everything that was changed; for `Run.adopt`


def decide(run: Run, commands: Sequence[AnyCommand], now: int, answers: Answers = _NO_ANSWERS) -> Outcome:
    """Answer `commands` one after the other at `now` (epoch ms), as one decision.

    A command that is refused has its error in its result and changes nothing. Raises NeedsAnswer when it must know what only
    others can find out, such as what a slow script comes to: decide again with the answers.
    """
    draft = Draft(run, now, answers)
    results = [_answer(draft, command) for command in commands]
    return Outcome(finish(draft) if draft.changed else None, results, draft.index)


def _answer(draft: Draft, command: AnyCommand) -> Result:
    if isinstance(command, Look):
        return Result()
    draft.turns = 0
    try:
        check_revival(draft, command)
        value = COMMANDS[type(command)](draft, command)
    except PodiumError as error:
        # A start that is refused leaves no run that could take its message in, and what may be tried again comes again.
        if draft.run.workflow.revision and not isinstance(error, TryAgain):
            _consume(draft, command)
        return Result(error=error)
    _consume(draft, command)
    draft.commands.append(type(command).__name__)
    draft.actor = command.actor
    return Result(value)


def _consume(draft: Draft, command: AnyCommand) -> None:
    if command.message_id is not None:
        draft.consumed.append(command.message_id)


def finish(draft: Draft) -> Decision:
    """The decision that a draft has become."""
    run = draft.run
    born = run.workflow.revision == 0
    before = None if born else run.workflow
    changes = tuple(_changes(draft))
    if draft.workflow.rate_limited and before is not None and before.status.terminal:
        draft.set_workflow(rate_limited=False)  # it ended while it waited, and runs again: now it has a slot
    slot = slot_change(draft, before)
    sent = [*draft.messages, *effects.messages(draft, changes, before)] if not draft.removed else []
    if slot is not None and slot.state is not SlotState.HELD:
        sent.append((AdmitNext(key=slot.key), 0))
    revision = run.workflow.revision + 1
    workflow = replace(draft.workflow, revision=revision, update_time=draft.now, wake_at=wake_at(draft, changes))
    return Decision(
        base_revision=run.workflow.revision,
        workflow=workflow,
        before=before,
        tasks=changes,
        messages=tuple(
            OutboxRow(outbox_id=f"{workflow.workflow_id}:{revision}:{n}", message=message, due=due or draft.now)
            for n, (message, due) in enumerate(sent)
        ),
        consumed=tuple(draft.consumed),
        logs=tuple(draft.logs),
        definition=draft.definition,
        history=_history(draft, changes),
        removed=draft.removed,
        cached=tuple(draft.cached.values()),
        slot=slot,
    )


def _changes(draft: Draft) -> list[TaskChange]:
    before, after = draft.run.index.tasks, draft.index.tasks
    pairs = (TaskChange(before.get(task_id), after.get(task_id)) for task_id in draft.touched)
    return [change for change in pairs if change.before is not change.after]


def _history(draft: Draft, changes: Sequence[TaskChange]) -> HistoryEntry:
    told = (
        (
            (change.after or change.before).task_id,  # type: ignore[union-attr]
            change.before.status.value if change.before is not None else "",
            change.after.status.value if change.after is not None else "",
        )
        for change in changes
    )
    return HistoryEntry(at=draft.now, actor=draft.actor, commands=tuple(draft.commands), changes=tuple(c for c in told if c[1] != c[2]))


def wake_at(draft: Draft, changes: Sequence[TaskChange]) -> int:
    """When the run must be looked at again (epoch ms); 0: never. A later deadline does not move an earlier one that is still to come."""
    workflow = draft.workflow
    if workflow.status.terminal:
        return 0
    fresh = [draft.index.deadline(change.after) for change in changes if change.after is not None and not change.after.status.terminal]
    fresh.append(workflow_deadline(workflow, draft.program.definition))
    fresh.append(draft.now if workflow.unfinished else 0)
    if workflow.status is WorkflowStatus.PAUSED:
        # What is due stays so until the run is resumed: waking it would change nothing.
        fresh = [when for when in fresh if when > draft.now]
    known = draft.run.workflow.wake_at
    if draft.ticked:
        known = draft.run.next_deadline(draft.now, {change.after.task_id for change in changes if change.after is not None})
    return min((max(when, draft.now) for when in (*fresh, known) if when), default=0)


def claim(task: Task, worker_id: str | None, now: int) -> Task:
    """What a claim makes of a ready task (spec/engine.md §6.3), as the store does it."""
    return replace(
        task,
        status=TaskStatus.IN_PROGRESS,
        start_time=task.start_time or now,
        update_time=now,
        callback_after_seconds=0,
        worker_id=worker_id,
        poll_count=task.poll_count + 1,
        ready_at=0,
    )


def hand_off(decision: Decision, claimed: Sequence[Task]) -> Decision:
    """The decision with these of its ready tasks claimed already, and the run woken in time for their deadlines."""
    by_id = {task.task_id: task for task in claimed}
    tasks = tuple(
        TaskChange(change.before, by_id[change.after.task_id]) if change.after is not None and change.after.task_id in by_id else change
        for change in decision.tasks
    )
    leases = [task.update_time + task.lease_ms for task in claimed if task.lease_ms]
    wakes = [when for when in (decision.workflow.wake_at, *leases) if when]
    workflow: Workflow = replace(decision.workflow, wake_at=min(wakes, default=0))
    return replace(decision, tasks=tasks, workflow=workflow)
