"""The scheduler: every instant once, exactly, whatever servers do in between."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from podium.engine.schedule import LEASE_MS, fired
from podium.errors import NotFound
from podium.model.body import StartWorkflowRequest
from podium.model.schedule import CronSchedule, ExecutionState, OverlapPolicy, ScheduleExecution, StoredExecution, WorkflowSchedule
from podium.model.search import AllOf, Clause, Operator, Search, SortKey
from podium.model.status import WorkflowStatus
from podium.runtime import scheduler as scheduler_module
from podium.runtime.platform import Platform
from podium.runtime.scheduler import FIRST_PAUSE_MS, LOOK_AGAIN_MS, MOST_ATTEMPTS, REST_MS
from podium.store.sqlite import SqliteStore
from podium.testing.clock import START, FakeClock
from podium.testing.server import TestServer
from tests.runtime.world import TestStore, define, done, open_task, simple

DAY = 86_400_000
MIDNIGHT = START - START % DAY + DAY  # the first one of the clock of the tests


async def schedule(platform: Platform, cron: str = "* * * * * *", name: str = "s", workflow: str = "w", **fields: Any) -> WorkflowSchedule:
    request = StartWorkflowRequest(name=workflow, input={"a": 1})
    return await platform.schedules.put(
        WorkflowSchedule(name=name, cron_expression=cron, start_workflow_request=request, **fields), "tester"
    )


async def records(platform: Platform, name: str = "s", size: int = 10_000) -> list[ScheduleExecution]:
    """What became of the instants of a schedule, oldest first."""
    condition = AllOf((Clause("scheduleName", Operator.EQUAL, (name,)),))
    page = await platform.store.search_executions(Search(condition=condition, sort=(SortKey("scheduledTime"),), size=size))
    return [stored.execution for stored in await platform.store.executions(page.ids)]


async def times(platform: Platform, name: str = "s") -> list[int]:
    """Of the instants whose workflow was started."""
    return [one.scheduled_time for one in await records(platform, name) if one.state is ExecutionState.EXECUTED]


async def workflows(platform: Platform) -> int:
    return (await platform.store.search_workflows(Search(size=0))).total


async def test_each_instant_starts_a_workflow_at_its_time(server: TestServer) -> None:
    platform = server.platform
    await define(platform, "w", simple("a"))
    await schedule(platform)
    await server.advance(999)
    assert await records(platform) == []
    await server.advance(1)
    (record,) = await records(platform)
    assert (record.scheduled_time, record.execution_time, record.state) == (START + 1_000, START + 1_000, ExecutionState.EXECUTED)
    workflow = (await platform.executor.read(record.workflow_id or "")).workflow
    assert workflow.created_by == "tester"
    assert workflow.input.value == {
        "a": 1,
        "_startedByScheduler": "s",
        "_scheduledTime": START + 1_000,
        "_executedTime": START + 1_000,
        "_executionId": record.execution_id,
        "_schedulerCron": "* * * * * * UTC",
    }
    await server.advance(9_000)
    assert await times(platform) == [START + number * 1_000 for number in range(1, 11)]


async def test_an_idle_scheduler_sleeps_until_the_next_instant(server: TestServer) -> None:
    await server.settle()
    assert isinstance(server.clock, FakeClock)
    assert server.clock.next_deadline == 0
    await schedule(server.platform, "@daily")
    await server.settle()
    assert server.clock.next_deadline == MIDNIGHT
    await schedule(server.platform, "@hourly", "sooner")
    await server.settle()
    assert server.clock.next_deadline < MIDNIGHT


async def test_ten_years_of_sundays_on_which_the_clocks_may_change(server: TestServer) -> None:
    platform, zone = server.platform, ZoneInfo("America/New_York")
    await define(platform, "w", [])
    crons = [CronSchedule(cron_expression=f"0 30 {hour} ? 3,11 SUN#{week}", zone_id=zone.key) for hour in (1, 2) for week in (1, 2)]
    await schedule(platform, cron_schedules=crons)
    await server.advance(10 * 366 * DAY)
    shown = [datetime.fromtimestamp(at / 1000, zone) for at in await times(platform)]
    days = [[moment.date() for moment in shown if moment.hour == hour] for hour in (1, 2)]
    assert len(set(days[0])) == len(days[0]) == 40
    assert {day.month for day in set(days[0]) - set(days[1])} == {3}
    assert len(days[1]) == 30
    assert {(moment.hour, moment.minute) for moment in shown} == {(1, 30), (2, 30)}


async def test_an_instant_that_came_while_nobody_was_there_is_started_late(store: TestStore) -> None:
    clock = FakeClock()
    async with TestServer(store=store, clock=clock) as server:
        await define(server.platform, "w", simple("a"))
        await schedule(server.platform, "0 * * * * *")
        await schedule(server.platform, "0 * * * * *", "caught_up", run_catchup_schedule_instances=True)
    clock.advance(10 * 60_000)
    async with TestServer(store=TestStore(store.path), clock=clock) as server:
        await server.settle()
        assert len(await times(server.platform)) == 1
        assert len(await times(server.platform, "caught_up")) == 10
        await server.advance(60_000)
        assert len(await times(server.platform)) == 2


async def test_a_paused_schedule_rests_and_goes_on_when_it_is_resumed(server: TestServer) -> None:
    platform = server.platform
    await define(platform, "w", simple("a"))
    await schedule(platform)
    await schedule(platform, name="caught_up", run_catchup_schedule_instances=True)
    await server.advance(1_000)
    for name in ("s", "caught_up"):
        await platform.schedules.pause(name, "a reason", "tester")
    await server.advance(10_000)
    assert len(await records(platform)) == 1
    assert (await platform.schedules.get("s")).next_run_time is not None
    for name in ("s", "caught_up"):
        await platform.schedules.resume(name, "tester")
    await server.advance(1_000)
    assert len(await records(platform)) == 2
    assert len(await records(platform, "caught_up")) == 12


async def test_a_start_that_is_refused_is_recorded_and_the_schedule_goes_on(server: TestServer) -> None:
    await schedule(server.platform, workflow="nowhere")
    await server.advance(2_000)
    found = await records(server.platform)
    assert [one.state for one in found] == [ExecutionState.FAILED] * 2
    assert found[0].reason == "No such workflow defined. name=nowhere, version=None"
    assert found[0].workflow_id is None


async def test_a_deleted_schedule_starts_nothing_more_and_its_records_stay(server: TestServer) -> None:
    await define(server.platform, "w", simple("a"))
    await schedule(server.platform)
    await server.advance(1_000)
    await server.platform.schedules.delete("s")
    await server.platform.schedules.delete("s")
    await server.advance(5_000)
    assert len(await records(server.platform)) == 1
    with pytest.raises(NotFound, match="Schedule 's' not found"):
        await server.platform.schedules.get("s")


# Obstacles


class Obstacle:
    """Starts fail as often as it says, then pass."""

    def __init__(self, platform: Platform, monkeypatch: pytest.MonkeyPatch, times: int) -> None:
        self.met = 0
        start = platform.executor.start_from

        async def starting(*arguments: Any) -> str:
            self.met += 1
            if self.met <= times:
                message = "the road is closed"
                raise ConnectionError(message)
            return await start(*arguments)

        monkeypatch.setattr(platform.executor, "start_from", starting)


async def test_a_start_that_meets_an_obstacle_is_tried_again(server: TestServer, monkeypatch: pytest.MonkeyPatch) -> None:
    platform = server.platform
    await define(platform, "w", simple("a"))
    await schedule(platform, "@daily")
    obstacle = Obstacle(platform, monkeypatch, 2)
    await server.advance(MIDNIGHT - START)
    assert (await records(platform))[0].state is ExecutionState.POLLED
    await server.advance(3 * FIRST_PAUSE_MS)
    assert (obstacle.met, await times(platform)) == (3, [MIDNIGHT])


async def test_an_obstacle_that_stays_is_recorded(server: TestServer, monkeypatch: pytest.MonkeyPatch) -> None:
    platform = server.platform
    await schedule(platform, "@daily")
    obstacle = Obstacle(platform, monkeypatch, 10**9)
    await server.advance(MIDNIGHT - START + DAY // 2)
    (record,) = await records(platform)
    assert (obstacle.met, record.state, record.reason) == (MOST_ATTEMPTS, ExecutionState.FAILED, "the road is closed")
    assert record.stack_trace is not None
    assert "ConnectionError" in record.stack_trace


async def test_a_schedule_that_cannot_be_read_holds_up_no_other(server: TestServer, monkeypatch: pytest.MonkeyPatch) -> None:
    platform = server.platform
    await define(platform, "w", simple("a"))
    await schedule(platform, name="broken")
    await schedule(platform)

    def breaking(stored: Any, *arguments: Any) -> Any:
        if stored.name == "broken":
            message = "its zone is gone"
            raise LookupError(message)
        return fired(stored, *arguments)

    monkeypatch.setattr(scheduler_module, "fired", breaking)
    await server.advance(3_000)
    assert (len(await times(platform)), await records(platform, "broken")) == (3, [])
    monkeypatch.setattr(scheduler_module, "fired", fired)
    await server.advance(REST_MS)
    assert len(await times(platform, "broken")) > 0


async def test_a_held_server_starts_nothing_until_it_is_released(server: TestServer) -> None:
    await define(server.platform, "w", simple("a"))
    await schedule(server.platform)
    server.platform.loops.scheduler.hold()
    await server.advance(3_000)
    assert await records(server.platform) == []
    server.platform.loops.scheduler.release()
    await server.settle()
    assert await times(server.platform) == [START + 1_000]


async def test_records_are_forgotten_in_time(server: TestServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scheduler_module, "KEEP", 5)
    monkeypatch.setattr(scheduler_module, "PRUNE_EVERY", 10)
    await define(server.platform, "w", [])
    await schedule(server.platform)
    await server.advance(40_000)
    assert len(await records(server.platform)) <= 15


# Overlaps


async def finish(platform: Platform, workflow_id: str | None) -> None:
    await platform.executor.handle(done(await open_task(platform, workflow_id or "", "a")))


async def started(platform: Platform) -> list[ScheduleExecution]:
    return [one for one in await records(platform) if one.state is ExecutionState.EXECUTED]


async def test_skip_waits_for_the_end_of_what_runs(server: TestServer) -> None:
    platform = server.platform
    await define(platform, "w", simple("a"))
    await schedule(platform, overlap_policy=OverlapPolicy.SKIP)
    await server.advance(3_000)
    assert [one.state.value for one in await records(platform)] == ["EXECUTED", "FAILED", "FAILED"]
    await finish(platform, (await started(platform))[0].workflow_id)
    await server.advance(1_000)
    assert len(await started(platform)) == 2


async def test_buffer_one_starts_when_what_runs_ends(server: TestServer) -> None:
    platform = server.platform
    await define(platform, "w", simple("a"))
    await schedule(platform, "0/10 * * * * *", overlap_policy=OverlapPolicy.BUFFER_ONE)
    await server.advance(30_000)
    (first,) = await started(platform)
    await finish(platform, first.workflow_id)
    await server.advance(1_000)
    assert [one.scheduled_time - first.scheduled_time for one in await started(platform)] == [0, 10_000]


async def test_cancel_running_ends_what_runs(server: TestServer) -> None:
    platform = server.platform
    await define(platform, "w", simple("a"))
    await schedule(platform, overlap_policy=OverlapPolicy.CANCEL_RUNNING)
    await server.advance(3_000)
    found = await started(platform)
    statuses = [(await platform.executor.read(one.workflow_id or "")).workflow.status for one in found]
    assert statuses == [WorkflowStatus.TERMINATED, WorkflowStatus.TERMINATED, WorkflowStatus.RUNNING]
    reason = (await platform.executor.read(found[0].workflow_id or "")).workflow.reason
    assert reason == "Cancelled by schedule s: its next instant has come"


# Several servers, and those that die


class SharedStore(SqliteStore):
    """A store that other servers write to as well, and that can lose its server after it has taken an instant."""

    shared = True

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self.gone = False  # its server is dead: nothing that it does has an effect

    async def save_execution(self, execution: StoredExecution) -> None:
        if self.gone:
            await asyncio.Event().wait()
        await super().save_execution(execution)


@pytest.fixture
async def pair(tmp_path: Path) -> AsyncIterator[tuple[TestServer, TestServer]]:
    clock = FakeClock()
    first, second = (TestServer(store=SharedStore(str(tmp_path / "one.db")), clock=clock, drain_seconds=0) for _ in range(2))
    async with first:
        await define(first.platform, "w", simple("a"))
        async with second:
            yield first, second


async def pass_time(servers: Sequence[TestServer], milliseconds: int) -> None:
    """Let time pass for servers with one clock."""
    clock = servers[0].clock
    assert isinstance(clock, FakeClock)
    until = clock.now() + milliseconds
    while True:
        for _ in range(3):
            for server in servers:
                await server.settle()
        if clock.now() >= until:
            return
        clock.advance_to(min(clock.next_deadline or until, until))


async def test_two_servers_never_start_an_instant_twice(pair: tuple[TestServer, TestServer]) -> None:
    for number in range(10):
        await schedule(pair[number % 2].platform, name=f"s{number}")
    await pass_time(pair, 20_000)
    for number in range(10):
        assert await times(pair[0].platform, f"s{number}") == [START + second * 1_000 for second in range(1, 21)]
    assert await workflows(pair[0].platform) == 200


async def test_what_one_server_was_told_another_finds_when_the_first_is_gone(pair: tuple[TestServer, TestServer]) -> None:
    first, second = pair
    await second.settle()
    await schedule(first.platform)
    first.platform.loops.scheduler.hold()
    await pass_time(pair, LOOK_AGAIN_MS + 1_000)
    assert len(await times(second.platform)) > 0


@pytest.mark.parametrize("has_started", [True, False])
async def test_the_instant_of_a_server_that_died_is_started_once_by_another(
    pair: tuple[TestServer, TestServer], monkeypatch: pytest.MonkeyPatch, has_started: bool
) -> None:
    first, second = pair
    await schedule(first.platform, "@daily")
    second.platform.loops.scheduler.hold()

    async def never(*_: Any) -> str:
        await asyncio.Event().wait()
        return ""

    if has_started:
        assert isinstance(first.platform.store, SharedStore)
        first.platform.store.gone = True
    else:
        monkeypatch.setattr(first.platform.executor, "start_from", never)
    assert isinstance(second.clock, FakeClock)
    second.clock.advance_to(MIDNIGHT)
    while not await records(second.platform) or await workflows(second.platform) != has_started:
        pass
    assert (await records(second.platform))[0].state is ExecutionState.POLLED

    first.platform.loops.scheduler.hold()
    second.platform.loops.scheduler.release()
    await pass_time([second], LEASE_MS - 1)
    assert await times(second.platform) == []
    await pass_time([second], LOOK_AGAIN_MS)
    assert await times(second.platform) == [MIDNIGHT]
    assert await workflows(second.platform) == 1


async def test_an_open_record_is_taken_at_once_when_it_is_requeued(server: TestServer, monkeypatch: pytest.MonkeyPatch) -> None:
    platform = server.platform
    await define(platform, "w", simple("a"))
    await schedule(platform, "@daily")
    Obstacle(platform, monkeypatch, 4)
    await server.advance(MIDNIGHT - START)
    for _ in range(4):
        assert await platform.loops.scheduler.requeue() == [(await records(platform))[0].execution_id]
        await server.settle()
    assert await times(platform) == [MIDNIGHT]
    assert await platform.loops.scheduler.requeue() == []


async def test_changes_at_the_same_moment_are_all_kept(server: TestServer) -> None:
    platform = server.platform
    await define(platform, "w", simple("a"))
    await schedule(platform, paused=True)
    await asyncio.gather(
        platform.schedules.resume("s", "tester"), *(schedule(platform, name="s", description=str(number)) for number in range(3))
    )
    found = await platform.schedules.get("s")
    assert not found.paused
    assert found.description in {"0", "1", "2"}
