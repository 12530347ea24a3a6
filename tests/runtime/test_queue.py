"""Queues: a ready task and a waiting worker find each other, whatever happens in between."""

from __future__ import annotations

import asyncio

import pytest

from podium.model.body import StartWorkflowRequest
from podium.model.command import PauseWorkflow, RequeueTask, TerminateWorkflow, UpdateTask
from podium.model.definition import TaskDef, WorkflowTask
from podium.model.status import TaskStatus
from podium.model.task import Task
from podium.runtime import line
from podium.runtime.platform import Platform
from podium.testing.server import TestServer
from tests.runtime.world import TestStore, define, done, open_task, parallel, simple, start, take


async def waiting(server: TestServer, queue: str, count: int = 1) -> asyncio.Task[list[Task]]:
    """A worker that waits in a queue which is known to be empty."""
    poll = asyncio.create_task(take(server.platform, queue, count))
    await server.settle()
    assert not poll.done()
    return poll


async def test_a_task_goes_to_a_waiting_worker_in_the_commit_that_makes_it_ready(server: TestServer, store: TestStore) -> None:
    await define(server.platform, "w", simple("a"))
    poll = await waiting(server, "a")
    wants, commits = store.wants, len(store.batches)
    workflow_id = await start(server.platform, "w")
    (task,) = await poll
    assert (task.workflow_id, task.status, task.poll_count, task.worker_id) == (workflow_id, TaskStatus.IN_PROGRESS, 1, "w")
    assert (store.wants, len(store.batches)) == (wants, commits + 1)
    assert await server.platform.store.tasks([task.task_id]) == [task]


async def test_a_worker_that_comes_later_claims(platform: Platform) -> None:
    await define(platform, "w", simple("a"))
    workflow_id = await start(platform, "w")
    (task,) = await take(platform, "a")
    run = await platform.executor.read(workflow_id)
    assert run.task(task.task_id) == task
    stored = await platform.store.load(workflow_id)
    assert stored is not None
    assert stored.workflow == run.workflow


async def test_workers_of_an_empty_queue_ask_the_store_once(server: TestServer, store: TestStore) -> None:
    await server.settle()
    before = store.wants  # of the server's own workers
    for _ in range(3):
        poll = asyncio.create_task(take(server.platform, "nothing", timeout_ms=100))
        await server.advance(100)
        assert await poll == []
    assert store.wants == before + 1


async def test_a_poll_of_ten_returns_with_what_is_there(platform: Platform) -> None:
    await define(platform, "w", simple("a"))
    ids = {await start(platform, "w") for _ in range(3)}
    assert {task.workflow_id for task in await take(platform, "a", count=10)} == ids


async def test_one_decision_hands_all_its_tasks_to_a_worker_that_can_take_them(server: TestServer) -> None:
    tasks = [
        WorkflowTask(
            name="fork",
            task_reference_name="fork",
            type="FORK_JOIN",
            fork_tasks=[[WorkflowTask(name="same", task_reference_name=f"r{n}")] for n in range(5)],
        ),
        WorkflowTask(name="join", task_reference_name="join", type="JOIN", join_on=[f"r{n}" for n in range(5)]),
    ]
    await define(server.platform, "w", tasks)
    poll = await waiting(server, "same", count=3)
    await start(server.platform, "w")
    assert len(await poll) == 3
    assert len(await take(server.platform, "same", count=10)) == 2


async def test_first_come_first_served(server: TestServer) -> None:
    await define(server.platform, "w", simple("a"))
    first = await waiting(server, "a")
    second = await waiting(server, "a")
    await start(server.platform, "w")
    await server.settle()
    assert (first.done(), second.done()) == (True, False)
    await start(server.platform, "w")
    assert len(await second) == 1


async def test_a_poll_ends_empty_when_its_time_is_over(server: TestServer) -> None:
    poll = asyncio.create_task(take(server.platform, "a", timeout_ms=100))
    await server.advance(99)
    assert not poll.done()
    await server.advance(1)
    assert await poll == []


@pytest.mark.parametrize(("count", "timeout_ms"), [(0, 100), (1, 0), (-1, 100)])
async def test_a_poll_for_nothing_returns_nothing(platform: Platform, count: int, timeout_ms: int) -> None:
    await define(platform, "w", simple("a"))
    await start(platform, "w")
    assert await take(platform, "a", count, timeout_ms) == []


async def test_a_delayed_task_wakes_its_worker_on_time(server: TestServer) -> None:
    platform = server.platform
    await define(platform, "w", simple("a"))
    workflow_id = await start(platform, "w")
    (task,) = await take(platform, "a")
    poll = await waiting(server, "a")
    await platform.executor.handle(
        UpdateTask(workflow_id=workflow_id, task_id=task.task_id, status=TaskStatus.IN_PROGRESS, callback_after_seconds=3)
    )
    await server.advance(2_999)
    assert not poll.done()
    await server.advance(1)
    assert [one.task_id for one in await poll] == [task.task_id]


async def test_a_delayed_task_from_before_the_poll_wakes_its_worker_too(server: TestServer) -> None:
    platform = server.platform
    await define(platform, "w", simple("a"))
    workflow_id = await start(platform, "w")
    (task,) = await take(platform, "a")
    report = UpdateTask(workflow_id=workflow_id, task_id=task.task_id, status=TaskStatus.IN_PROGRESS, callback_after_seconds=3)
    await platform.executor.handle(report)
    poll = await waiting(server, "a")
    await server.advance(3_000)
    assert [one.task_id for one in await poll] == [task.task_id]


async def test_a_worker_that_is_gone_gets_nothing(server: TestServer) -> None:
    await define(server.platform, "w", simple("a"))
    gone = await waiting(server, "a")
    gone.cancel()
    await server.settle()
    workflow_id = await start(server.platform, "w")
    assert (await open_task(server.platform, workflow_id, "a")).status is TaskStatus.SCHEDULED


async def test_later_claims_need_no_look_into_the_store(server: TestServer, store: TestStore) -> None:
    await define(server.platform, "w", simple("a"))
    poll = asyncio.create_task(take(server.platform, "a", timeout_ms=100))
    await server.advance(100)
    assert await poll == []
    ids = [await start(server.platform, "w") for _ in range(3)]
    before = len(store.batches)
    assert [task.workflow_id for task in await take(server.platform, "a", count=2)] == ids[:2]
    assert [task.workflow_id for task in await take(server.platform, "a", count=5)] == ids[2:]
    wants = [want for batch in store.batches[before:] for want in batch.wants]
    assert [[one.task.workflow_id for one in want.candidates or ()] for want in wants] == [ids[:2], ids[2:]]


async def known_empty(server: TestServer) -> None:
    """A workflow of one task, whose queue was polled and is known to be empty."""
    await define(server.platform, "w", simple("a"))
    poll = asyncio.create_task(take(server.platform, "a", timeout_ms=1))
    await server.advance(1)
    assert await poll == []


async def started(platform: Platform, *priorities: int) -> list[str]:
    """Workflows with these priorities."""
    return [await platform.executor.start(StartWorkflowRequest(name="w", priority=one), "tester") for one in priorities]


async def delivered(platform: Platform, total: int, at_once: int = 1) -> list[str]:
    """The workflows of the next tasks, in the order in which a worker gets them."""
    found: list[str] = []
    while len(found) < total:
        found += [task.workflow_id for task in await take(platform, "a", at_once)]
    return found


@pytest.mark.parametrize("at_once", [1, 2, 10])
@pytest.mark.parametrize("kept", [1, 2, 3, 1_000])
async def test_the_order_of_delivery_does_not_depend_on_what_is_in_memory(
    server: TestServer, monkeypatch: pytest.MonkeyPatch, kept: int, at_once: int
) -> None:
    monkeypatch.setattr(line, "MOST_KEPT", kept)
    await known_empty(server)
    low, high, same, top, late = await started(server.platform, 0, 5, 0, 9, 5)
    assert await delivered(server.platform, 2, 2) == [top, high]
    (urgent,) = await started(server.platform, 7)
    await server.advance(10)
    last, first = await started(server.platform, 0, 9)
    assert await delivered(server.platform, 6, at_once) == [first, urgent, late, low, same, last]


async def test_a_task_that_comes_back_has_its_place_by_its_age(server: TestServer) -> None:
    platform = server.platform
    await known_empty(server)
    first, second = await started(platform, 0, 0)
    (task,) = await take(platform, "a")
    assert task.workflow_id == first
    (third,) = await started(platform, 0)
    await platform.executor.handle(RequeueTask(workflow_id=first, task_id=task.task_id))
    assert await delivered(platform, 3) == [first, second, third]


async def test_a_delayed_task_takes_its_place_when_its_time_comes(server: TestServer) -> None:
    platform = server.platform
    await known_empty(server)
    (delayed,) = await started(platform, 5)
    (task,) = await take(platform, "a")
    report = UpdateTask(workflow_id=delayed, task_id=task.task_id, status=TaskStatus.IN_PROGRESS, callback_after_seconds=3)
    await platform.executor.handle(report)
    first, second, third = await started(platform, 0, 0, 0)
    assert await delivered(platform, 1) == [first]
    await server.advance(3_000)
    assert await delivered(platform, 3) == [delayed, second, third]


async def test_a_task_in_memory_whose_workflow_has_ended_is_passed_over(server: TestServer) -> None:
    platform = server.platform
    await known_empty(server)
    first, second, third = await started(platform, 0, 0, 0)
    await platform.executor.handle(TerminateWorkflow(workflow_id=first))
    await platform.executor.handle(PauseWorkflow(workflow_id=second))
    assert await delivered(platform, 2) == [second, third]


async def test_what_is_in_memory_is_found_again_after_a_failed_commit(server: TestServer, store: TestStore) -> None:
    await known_empty(server)
    ids = await started(server.platform, 0, 0)
    store.failing = OSError("disk full")
    poll = asyncio.create_task(take(server.platform, "a", 2))
    await server.settle()
    assert not poll.done()
    store.failing = None
    await server.advance(1_000)
    assert [task.workflow_id for task in await poll] == ids


async def test_one_worker_gets_what_several_decisions_of_a_commit_make_ready(server: TestServer, store: TestStore) -> None:
    await define(server.platform, "w", simple("a"))
    first, second = await waiting(server, "a", count=3), await waiting(server, "a", count=3)
    commits = len(store.batches)
    ids = await asyncio.gather(*(start(server.platform, "w") for _ in range(4)))
    assert [[task.workflow_id for task in await poll] for poll in (first, second)] == [ids[:3], ids[3:]]
    assert len(store.batches) == commits + 1


async def test_a_worker_waits_on_when_the_decision_that_hands_over_loses_its_race(server: TestServer, store: TestStore) -> None:
    await define(server.platform, "w", simple("a"))
    poll = await waiting(server, "a")
    store.losing = 1
    workflow_id = await start(server.platform, "w")
    assert [task.workflow_id for task in await poll] == [workflow_id]
    assert (await open_task(server.platform, workflow_id, "a")).poll_count == 1


async def test_a_task_claimed_for_a_worker_that_went_meanwhile_goes_to_the_next(server: TestServer, store: TestStore) -> None:
    await define(server.platform, "w", simple("a"))
    gone = await waiting(server, "a")
    next_one = await waiting(server, "a")
    store.hold()
    started = asyncio.create_task(start(server.platform, "w"))
    await store.entered.wait()
    gone.cancel()
    await asyncio.sleep(0)
    store.release()
    await started
    assert len(await next_one) == 1


async def test_a_task_claimed_for_nobody_goes_back(server: TestServer, store: TestStore) -> None:
    await define(server.platform, "w", simple("a"))
    gone = await waiting(server, "a")
    store.hold()
    started = asyncio.create_task(start(server.platform, "w"))
    await store.entered.wait()
    gone.cancel()
    await asyncio.sleep(0)
    store.release()
    workflow_id = await started
    assert [task.workflow_id for task in await take(server.platform, "a")] == [workflow_id]


async def test_a_worker_keeps_its_place_when_a_commit_fails(server: TestServer, store: TestStore) -> None:
    await define(server.platform, "w", simple("a"))
    poll = await waiting(server, "a")
    store.failing = OSError("disk full")
    with pytest.raises(OSError, match="disk full"):
        await start(server.platform, "w")
    assert not poll.done()
    store.failing = None
    await server.advance(1_000)
    workflow_id = await start(server.platform, "w")
    assert [task.workflow_id for task in await poll] == [workflow_id]


async def test_domains_are_apart(server: TestServer) -> None:
    platform = server.platform
    await define(platform, "w", simple("a"))
    in_domain = asyncio.create_task(platform.queue.poll("a", domain="d", worker_id="w", count=1, timeout_ms=100))
    await server.settle()
    await start(platform, "w")
    await server.advance(100)
    assert await in_domain == []
    assert len(await take(platform, "a")) == 1


async def test_a_domain_is_active_for_ten_seconds_after_a_poll(server: TestServer) -> None:
    queue = server.platform.queue
    poll = asyncio.create_task(queue.poll("a", domain="d", worker_id="w", count=1, timeout_ms=100))
    await server.advance(100)
    await poll
    assert server.platform.registry.active_domain("a", ["d", "other"]) == "d"
    await server.advance(9_900)
    assert server.platform.registry.active_domain("a", ["d", "other"]) == "d"
    await server.advance(1)
    assert server.platform.registry.active_domain("a", ["d", "other"]) == "other"
    assert server.platform.registry.active_domain("a", ["d", "NO_DOMAIN"]) is None


async def test_polls_alone_are_written_after_a_few_seconds(server: TestServer, store: TestStore) -> None:
    await server.settle()
    store.batches.clear()  # of the server's own workers
    assert await take(server.platform, "a", timeout_ms=0) == []
    await server.advance(2_000)
    assert await take(server.platform, "a", timeout_ms=0) == []
    await server.advance(2_999)
    assert store.batches == []
    await server.advance(1)
    assert [len(batch.polls) for batch in store.batches] == [1]
    (row,) = await store.poll_data("a")
    assert (row.queue_name, row.worker_id) == ("a", "w")
    assert row == server.platform.queue.poll_data("a")[0]


async def test_polls_go_along_with_other_commits_once_a_second(server: TestServer, store: TestStore) -> None:
    await define(server.platform, "w", simple("a"))
    for _ in range(15):
        await start(server.platform, "w")
        await take(server.platform, "a")
        await server.advance(100)
    assert len(store.batches) > 15
    assert sum(len(batch.polls) for batch in store.batches) == 2


async def test_a_stopping_server_lets_workers_go(server: TestServer) -> None:
    poll = await waiting(server, "a")
    server.platform.drain()
    assert await poll == []
    assert await take(server.platform, "a") == []


async def test_tasks_that_are_taken_and_reported_at_once_are_all_done_once(platform: Platform) -> None:
    await platform.registry.put_task_definitions([TaskDef(name="x", response_timeout_seconds=600)], "tester")
    await define(platform, "w", parallel("x", "y"))
    ids = [await start(platform, "w") for _ in range(20)]
    seen: list[str] = []

    async def worker(queue: str) -> None:
        while len(seen) < 40:
            for task in await take(platform, queue, count=3):
                seen.append(task.task_id)
                await platform.executor.handle(done(task))
                if len(seen) == 40:
                    platform.queue.drain()

    await asyncio.gather(*(worker(queue) for queue in "xyxy"))
    assert len(set(seen)) == 40
    for workflow_id in ids:
        assert (await platform.executor.read(workflow_id)).workflow.status.terminal
