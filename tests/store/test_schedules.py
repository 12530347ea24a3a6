"""Schedules and their executions: taken once, found again, forgotten in time."""

from __future__ import annotations

from typing import Any

from podium.model.body import StartWorkflowRequest
from podium.model.schedule import Cursor, ExecutionState, Instant, ScheduleExecution, StoredExecution, StoredSchedule, WorkflowSchedule
from podium.model.search import AllOf, Clause, Operator, Search, SortKey
from podium.store.store import Store

from .given import NOW, replace


def a_schedule(name: str = "s", revision: int = 1, wake_at: int = NOW, **fields: Any) -> StoredSchedule:
    request = StartWorkflowRequest(name="order", input={"ü": [1, None]})
    schedule = WorkflowSchedule(name=name, cron_expression="* * * * * *", start_workflow_request=request)
    return StoredSchedule(schedule=schedule, revision=revision, wake_at=wake_at, cursors=(Cursor("* * * * * *", "UTC", 1, 2),), **fields)


def an_execution(execution_id: str = "e", schedule: str = "s", at: int = NOW, wake_at: int = 0, **fields: Any) -> StoredExecution:
    state = ExecutionState.POLLED if wake_at else ExecutionState.EXECUTED
    given: dict[str, Any] = {"workflow_name": "order", "start_workflow_request": StartWorkflowRequest(name="order"), "zone_id": "UTC"}
    execution = ScheduleExecution(
        execution_id=execution_id, schedule_name=schedule, scheduled_time=at, execution_time=at + 1, state=state, **(given | fields)
    )
    return StoredExecution(execution=execution, workflow_id=f"w-{execution_id}", cron="* * * * * *", actor="Ada", wake_at=wake_at)


async def recorded(store: Store, *executions: StoredExecution) -> None:
    assert await store.save_schedule(a_schedule("recorder"), executions, over=0)


def over(execution: StoredExecution, state: ExecutionState = ExecutionState.EXECUTED) -> StoredExecution:
    return replace(execution, execution=replace(execution.execution, state=state), wake_at=0)


async def test_a_schedule_comes_back_as_it_was_written(store: Store) -> None:
    stored = a_schedule(started=("w1",), waiting=Instant(0, "* * * * * *", "UTC", NOW))
    assert await store.save_schedule(stored, over=0)
    assert await store.schedules() == [stored]
    assert await store.schedules(["s", "none"]) == [stored]


async def test_a_schedule_is_written_only_over_the_revision_that_it_was_made_from(store: Store) -> None:
    assert await store.save_schedule(a_schedule(), over=0)
    assert not await store.save_schedule(a_schedule(revision=9), over=0)
    assert not await store.save_schedule(a_schedule(revision=9), [an_execution()], over=2)
    assert await store.executions(["e"]) == []
    assert await store.save_schedule(a_schedule(revision=2), [an_execution()], over=1)
    assert not await store.save_schedule(a_schedule(revision=2), [an_execution("f")], over=1)
    assert [one.execution.execution_id for one in await store.executions(["f", "e"])] == ["e"]


async def test_schedules_are_due_the_most_overdue_first(store: Store) -> None:
    for name, wake_at in {"a": NOW, "b": NOW - 5, "c": NOW + 1, "d": 0}.items():
        await store.save_schedule(a_schedule(name, wake_at=wake_at), over=0)
    assert [stored.name for stored in await store.due_schedules(NOW, 10)] == ["b", "a"]
    assert [stored.name for stored in await store.due_schedules(NOW, 1)] == ["b"]
    assert await store.next_schedule_wake() == NOW - 5


async def test_what_is_open_is_due_too_and_is_claimed_once(store: Store) -> None:
    assert await store.next_schedule_wake() == 0
    assert await store.save_schedule(a_schedule(wake_at=0), [an_execution(wake_at=NOW), an_execution("f", wake_at=NOW + 1)], over=0)
    assert await store.next_schedule_wake() == NOW
    (claimed,) = await store.claim_executions(NOW, NOW + 60, 10)
    assert (claimed.execution.execution_id, claimed.wake_at) == ("e", NOW + 60)
    assert await store.claim_executions(NOW, NOW + 60, 10) == []
    assert await store.next_schedule_wake() == NOW + 1
    assert len(await store.claim_executions(NOW + 60, NOW + 120, 10)) == 2


async def test_an_execution_that_is_over_never_changes(store: Store) -> None:
    execution = an_execution(wake_at=NOW)
    await recorded(store, execution)
    await store.save_execution(replace(execution, attempts=1, wake_at=NOW + 5))
    await store.save_execution(over(execution))
    await store.save_execution(over(execution, ExecutionState.FAILED))
    await store.save_execution(an_execution("unknown", wake_at=NOW))
    assert [one.execution.state for one in await store.executions(["e", "unknown"])] == [ExecutionState.EXECUTED]


async def test_an_instant_that_is_there_stays_as_it_is(store: Store) -> None:
    await recorded(store, an_execution())
    assert await store.save_schedule(a_schedule(), [an_execution(wake_at=NOW)], over=0)
    assert (await store.executions(["e"]))[0].wake_at == 0


async def test_a_deleted_schedule_leaves_its_executions(store: Store) -> None:
    await recorded(store, an_execution(schedule="recorder"))
    assert await store.delete_schedule("recorder")
    assert not await store.delete_schedule("recorder")
    assert await store.schedules() == []
    assert len(await store.executions(["e"])) == 1


async def test_executions_are_searched(store: Store) -> None:
    await recorded(
        store,
        an_execution("1", "a", NOW + 1),
        an_execution("2", "a", NOW + 2, wake_at=NOW),
        an_execution("3", "b", NOW + 3, workflow_name="invoice", reason="No such workflow"),
    )

    async def found(*clauses: Clause, **search: Any) -> list[str]:
        return (await store.search_executions(Search(condition=AllOf(clauses), **search))).ids

    assert await found() == ["3", "2", "1"]
    assert await found(sort=(SortKey("scheduledTime"),)) == ["1", "2", "3"]
    assert await found(sort=(SortKey("workflowName"), SortKey("executionTime", descending=True))) == ["3", "2", "1"]
    assert await found(Clause("scheduleName", Operator.IN, ("a", "none"))) == ["2", "1"]
    assert await found(Clause("state", Operator.EQUAL, ("EXECUTED",))) == ["3", "1"]
    assert await found(Clause("workflowName", Operator.EQUAL, ("*voic*",))) == ["3"]
    assert await found(Clause("scheduledTime", Operator.GREATER, (str(NOW + 1),))) == ["3", "2"]
    assert await found(Clause("executionId", Operator.EQUAL, ("2",))) == ["2"]
    assert await found(free_text="no SUCH") == ["3"]
    page = await store.search_executions(Search(start=1, size=1))
    assert (page.ids, page.total) == (["2"], 3)


async def test_old_executions_are_forgotten_unless_they_are_open(store: Store) -> None:
    ones = [an_execution(f"a{number}", "a", NOW + number) for number in range(5)]
    await recorded(store, *ones, an_execution("open", "a", NOW - 9, wake_at=NOW), an_execution("old", "b", NOW - 9))
    assert await store.prune_executions(3, NOW - 5) == 3
    assert (await store.search_executions(Search())).ids == ["a4", "a3", "a2", "open"]
