"""Schedules: when one is due, what it then starts, and with what input (spec/platform.md §3.3)."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, tzinfo
from hashlib import sha256
from typing import Final, NamedTuple

from msgspec.structs import replace

from podium.engine.cron import next_time, parse_cron
from podium.engine.ids import name_uuid, timed_uuid
from podium.model.body import StartWorkflowRequest
from podium.model.json import Json, JsonObject
from podium.model.schedule import (
    Cursor,
    ExecutionState,
    Instant,
    OverlapPolicy,
    ScheduleExecution,
    StoredExecution,
    StoredSchedule,
    WorkflowSchedule,
)

EARLY_MS: Final = 500  # how long before the start of its time a schedule may be due
FOREVER_MS: Final = 10**12
LEASE_MS: Final = 60_000  # how long a server has for a start before another takes it
RECHECK_MS: Final = 1_000  # between two looks whether a workflow that is waited for has ended
MOST_AT_ONCE: Final = 50  # instants of one expression that are caught up together
MOST_STARTED: Final = 20  # workflows of a schedule that it remembers
UNKNOWN_CREATOR: Final = "scheduler"

_WORD: Final = re.compile(r"\$\{(today|yesterday|tomorrow|scheduledTime|executedTime|scheduleName|executionId)\}")

Zones = Callable[[str], tzinfo]


class Busy(NamedTuple):
    """What stands in the way of a schedule that must not overlap itself."""

    running: frozenset[str] = frozenset()  # ids of its workflows that have not ended
    starting: frozenset[str] = frozenset()  # and of those about to start


# When


def placed(schedule: WorkflowSchedule, before: StoredSchedule | None, now: int, zones: Zones) -> StoredSchedule:
    """The schedule as it is to be stored at `now`: where each expression stands, and when to look again.

    An expression that was there before goes on from where it stood.
    """
    known = {(cursor.cron, cursor.zone): cursor for cursor in before.cursors} if before else {}
    keys = [((one.cron_expression or "").strip(), one.zone_id or "UTC") for one in schedule.crons()]
    cursors = [known.get((cron, zone)) or Cursor(cron, zone, now, 0) for cron, zone in keys]
    stored = StoredSchedule(
        schedule=schedule,
        revision=before.revision + 1 if before else max(now, 1),  # one that was deleted and comes again is another
        cursors=tuple(_moved(schedule, cursor, now, zones) for cursor in cursors),
        started=before.started if before else (),
        waiting=before.waiting if before else None,
    )
    return _watched(stored, now, zones)


def next_instant(schedule: WorkflowSchedule, cursor: Cursor, now: int, zones: Zones) -> int:
    """The next instant of an expression (epoch ms); 0 when there is none within the schedule's bounds."""
    after = cursor.last if schedule.run_catchup_schedule_instances else max(cursor.last, now)
    if cursor.last < cursor.next <= now < due_at(schedule, cursor, zones):
        after = cursor.next - 1  # it has come, and its start is put off
    after = max(after, (schedule.schedule_start_time or 0) - EARLY_MS)
    found = next_time(parse_cron(cursor.cron), zones(cursor.zone), after)
    if found is None or (schedule.schedule_end_time is not None and found > schedule.schedule_end_time):
        return 0
    return found


def due_at(schedule: WorkflowSchedule, cursor: Cursor, zones: Zones) -> int:
    """When the next instant of an expression is to start (epoch ms): put off by the jitter, but not as far as the instant after it.

    The jitter is derived, so that it is the same whenever it is asked.
    """
    if not schedule.jitter_seconds:
        return cursor.next
    following = next_time(parse_cron(cursor.cron), zones(cursor.zone), cursor.next)
    most = min(schedule.jitter_seconds * 1000 + 1, (following or cursor.next + FOREVER_MS) - cursor.next)
    return cursor.next + int.from_bytes(sha256(f"{cursor.next}:{schedule.name}".encode()).digest()[:8]) % most


def _moved(schedule: WorkflowSchedule, cursor: Cursor, now: int, zones: Zones) -> Cursor:
    return replace(cursor, next=next_instant(schedule, cursor, now, zones))


def _watched(stored: StoredSchedule, now: int, zones: Zones) -> StoredSchedule:
    """The schedule with the time to look at it again."""
    if stored.schedule.paused:
        return replace(stored, wake_at=0)
    times = [due_at(stored.schedule, cursor, zones) for cursor in stored.cursors if cursor.next]
    if stored.waiting is not None:
        times.append(now + RECHECK_MS)
    return replace(stored, wake_at=min(times, default=0))


# What


def fired(stored: StoredSchedule, now: int, zones: Zones, busy: Busy) -> tuple[StoredSchedule, list[StoredExecution]]:
    """What a schedule that is due becomes at `now`, and what it starts or leaves out. Both must become true together.

    `busy` may be empty when the schedule allows overlaps.
    """
    cursors, instants = _due(stored, now, zones)
    moved = replace(stored, cursors=cursors, revision=stored.revision + 1)
    if stored.waiting is not None:
        instants.insert(0, stored.waiting)
    plan = _PLANS[stored.schedule.overlap_policy or OverlapPolicy.ALLOW](instants, busy)
    executions = [_execution(moved, instant, now, terminates=plan.terminates) for instant in plan.start]
    left_out = [_left_out(_execution(moved, instant, now), plan.reason) for instant in plan.leave_out]
    remembered = [one for one in stored.started if not _exclusive(stored) or one in busy.running | busy.starting]
    started = (*remembered, *(execution.workflow_id for execution in executions))[-MOST_STARTED:]
    return _watched(replace(moved, started=started, waiting=plan.wait), now, zones), executions + left_out


def _exclusive(stored: StoredSchedule) -> bool:
    return stored.schedule.overlap_policy not in (None, OverlapPolicy.ALLOW)


def _due(stored: StoredSchedule, now: int, zones: Zones) -> tuple[tuple[Cursor, ...], list[Instant]]:
    """Where the expressions stand after `now`, and the instants that have come, earliest first."""
    instants: list[Instant] = []
    cursors: list[Cursor] = []
    for index, cursor in enumerate(stored.cursors):
        count = 0
        while cursor.next and due_at(stored.schedule, cursor, zones) <= now and count < MOST_AT_ONCE:
            instants.append(Instant(index, cursor.cron, cursor.zone, cursor.next))
            cursor = _moved(stored.schedule, replace(cursor, last=cursor.next), now, zones)  # noqa: PLW2901 - it moves on
            count += 1
        cursors.append(cursor)
    return tuple(cursors), sorted(instants, key=lambda instant: (instant.at, instant.index))


class _Plan(NamedTuple):
    """What becomes of the instants that have come."""

    start: list[Instant]
    leave_out: list[Instant]
    wait: Instant | None = None
    terminates: tuple[str, ...] = ()
    reason: str = ""


def _allow(instants: list[Instant], _busy: Busy) -> _Plan:
    return _Plan(instants, [])


def _skip(instants: list[Instant], busy: Busy) -> _Plan:
    count = 0 if busy.running or busy.starting else 1
    return _Plan(instants[:count], instants[count:], reason=_still_running(busy))


def _buffer_one(instants: list[Instant], busy: Busy) -> _Plan:
    count = 0 if busy.running or busy.starting else 1
    start, rest = instants[:count], instants[count:]
    return _Plan(start, rest[1:], rest[0] if rest else None, reason=f"{_still_running(busy)}, and an earlier instant waits for its end")


def _cancel_running(instants: list[Instant], busy: Busy) -> _Plan:
    """Only the last instant counts. What is about to start cannot be terminated yet: the last instant waits for that."""
    reason = "Skipped: a later instant takes its place"
    if busy.starting:
        return _Plan([], instants[:-1], instants[-1], reason=reason)
    return _Plan(instants[-1:], instants[:-1], terminates=tuple(sorted(busy.running)), reason=reason)


_PLANS: Final = {
    OverlapPolicy.ALLOW: _allow,
    OverlapPolicy.SKIP: _skip,
    OverlapPolicy.BUFFER_ONE: _buffer_one,
    OverlapPolicy.CANCEL_RUNNING: _cancel_running,
}


def _still_running(busy: Busy) -> str:
    names = ", ".join(sorted(busy.running | busy.starting)[:3])
    return f"Skipped: workflow {names} of an earlier instant has not ended" if names else "Skipped: an earlier instant starts now"


def _execution(stored: StoredSchedule, instant: Instant, now: int, terminates: tuple[str, ...] = ()) -> StoredExecution:
    schedule = stored.schedule
    request = schedule.start_workflow_request or StartWorkflowRequest()
    key = f"{instant.index}:{instant.at}:{stored.name}"
    workflow_id = timed_uuid(instant.at, f"schedule:{key}")
    execution = ScheduleExecution(
        execution_id=name_uuid(f"schedule-execution:{key}"),
        schedule_name=stored.name,
        scheduled_time=instant.at,
        execution_time=now,
        workflow_name=request.name or "",
        start_workflow_request=request,
        state=ExecutionState.POLLED,
        zone_id=instant.zone,
    )
    return StoredExecution(
        execution=execution,
        workflow_id=workflow_id,
        cron=instant.cron,
        actor=schedule.created_by or UNKNOWN_CREATOR,
        terminates=terminates,
        wake_at=now + LEASE_MS,
    )


def _left_out(execution: StoredExecution, reason: str) -> StoredExecution:
    return replace(execution, execution=replace(execution.execution, state=ExecutionState.FAILED, reason=reason), wake_at=0)


# With what


def start_request(stored: StoredExecution, zones: Zones) -> StartWorkflowRequest:
    """The request that starts an instant's workflow: the schedule's own, with what the run must know of it."""
    execution = stored.execution
    request = execution.start_workflow_request
    given: JsonObject = {
        "_startedByScheduler": execution.schedule_name,
        "_scheduledTime": execution.scheduled_time,
        "_executedTime": execution.execution_time,
        "_executionId": execution.execution_id,
        "_schedulerCron": f"{stored.cron} {execution.zone_id}",
    }
    words = _words(execution, zones(execution.zone_id))
    return replace(request, input={**_filled_object(request.input or {}, words), **given})


def _words(execution: ScheduleExecution, zone: tzinfo) -> dict[str, Json]:
    day = datetime.fromtimestamp(execution.scheduled_time // 1000, UTC).astimezone(zone).date()
    return {
        "today": day.isoformat(),
        "yesterday": (day - timedelta(days=1)).isoformat(),
        "tomorrow": (day + timedelta(days=1)).isoformat(),
        "scheduledTime": execution.scheduled_time,
        "executedTime": execution.execution_time,
        "scheduleName": execution.schedule_name,
        "executionId": execution.execution_id,
    }


def _filled(value: Json, words: dict[str, Json]) -> Json:
    """The value with the words of the scheduler replaced in its texts; other expressions are the workflow's."""
    match value:
        case str():
            whole = _WORD.fullmatch(value)
            return words[whole[1]] if whole else _WORD.sub(lambda found: str(words[found[1]]), value)
        case dict():
            return _filled_object(value, words)
        case list():
            return [_filled(item, words) for item in value]
        case _:
            return value


def _filled_object(value: JsonObject, words: dict[str, Json]) -> JsonObject:
    return {key: _filled(item, words) for key, item in value.items()}


# Clients


def next_times(schedule: WorkflowSchedule, now: int, count: int, zones: Zones) -> list[int]:
    """The next instants (epoch ms) of a schedule with one expression, whether it is paused or not."""
    (one,) = schedule.crons()
    cursor = Cursor(one.cron_expression or "", one.zone_id or "UTC", now, 0)
    found: list[int] = []
    while len(found) < count and (at := next_instant(schedule, cursor, now, zones)):
        found.append(at)
        cursor = replace(cursor, last=at)
    return found
