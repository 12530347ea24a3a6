"""Rowset: the rows that a group of decisions on different workflows writes, sorted by the statement that writes them.

Only what changed is written: the narrow row of the workflow always, everything else where `before` and `after` differ. What the databases
do differently, each says in a class of its own: where payloads and the history go.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import takewhile

from podium.model.decision import Decision, HistoryEntry, TaskChange
from podium.model.payload import EMPTY, Payload
from podium.model.slot import Slot, SlotState
from podium.model.task import Task
from podium.model.workflow import Workflow
from podium.store import rows

Numbered = tuple[int, Decision]  # a decision and its index in the batch
Statement = tuple[str, str]  # file, name
Stored = int | str | None  # what stands in a row for a payload; None: it is empty

DROP_LOGS = ("task_log", "delete")
DROP_TASK = ("task", "delete")
REMOVED_TASK = ("task", "remember_removed")
STEP = ("workflow", "step")
ADVANCE = ("workflow", "advance")
CHANGE_WORKFLOW = ("workflow", "change")
POINT = ("workflow", "point")
NEW_TASK = ("task", "insert")
CHANGE_TASK = ("task", "change")
MOVE_TASK = ("task", "move")
HISTORY = ("history", "insert")
MESSAGE = ("outbox", "insert")
LOG = ("task_log", "insert")
TAKEN_MESSAGE = ("workflow_message", "delete")
PUSHED_MESSAGE = ("workflow_message", "insert")
EXPIRED_OUTPUTS = ("cached_output", "expire")
CACHED_OUTPUT = ("cached_output", "put")
ENDED_SLOT = ("slot", "delete")
SLOT = ("slot", "put")


def groups(numbered: Sequence[Numbered]) -> Iterator[list[Numbered]]:
    """Runs of decisions on different workflows, so that a set of rows never holds a row twice."""
    group: list[Numbered] = []
    seen: set[str] = set()
    for index, decision in numbered:
        if decision.workflow.workflow_id in seen:
            yield group
            group, seen = [], set()
        group.append((index, decision))
        seen.add(decision.workflow.workflow_id)
    if group:
        yield group


def keys_wanted(decisions: Iterable[Decision]) -> list[str]:
    """The rate limit keys of which these would take slots, each once, in order."""
    return sorted({slot.key for one in decisions if (slot := one.slot) is not None and _takes(slot)})


def without_slot(decisions: Iterable[Decision], held: Mapping[str, int]) -> set[str]:
    """The runs that would take a slot of their rate limit key, although all are held: by others, or by those before them here."""
    late: set[str] = set()
    taken = dict(held)
    for decision in decisions:
        slot = decision.slot
        if slot is None or not _takes(slot):
            continue
        if taken.get(slot.key, 0) < slot.limit:
            taken[slot.key] = taken.get(slot.key, 0) + 1
        else:
            late.add(decision.workflow_id)
    return late


def _takes(slot: Slot) -> bool:
    return slot.state is SlotState.HELD and slot.limit > 0


class Rowset(ABC):
    """The rows of a group of decisions, sorted by the statement that writes them."""

    def __init__(self, order: Sequence[Statement], keep: Stored) -> None:
        """`order`: all statements, in the order in which they are executed; `keep`: what stands for a payload that stays."""
        self.rows: dict[Statement, list[Sequence[object]]] = {statement: [] for statement in order}
        self._keep = keep
        self._cached: dict[tuple[str, str], Sequence[object]] = {}

    def add(self, decision: Decision) -> None:
        """Take in one decision."""
        workflow, before = decision.workflow, decision.before
        history = self._add_history(workflow, decision.history)
        if before is None:
            self._add_new_workflow(workflow, history)
            self._add_pushed(workflow, 0)
        else:
            self._add_workflow(before, workflow, history)
        revision = workflow.revision
        for change in decision.tasks:
            self._add_task_change(change, revision)
        self.rows[LOG] += [rows.log_row(log) for log in decision.logs]
        if decision.slot is not None:
            self._add_slot(workflow.workflow_id, decision.slot)
        if decision.cached:
            # Of several outputs with one key the last counts, and a statement writes a row once.
            self._cached |= {(cached.def_name, cached.key): rows.cached_output_row(cached) for cached in decision.cached}
            self.rows[CACHED_OUTPUT] = list(self._cached.values())
            self.rows[EXPIRED_OUTPUTS] = [(workflow.update_time,)]

    def _add_slot(self, workflow_id: str, slot: Slot) -> None:
        if slot.state is None:
            self.rows[ENDED_SLOT].append((workflow_id,))
        else:
            self.rows[SLOT].append((slot.key, workflow_id, slot.state.value))

    def add_messages(self, decision: Decision) -> None:
        """Take in what a decision sends."""
        self.rows[MESSAGE] += [(row.outbox_id, row.due, row.attempts, rows.write(row.message)) for row in decision.messages]

    @abstractmethod
    def _add_history(self, workflow: Workflow, entry: HistoryEntry | None) -> tuple[object, ...]:
        """Take in a line of the history; what the row of the workflow says about it."""

    @abstractmethod
    def _add_new_workflow(self, workflow: Workflow, history: tuple[object, ...]) -> None:
        """Take in a run that is new."""

    @abstractmethod
    def _created(self) -> tuple[object, ...]:
        """A new task's place in the order of creation, if the row has to say it."""

    @abstractmethod
    def _stored(self, raw: bytes) -> Stored:
        """What stands in a row for a payload that is not empty."""

    @abstractmethod
    def _drop_payload(self, name: str, key: tuple[object, ...]) -> None:
        """The payload `name` of a run or a task is replaced or goes."""

    def _add_workflow(self, before: Workflow, after: Workflow, history: tuple[object, ...]) -> None:
        if after.status is before.status and after.wake_at == before.wake_at and after.end_time == before.end_time:
            step = (after.workflow_id, after.revision, after.update_time, after.task_count, after.last_seq, *history)
            self.rows[STEP].append(step)
        else:
            self.rows[ADVANCE].append((after.workflow_id, *rows.workflow_hot(after), *history))
        self._add_workflow_change(before, after)

    def _add_workflow_change(self, before: Workflow, after: Workflow) -> None:
        columns = rows.workflow_columns(after)
        if columns != rows.workflow_columns(before) or rows.workflow_cold(after) != rows.workflow_cold(before):
            self.rows[CHANGE_WORKFLOW].append((after.workflow_id, *columns, rows.write_workflow_cold(after)))
        key = (after.workflow_id,)
        given = self._payload(before.input, after.input, "workflow_input", key)
        output = self._payload(before.output, after.output, "workflow_output", key)
        variables = self._payload(before.variables, after.variables, "workflow_variables", key)
        if not given == output == variables == self._keep:
            self.rows[POINT].append((after.workflow_id, given, output, variables))
        if after.messages is not before.messages:
            first = after.messages[0].number if after.messages else after.message_count + 1
            taken = takewhile(lambda message: message.number < first, before.messages)
            self.rows[TAKEN_MESSAGE] += [(after.workflow_id, message.number) for message in taken]
            self._add_pushed(after, before.message_count)

    def _add_pushed(self, workflow: Workflow, known: int) -> None:
        """Messages come in at the end of a run's queue; one that was taken in the same decision is never written."""
        fresh = takewhile(lambda message: message.number > known, reversed(workflow.messages))
        self.rows[PUSHED_MESSAGE] += [rows.message_row(workflow.workflow_id, message) for message in fresh]

    def _add_task_change(self, change: TaskChange, revision: int) -> None:
        before, after = change.before, change.after
        if after is not None and before is not None:
            self._add_changed_task(before, after, revision)
        elif after is not None:
            self._add_new_task(after, revision)
        elif before is not None:
            self._add_removed_task(before, revision)

    def _add_new_task(self, task: Task, revision: int) -> None:
        self.rows[NEW_TASK].append(
            (
                *(task.workflow_id, task.number, revision, *self._created()),
                *rows.task_fixed(task),
                *rows.task_changed(task),
                *rows.task_moved(task),
                *(rows.write_task_cold(task), self._new_payload(task.input), self._new_payload(task.output)),
            )
        )

    def _add_changed_task(self, before: Task, after: Task, revision: int) -> None:
        key = (after.workflow_id, after.number)
        given = self._payload(before.input, after.input, "inputs", key)
        output = self._payload(before.output, after.output, "outputs", key)
        changed = (*key, revision, *rows.task_changed(after), rows.write_task_cold(after), given, output)
        self.rows[CHANGE_TASK].append(changed)
        moved = rows.task_moved(after)
        if moved != rows.task_moved(before):
            self.rows[MOVE_TASK].append((*key, *moved))

    def _add_removed_task(self, task: Task, revision: int) -> None:
        key = (task.workflow_id, task.number)
        self._drop_payload("inputs", key)
        self._drop_payload("outputs", key)
        self.rows[DROP_TASK].append((task.task_id,))
        self.rows[DROP_LOGS].append((task.task_id,))
        self.rows[REMOVED_TASK].append((task.workflow_id, revision, task.task_id))

    def _payload(self, before: Payload, after: Payload, name: str, key: tuple[object, ...]) -> Stored:
        """What stands for what replaces a payload."""
        raw = rows.changed_payload(before, after)
        if raw is None:
            return self._keep
        if before is not EMPTY:
            self._drop_payload(name, key)
        return self._stored(raw) if len(raw) > len(b"{}") else None

    def _new_payload(self, payload: Payload) -> Stored:
        return None if payload is EMPTY or len(payload.raw) <= len(b"{}") else self._stored(payload.raw)
