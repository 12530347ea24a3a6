"""Schedules: bounds, catch-up, jitter, overlaps, and the input of what they start."""

from __future__ import annotations

from datetime import UTC, tzinfo
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from podium.engine.schedule import RECHECK_MS, Busy, due_at, fired, next_times, placed, start_request
from podium.engine.validation_schedule import validate_schedule
from podium.errors import Invalid
from podium.model.body import StartWorkflowRequest
from podium.model.json import JsonObject
from podium.model.schedule import CronSchedule, ExecutionState, OverlapPolicy, StoredExecution, StoredSchedule, WorkflowSchedule

NOW = 1_893_456_000_000  # 2030-01-01T00:00:00Z, a Tuesday
MINUTE, HOUR, DAY = 60_000, 3_600_000, 86_400_000
RUNNING = Busy(running=frozenset({"w"}))


def zones(name: str) -> tzinfo:
    if name == "Mars":
        raise Invalid("no such zone")
    return UTC if name == "UTC" else ZoneInfo(name)


def a_schedule(cron: str = "0 * * * * *", **fields: Any) -> WorkflowSchedule:
    request = fields.pop("request", StartWorkflowRequest(name="w"))
    return WorkflowSchedule(name="s", cron_expression=cron, start_workflow_request=request, **fields)


def kept(cron: str = "0 * * * * *", **fields: Any) -> StoredSchedule:
    return placed(a_schedule(cron, **fields), None, NOW, zones)


def instants(executions: list[StoredExecution], state: ExecutionState = ExecutionState.POLLED) -> list[int]:
    """How long after NOW, in minutes."""
    found = [one.execution for one in executions if one.execution.state is state]
    return [(one.scheduled_time - NOW) // MINUTE for one in found]


def test_a_new_schedule_waits_for_its_first_instant() -> None:
    assert kept().wake_at == NOW + MINUTE
    assert kept().shown().next_run_time == NOW + MINUTE
    assert kept(paused=True).wake_at == 0
    assert kept("0 0 0 30 2 ?").wake_at == 0


def test_an_instant_moves_the_schedule_on_and_is_recorded_with_it() -> None:
    before = kept()
    after, executions = fired(before, NOW + MINUTE + 3, zones, Busy())
    assert (after.revision, after.wake_at) == (before.revision + 1, NOW + 2 * MINUTE)
    assert instants(executions) == [1]
    assert fired(before, NOW + MINUTE + 3, zones, Busy()) == (after, executions)
    assert executions[0].wake_at > NOW + MINUTE


def test_ids_depend_on_the_schedule_the_expression_and_the_instant_alone() -> None:
    (one,) = fired(kept(), NOW + MINUTE, zones, Busy())[1]
    (later,) = fired(kept(description="other"), NOW + 10 * MINUTE, zones, Busy())[1]
    assert (one.workflow_id, one.execution.execution_id) == (later.workflow_id, later.execution.execution_id)
    both = placed(a_schedule(cron_schedules=[CronSchedule(cron_expression="0 * * * * *")] * 2), None, NOW, zones)
    assert len({execution.workflow_id for execution in fired(both, NOW + MINUTE, zones, Busy())[1]}) == 2


def test_without_catch_up_only_the_first_of_what_was_missed_is_started() -> None:
    after, executions = fired(kept(), NOW + 10 * MINUTE + 5, zones, Busy())
    assert instants(executions) == [1]
    assert after.wake_at == NOW + 11 * MINUTE


def test_with_catch_up_everything_that_was_missed_is_started() -> None:
    after, executions = fired(kept(run_catchup_schedule_instances=True), NOW + 10 * MINUTE, zones, Busy())
    assert instants(executions) == list(range(1, 11))
    assert after.wake_at == NOW + 11 * MINUTE


def test_a_long_absence_is_caught_up_in_pieces() -> None:
    stored, found = kept(run_catchup_schedule_instances=True), list[int]()
    while stored.wake_at <= NOW + DAY:
        stored, executions = fired(stored, NOW + DAY, zones, Busy())
        found += instants(executions)
    assert found == list(range(1, 24 * 60 + 1))


def test_several_expressions_advance_each_by_itself() -> None:
    crons = [CronSchedule(cron_expression="0 0 * * * *"), CronSchedule(cron_expression="0 30 9 * * *", zone_id="Asia/Kolkata")]
    stored = kept("nothing", cron_schedules=crons)
    assert stored.shown().next_run_time == NOW + HOUR
    after, executions = fired(stored, NOW + 4 * HOUR, zones, Busy())
    assert instants(executions) == [60, 240]
    assert [one.execution.zone_id for one in executions] == ["UTC", "Asia/Kolkata"]
    assert after.wake_at == NOW + 5 * HOUR


def test_nothing_is_due_outside_of_the_bounds() -> None:
    start, end = NOW + 10 * MINUTE, NOW + 11 * MINUTE
    stored = kept(schedule_start_time=start, schedule_end_time=end)
    assert stored.wake_at == start
    after, _ = fired(stored, start, zones, Busy())
    assert after.wake_at == end
    assert fired(after, end, zones, Busy())[0].wake_at == 0
    assert kept(schedule_end_time=NOW - 1).wake_at == 0
    assert kept(schedule_start_time=start + 499).wake_at == start  # half a second early is in time
    assert kept(schedule_start_time=start + 501).wake_at == start + MINUTE


@pytest.mark.parametrize("caught_up", [True, False])
def test_a_schedule_that_is_changed_goes_on_from_its_last_instant(caught_up: bool) -> None:
    stored = fired(kept(run_catchup_schedule_instances=caught_up), NOW + MINUTE, zones, Busy())[0]
    paused = placed(a_schedule(paused=True, run_catchup_schedule_instances=caught_up), stored, NOW + 90_000, zones)
    resumed = placed(a_schedule(run_catchup_schedule_instances=caught_up), paused, NOW + 5 * MINUTE + 1, zones)
    assert (paused.wake_at, resumed.wake_at) == (0, NOW + (2 if caught_up else 6) * MINUTE)
    assert resumed.revision == stored.revision + 2


def test_an_expression_that_is_new_begins_when_it_comes() -> None:
    stored = kept(run_catchup_schedule_instances=True)
    changed = placed(a_schedule("30 * * * * *", run_catchup_schedule_instances=True), stored, NOW + DAY, zones)
    assert changed.wake_at == NOW + DAY + 30_000


# Jitter


def test_the_jitter_puts_off_by_the_same_each_time_and_never_past_the_next_instant() -> None:
    schedule = a_schedule(jitter_seconds=3_600)
    stored, offsets = placed(schedule, None, NOW, zones), list[int]()
    for number in range(1, 200):
        assert due_at(schedule, stored.cursors[0], zones) == stored.wake_at
        offsets.append(stored.wake_at - NOW - number * MINUTE)
        stored, executions = fired(stored, stored.wake_at, zones, Busy())
        assert instants(executions) == [number]
    assert 0 <= min(offsets) < 3_000
    assert 57_000 < max(offsets) < MINUTE


def test_an_instant_whose_start_is_put_off_survives_a_change_of_the_schedule() -> None:
    schedule = a_schedule(jitter_seconds=50)
    stored = placed(schedule, None, NOW, zones)
    assert stored.wake_at > NOW + MINUTE
    changed = placed(a_schedule(jitter_seconds=50, description="new"), stored, NOW + MINUTE, zones)
    assert changed.wake_at == stored.wake_at


# Overlaps


def test_an_overlap_is_allowed_unless_the_policy_says_otherwise() -> None:
    for policy in (None, OverlapPolicy.ALLOW):
        assert instants(fired(kept(overlap_policy=policy), NOW + MINUTE, zones, RUNNING)[1]) == [1]


def test_skip_leaves_out_what_comes_while_another_runs_and_says_so() -> None:
    stored = kept(overlap_policy=OverlapPolicy.SKIP)
    after, (record,) = fired(stored, NOW + MINUTE, zones, RUNNING)
    assert (record.execution.state, record.wake_at) == (ExecutionState.FAILED, 0)
    assert record.execution.reason == "Skipped: workflow w of an earlier instant has not ended"
    assert instants(fired(after, NOW + 2 * MINUTE, zones, Busy())[1]) == [2]
    assert not instants(fired(stored, NOW + MINUTE, zones, Busy(starting=frozenset({"w"})))[1])


def test_skip_starts_one_of_many_that_are_caught_up() -> None:
    stored = kept(overlap_policy=OverlapPolicy.SKIP, run_catchup_schedule_instances=True)
    _, executions = fired(stored, NOW + 3 * MINUTE, zones, Busy())
    assert (instants(executions), instants(executions, ExecutionState.FAILED)) == ([1], [2, 3])


def test_buffer_one_keeps_the_first_until_the_other_ends() -> None:
    stored, nothing = fired(kept(overlap_policy=OverlapPolicy.BUFFER_ONE), NOW + MINUTE, zones, RUNNING)
    assert (nothing, stored.wake_at) == ([], NOW + MINUTE + RECHECK_MS)
    stored, executions = fired(stored, NOW + 2 * MINUTE, zones, RUNNING)
    assert instants(executions, ExecutionState.FAILED) == [2]
    stored, executions = fired(stored, NOW + 2 * MINUTE + 1_000, zones, Busy())
    assert instants(executions) == [1]
    assert (stored.waiting, stored.wake_at) == (None, NOW + 3 * MINUTE)


def test_cancel_running_names_what_must_end_first() -> None:
    stored = kept(overlap_policy=OverlapPolicy.CANCEL_RUNNING, run_catchup_schedule_instances=True)
    _, executions = fired(stored, NOW + 2 * MINUTE, zones, RUNNING)
    assert (instants(executions), instants(executions, ExecutionState.FAILED)) == ([2], [1])
    assert executions[0].terminates == ("w",)


def test_cancel_running_waits_for_what_is_about_to_start() -> None:
    stored = kept(overlap_policy=OverlapPolicy.CANCEL_RUNNING)
    stored, nothing = fired(stored, NOW + MINUTE, zones, Busy(starting=frozenset({"w"})))
    assert nothing == []
    assert instants(fired(stored, stored.wake_at, zones, RUNNING)[1]) == [1]


def test_a_schedule_remembers_what_could_be_in_the_way() -> None:
    stored, (first,) = fired(kept(overlap_policy=OverlapPolicy.SKIP), NOW + MINUTE, zones, Busy())
    assert stored.started == (first.workflow_id,)
    stored, _ = fired(stored, NOW + 2 * MINUTE, zones, Busy(running=frozenset({first.workflow_id})))
    assert stored.started == (first.workflow_id,)
    stored, (third,) = fired(stored, NOW + 3 * MINUTE, zones, Busy())
    assert stored.started == (third.workflow_id,)


# Input


def test_the_workflow_learns_who_started_it_and_when() -> None:
    given: JsonObject = {
        "for": "${today}",
        "range": ["${yesterday}..${tomorrow}", {"at": "${scheduledTime}", "by": "${scheduleName}"}],
        "theirs": "${workflow.input.for}",
        "n": 1,
    }
    stored = kept("0 30 0 * * *", zone_id="America/New_York", request=StartWorkflowRequest(name="w", input=given))
    at = NOW + 5 * HOUR + 30 * MINUTE
    (execution,) = fired(stored, at + 7, zones, Busy())[1]
    request = start_request(execution, zones)
    assert request.input == {
        "for": "2030-01-01",
        "range": ["2029-12-31..2030-01-02", {"at": at, "by": "s"}],
        "theirs": "${workflow.input.for}",
        "n": 1,
        "_startedByScheduler": "s",
        "_scheduledTime": at,
        "_executedTime": at + 7,
        "_executionId": execution.execution.execution_id,
        "_schedulerCron": "0 30 0 * * * America/New_York",
    }
    assert execution.execution.start_workflow_request.input == given


def test_next_times_respect_the_bounds() -> None:
    schedule = a_schedule("0 0 * * * *", schedule_start_time=NOW, schedule_end_time=NOW + 2 * HOUR)
    assert next_times(schedule, NOW - DAY, 5, zones) == [NOW, NOW + HOUR, NOW + 2 * HOUR]
    assert next_times(schedule, NOW, 5, zones) == [NOW + HOUR, NOW + 2 * HOUR]
    assert next_times(schedule, NOW, 0, zones) == []


def test_everything_wrong_with_a_schedule_is_found() -> None:
    crons = [CronSchedule(cron_expression="0 0 25 * * *", zone_id="Mars"), CronSchedule()]
    wrong = WorkflowSchedule(cron_schedules=crons, jitter_seconds=-1)
    assert [problem.path for problem in validate_schedule(wrong, zones)] == [
        "$.name",
        "$.startWorkflowRequest",
        "$.jitterSeconds",
        "$.cronSchedules[0].cronExpression",
        "$.cronSchedules[0].zoneId",
        "$.cronSchedules[1].cronExpression",
    ]
    assert validate_schedule(a_schedule(), zones) == []
    (problem,) = validate_schedule(a_schedule("0 0 25 * * *"), zones)
    assert problem.message.endswith("hour, character 5: expected 0 to 23, found '25'")
