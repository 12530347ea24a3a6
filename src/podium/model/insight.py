"""Insight: what is told about a workflow beyond its state: what it waits for, and who decided what."""

from __future__ import annotations

from enum import StrEnum

import msgspec

from podium.model.status import TaskStatus, WorkflowStatus


class CauseKind(StrEnum):
    """What something can wait for, or be ended by."""

    WORKER = "WORKER"  # to be taken by a worker
    REPORT = "REPORT"  # a worker has it
    SERVER = "SERVER"  # the server runs it, or is about to
    DELAY = "DELAY"  # not before a time: a retry, a start delay, a call-back
    RATE_LIMIT = "RATE_LIMIT"
    CONCURRENCY_LIMIT = "CONCURRENCY_LIMIT"
    JOIN = "JOIN"  # other tasks of the workflow
    LOOP = "LOOP"  # the tasks of an iteration
    TIMER = "TIMER"
    SIGNAL = "SIGNAL"  # somebody must end it
    PERSON = "PERSON"
    CHILD = "CHILD"  # another workflow
    EVENT = "EVENT"  # a message from outside
    PAUSED = "PAUSED"
    FAILED_TASK = "FAILED_TASK"
    ENDED = "ENDED"


class Cause(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """One thing that is waited for, in words and as data. Times are epoch ms."""

    kind: CauseKind
    text: str
    until: int | None = None  # when it is over, or when the patience is
    queue: str | None = None
    domain: str | None = None
    worker_id: str | None = None  # who asked last, or who has the task
    last_poll_time: int | None = None
    limit: int | None = None
    in_hand: int | None = None  # tasks that workers have, of those that the limit counts
    refs: list[str] | None = None  # reference names of the tasks that are missing
    task_id: str | None = None
    workflow_id: str | None = None
    workflow_status: WorkflowStatus | None = None


class WaitingTask(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """An open task and what it waits for."""

    task_id: str
    reference_task_name: str
    task_type: str
    status: TaskStatus
    text: str
    waits_for: list[Cause]


class Why(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Why a workflow stands where it stands."""

    workflow_id: str
    status: WorkflowStatus
    text: str
    causes: list[Cause]  # of the workflow as a whole
    tasks: list[WaitingTask]  # the open ones, in order


class HistoryChange(msgspec.Struct, frozen=True, kw_only=True, rename={"from_": "from", "task_id": "taskId", "ref": "referenceTaskName"}):
    """A task that went from one status to another."""

    task_id: str
    ref: str | None = None  # as long as the task is there
    from_: TaskStatus | None = None  # None: it is new
    to: TaskStatus | None = None  # None: it was deleted


class HistoryRow(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """One decision: who asked for what, and which tasks changed."""

    revision: int
    time: int  # epoch ms
    actor: str
    commands: list[str]
    changes: list[HistoryChange]


class HistoryPage(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Decisions about a workflow, oldest first."""

    workflow_id: str
    revision: int  # of the workflow now
    results: list[HistoryRow]
    next: int | None = None  # ask for those `after` this one; None: these were the last
