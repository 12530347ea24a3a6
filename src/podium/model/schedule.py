"""Schedules: which workflow to start, and when (spec/platform.md §3.1)."""

from __future__ import annotations

from enum import StrEnum

import msgspec

from podium.model.body import Int, Long, StartWorkflowRequest
from podium.model.json import Json


class OverlapPolicy(StrEnum):
    """What happens at an instant when the workflow of an earlier one still runs."""

    ALLOW = "ALLOW"  # start all the same
    SKIP = "SKIP"  # do not start
    BUFFER_ONE = "BUFFER_ONE"  # start when it ends; one instant may wait, further ones are skipped
    CANCEL_RUNNING = "CANCEL_RUNNING"  # terminate it, then start


class ExecutionState(StrEnum):
    """How far an instant of a schedule has come."""

    POLLED = "POLLED"  # taken, its workflow is about to start
    EXECUTED = "EXECUTED"
    FAILED = "FAILED"  # nothing was started; `reason` says why


class ScheduleTag(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A label; a key has one value."""

    key: str | None = None
    value: Json = None
    type: str = "METADATA"


class CronSchedule(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """One of the expressions of a schedule."""

    cron_expression: str | None = None
    zone_id: str | None = "UTC"


class WorkflowSchedule(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A schedule as clients know it."""

    name: str | None = None
    cron_expression: str | None = None
    run_catchup_schedule_instances: bool = False  # also start what was missed
    paused: bool = False
    paused_reason: str | None = None
    start_workflow_request: StartWorkflowRequest | None = None
    zone_id: str | None = "UTC"
    cron_schedules: list[CronSchedule] = []  # instead of the one expression above
    schedule_start_time: Long | None = None  # epoch ms
    schedule_end_time: Long | None = None  # epoch ms, included
    jitter_seconds: Int | None = None  # each start is put off by up to this
    overlap_policy: OverlapPolicy | None = None  # None: ALLOW
    description: str | None = None
    tags: list[ScheduleTag] | None = None
    create_time: Long | None = None  # epoch ms
    updated_time: Long | None = None  # epoch ms
    created_by: str | None = None
    updated_by: str | None = None
    next_run_time: Long | None = None  # epoch ms; None: never, or paused

    def crons(self) -> list[CronSchedule]:
        """The expressions that count."""
        return self.cron_schedules or [CronSchedule(cron_expression=self.cron_expression, zone_id=self.zone_id)]


class Cursor(msgspec.Struct, frozen=True):
    """How far one expression of a schedule has come."""

    cron: str
    zone: str
    last: int  # the instant before (epoch ms), or when the expression came
    next: int  # epoch ms; 0: never


class Instant(msgspec.Struct, frozen=True):
    """One time at which one expression of a schedule is due."""

    index: int  # of the expression
    cron: str
    zone: str
    at: int  # epoch ms


class StoredSchedule(msgspec.Struct, frozen=True, kw_only=True):
    """A schedule, and where it stands."""

    schedule: WorkflowSchedule
    revision: int = 0  # grows by one with every change
    wake_at: int = 0  # when it must be looked at (epoch ms); 0: never
    cursors: tuple[Cursor, ...] = ()
    started: tuple[str, ...] = ()  # the newest of its workflows; of those that could be in the way none is missing
    waiting: Instant | None = None  # what starts when the running workflow ends

    @property
    def name(self) -> str:
        """Its key."""
        return self.schedule.name or ""

    def shown(self) -> WorkflowSchedule:
        """What clients see."""
        times = [cursor.next for cursor in self.cursors if cursor.next]
        return msgspec.structs.replace(self.schedule, next_run_time=min(times) if times else None)


class ScheduleExecution(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What became of one instant of a schedule, as clients know it."""

    execution_id: str
    schedule_name: str
    scheduled_time: int  # epoch ms
    execution_time: int  # epoch ms
    workflow_name: str
    workflow_id: str | None = None
    reason: str | None = None
    stack_trace: str | None = None
    start_workflow_request: StartWorkflowRequest
    state: ExecutionState
    zone_id: str


class StoredExecution(msgspec.Struct, frozen=True, kw_only=True):
    """The same, and what is needed to start its workflow."""

    execution: ScheduleExecution
    workflow_id: str  # derived: a second start finds the first
    cron: str
    actor: str
    terminates: tuple[str, ...] = ()  # workflows that must end first
    attempts: int = 0
    wake_at: int = 0  # from when on another server may take it (epoch ms); 0: it is over
