"""Validation of schedules: everything that forbids to keep one (spec/platform.md §3.2, §3.4)."""

from __future__ import annotations

from typing import Final

from podium.engine.cron import parse_cron
from podium.engine.schedule import Zones
from podium.errors import Invalid, Problem
from podium.model.schedule import CronSchedule, WorkflowSchedule

MOST_JITTER_SECONDS: Final = 86_400
MOST_CRONS: Final = 50


def validate_schedule(schedule: WorkflowSchedule, zones: Zones) -> list[Problem]:
    """Every problem, each with its place. `zones` raises Invalid for a name that it does not know."""
    problems: list[Problem] = []
    if not (schedule.name or "").strip():
        problems.append(Problem("$.name", "$.name: a schedule needs a name"))
    request = schedule.start_workflow_request
    if request is None or not (request.name or "").strip():
        path = "$.startWorkflowRequest" + ("" if request is None else ".name")
        problems.append(Problem(path, f"{path}: expected the workflow to start, found nothing"))
    if len(schedule.cron_schedules) > MOST_CRONS:
        problems.append(Problem("$.cronSchedules", f"$.cronSchedules: expected at most {MOST_CRONS}, found {len(schedule.cron_schedules)}"))
    if not 0 <= (schedule.jitter_seconds or 0) <= MOST_JITTER_SECONDS:
        message = f"$.jitterSeconds: expected 0 to {MOST_JITTER_SECONDS}, found {schedule.jitter_seconds}"
        problems.append(Problem("$.jitterSeconds", message, schedule.jitter_seconds))
    for index, one in enumerate(schedule.crons()[:MOST_CRONS]):
        problems += cron_problems(one, f"$.cronSchedules[{index}]." if schedule.cron_schedules else "$.", zones)
    return problems


def cron_problems(one: CronSchedule, prefix: str, zones: Zones) -> list[Problem]:
    """What is wrong with an expression and its zone; `prefix` is where they stand."""
    problems: list[Problem] = []
    expression, zone = one.cron_expression, one.zone_id
    try:
        parse_cron((expression or "").strip())
    except Invalid as refusal:
        problems.append(Problem(f"{prefix}cronExpression", f"{prefix}cronExpression: {refusal.message}", expression))
    try:
        zones(zone or "UTC")
    except Invalid as refusal:
        problems.append(Problem(f"{prefix}zoneId", f"{prefix}zoneId: {refusal.message}", zone))
    return problems
