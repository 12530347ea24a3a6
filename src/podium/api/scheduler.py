"""/scheduler: schedules of workflows (spec/api.md §2.9, spec/platform.md §3.4)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Final

from podium.api.answer import Answer, json_answer, nothing
from podium.api.bulk import MAX_IDS
from podium.api.parameter import integer, optional_integer, optional_text, required_text
from podium.api.routing import Call, Route
from podium.engine.schedule import next_times
from podium.engine.validation_schedule import cron_problems, validate_schedule
from podium.errors import Invalid, PodiumError, Problem
from podium.model.body import BulkResponse
from podium.model.json import JsonObject
from podium.model.schedule import CronSchedule, ScheduleTag, WorkflowSchedule
from podium.model.shape import invalid
from podium.runtime.zones import zone

MOST_TIMES: Final = 5
SHOWN_IDS: Final = 10

REASON: Final = optional_text("reason", "why, for people")
CRON: Final = required_text("cronExpression", "the expression")
START_TIME: Final = optional_integer("scheduleStartTime", "epoch ms; without it, now")
END_TIME: Final = optional_integer("scheduleEndTime", "epoch ms, included")
LIMIT: Final = integer("limit", MOST_TIMES, f"how many, at most {MOST_TIMES}")
ZONE: Final = optional_text("zoneId", "the time zone; without it, UTC")


async def put_schedule(call: Call) -> Answer:
    """POST /scheduler/schedules: create or replace."""
    schedule = call.body(WorkflowSchedule)
    problems = validate_schedule(schedule, zone)
    if problems:
        raise invalid(problems)
    return json_answer(await call.platform.schedules.put(schedule, call.actor))


async def schedule(call: Call) -> Answer:
    """GET /scheduler/schedules/{name}."""
    return json_answer(await call.platform.schedules.get(call.path["name"]))


async def delete_schedule(call: Call) -> Answer:
    """DELETE /scheduler/schedules/{name}: one that is not there is deleted already."""
    await call.platform.schedules.delete(call.path["name"])
    return nothing()


async def pause(call: Call) -> Answer:
    """PUT or GET /scheduler/schedules/{name}/pause."""
    await call.platform.schedules.pause(call.path["name"], call.query(REASON), call.actor)
    return nothing()


async def resume(call: Call) -> Answer:
    """PUT or GET /scheduler/schedules/{name}/resume: one that is not paused stays so."""
    await call.platform.schedules.resume(call.path["name"], call.actor)
    return nothing()


async def pause_many(call: Call) -> Answer:
    """PUT /scheduler/bulk/pause."""
    reason = call.query(REASON)
    return await _each(call, lambda name: call.platform.schedules.pause(name, reason, call.actor))


async def resume_many(call: Call) -> Answer:
    """PUT /scheduler/bulk/resume."""
    return await _each(call, lambda name: call.platform.schedules.resume(name, call.actor))


async def _each(call: Call, change: Callable[[str], Awaitable[None]]) -> Answer:
    names = call.body(list[str])
    if not 0 < len(names) <= MAX_IDS:
        raise Invalid(f"$: expected 1 to {MAX_IDS} names of schedules, found {len(names)}")
    done: list[str] = []
    errors: dict[str, str] = {}
    for name in names:
        try:
            await change(name)
        except PodiumError as error:
            errors[name] = error.message
        else:
            done.append(name)
    return json_answer(BulkResponse(bulk_error_results=errors, bulk_successful_results=done))


async def next_few(call: Call) -> Answer:
    """GET /scheduler/nextFewSchedules: the next instants of an expression, epoch ms."""
    one = CronSchedule(cron_expression=call.query(CRON), zone_id=call.query(ZONE))
    count = min(call.query(LIMIT), MOST_TIMES)
    problems = cron_problems(one, "", zone)
    if problems:
        raise invalid(problems)
    asked = WorkflowSchedule(cron_schedules=[one], schedule_start_time=call.query(START_TIME), schedule_end_time=call.query(END_TIME))
    return json_answer(next_times(asked, call.platform.clock.now(), count, zone))


async def tags(call: Call) -> Answer:
    """GET /scheduler/schedules/{name}/tags."""
    return json_answer((await call.platform.schedules.get(call.path["name"])).tags or [])


async def add_tags(call: Call) -> Answer:
    """PUT /scheduler/schedules/{name}/tags: a key that is there gets the new value."""
    await call.platform.schedules.add_tags(call.path["name"], _tags(call))
    return nothing()


async def remove_tags(call: Call) -> Answer:
    """DELETE /scheduler/schedules/{name}/tags: those with the same key and value."""
    await call.platform.schedules.remove_tags(call.path["name"], _tags(call))
    return nothing()


def _tags(call: Call) -> list[ScheduleTag]:
    found = call.body(list[ScheduleTag])
    problems = [Problem(f"$[{at}].key", f"$[{at}].key: a tag needs a key") for at, tag in enumerate(found) if not tag.key]
    if problems:
        raise invalid(problems)
    return found


async def requeue(call: Call) -> Answer:
    """GET /scheduler/admin/requeue: look again at all instants whose workflow has not been started yet."""
    found = await call.platform.loops.scheduler.requeue()
    return json_answer({"sampleIds": found[:SHOWN_IDS], "recordIds.size": len(found)})


async def pause_all(call: Call) -> Answer:
    """GET /scheduler/admin/pause: this server starts nothing more, others go on."""
    call.platform.loops.scheduler.hold()
    return json_answer({"status": "done"})


async def resume_all(call: Call) -> Answer:
    """GET /scheduler/admin/resume: this server goes on."""
    call.platform.loops.scheduler.release()
    return json_answer({"status": "done"})


_ONE: Final = "/scheduler/schedules/{name}"
_TAGS: Final = list[ScheduleTag]

ROUTES: Final = (
    Route("POST", "/scheduler/schedules", put_schedule, "Create or replace a schedule", body=WorkflowSchedule, response=WorkflowSchedule),
    Route("GET", _ONE, schedule, "One schedule", response=WorkflowSchedule),
    Route("DELETE", _ONE, delete_schedule, "Delete a schedule; what it has started goes on"),
    Route("PUT", f"{_ONE}/pause", pause, "Start nothing more", query=(REASON,)),
    Route("GET", f"{_ONE}/pause", pause, "The same", query=(REASON,)),
    Route("PUT", f"{_ONE}/resume", resume, "Go on"),
    Route("GET", f"{_ONE}/resume", resume, "The same"),
    Route("PUT", "/scheduler/bulk/pause", pause_many, "Pause schedules", query=(REASON,), body=list[str], response=BulkResponse),
    Route("PUT", "/scheduler/bulk/resume", resume_many, "Resume schedules", body=list[str], response=BulkResponse),
    Route(
        "GET",
        "/scheduler/nextFewSchedules",
        next_few,
        "The next instants of a cron expression, epoch ms",
        query=(CRON, START_TIME, END_TIME, LIMIT, ZONE),
        response=list[int],
    ),
    Route("GET", f"{_ONE}/tags", tags, "The tags of a schedule", response=_TAGS),
    Route("PUT", f"{_ONE}/tags", add_tags, "Add or replace tags, by key", body=_TAGS),
    Route("DELETE", f"{_ONE}/tags", remove_tags, "Remove tags", body=_TAGS),
    Route("GET", "/scheduler/admin/requeue", requeue, "Look again at instants that have not been started yet", response=JsonObject),
    Route("GET", "/scheduler/admin/pause", pause_all, "This server starts nothing more by schedules", response=JsonObject),
    Route("GET", "/scheduler/admin/resume", resume_all, "This server goes on", response=JsonObject),
)
