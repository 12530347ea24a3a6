"""Claims: workers get tasks in the order of the queue, each task once."""

from __future__ import annotations

from podium.model.decision import TaskChange
from podium.model.payload import Payload
from podium.model.status import TaskStatus
from podium.model.task import Task
from podium.store.store import Candidate, Claimed, Saved, Store, Want

from .given import NOW, a_task, a_workflow, born, completed, moved, replace, save, stored


def a_want(count: int = 1, queue: str = "pay", domain: str | None = None, worker_id: str | None = "worker") -> Want:
    return Want(queue=queue, domain=domain, worker_id=worker_id, count=count)


def named(*tasks: Task, revision: int = 1, worker_id: str | None = "worker") -> Want:
    candidates = [Candidate(task, revision) for task in tasks]
    return Want(queue="pay", domain=None, worker_id=worker_id, count=len(tasks), candidates=candidates)


async def claim(store: Store, *wants: Want, now: int = NOW) -> Saved:
    return await save(store, wants=wants, now=now)


def numbers(saved: Saved) -> list[int]:
    return [claimed.task.number for claimed in saved.claimed]


async def test_a_claimed_task_is_in_progress(store: Store) -> None:
    task = a_task(callback_after_seconds=5, poll_count=2, lease_ms=1000)
    await stored(store, [born(a_workflow(), task)])

    saved = await claim(store, a_want(), now=NOW + 10)

    after = replace(
        task,
        status=TaskStatus.IN_PROGRESS,
        ready_at=0,
        start_time=NOW + 10,
        update_time=NOW + 10,
        callback_after_seconds=0,
        worker_id="worker",
        poll_count=3,
    )
    assert saved.claimed == [Claimed(want=0, task=after, revision=2, wake_at=NOW + 1010)]
    run = await store.load("w1", known_revision=1)
    assert run is not None
    assert (run.tasks, run.workflow.revision, run.workflow.wake_at) == ([after], 2, NOW + 1010)


async def test_a_second_claim_keeps_the_first_start(store: Store) -> None:
    await stored(store, [born(a_workflow(), a_task(start_time=NOW - 5))])

    assert (await claim(store, a_want())).claimed[0].task.start_time == NOW - 5


async def test_a_task_is_given_once(store: Store) -> None:
    await stored(store, [born(a_workflow(), a_task())])

    first, second = await claim(store, a_want(), a_want(5)), await claim(store, a_want())

    assert (len(first.claimed), len(second.claimed)) == (1, 0)


async def test_higher_priority_goes_first_then_ready_then_created(store: Store) -> None:
    tasks = [
        a_task(number=1, priority=0, ready_at=NOW - 9),
        a_task(number=2, priority=5, ready_at=NOW),
        a_task(number=3, priority=5, ready_at=NOW - 1),
        a_task(number=4, priority=0, ready_at=NOW - 9),
        a_task(number=5, priority=99, ready_at=NOW + 1),
        a_task(number=6, priority=-1, ready_at=NOW - 100),
    ]
    await stored(store, [born(a_workflow(), *tasks)])

    assert numbers(await claim(store, a_want(3))) == [3, 2, 1]
    assert numbers(await claim(store, a_want(3))) == [4, 6]


async def test_creation_decides_across_runs_and_commits(store: Store) -> None:
    for name in ("z", "a", "m"):
        await stored(store, [born(a_workflow(name), a_task(name))])
    await stored(store, [born(a_workflow("y"), a_task("y")), born(a_workflow("b"), a_task("b"))])

    saved = await claim(store, a_want(5))

    assert [claimed.task.workflow_id for claimed in saved.claimed] == ["z", "a", "m", "y", "b"]


async def test_wants_of_one_queue_are_served_in_order(store: Store) -> None:
    await stored(store, [born(a_workflow(), *(a_task(number=number) for number in range(1, 5)))])

    saved = await claim(store, a_want(1, worker_id="a"), a_want(0), a_want(2, worker_id="b"), a_want(5, worker_id="c"))

    assert [(claimed.want, claimed.task.number, claimed.task.worker_id) for claimed in saved.claimed] == [
        (0, 1, "a"),
        (2, 2, "b"),
        (2, 3, "b"),
        (3, 4, "c"),
    ]


async def test_a_run_counts_one_revision_however_many_of_its_tasks_are_claimed(store: Store) -> None:
    tasks = [a_task(number=1, lease_ms=500), a_task(number=2, lease_ms=0), a_task(number=3, task_type="ship", lease_ms=200)]
    await stored(store, [born(a_workflow(wake_at=NOW + 300), *tasks)])

    saved = await claim(store, a_want(2), a_want(queue="ship"))

    assert {(claimed.revision, claimed.wake_at) for claimed in saved.claimed} == {(2, NOW + 200)}
    run = await store.load("w1", known_revision=1)
    assert run is not None
    assert (len(run.tasks), run.workflow.revision) == (3, 2)


async def test_a_lease_without_end_leaves_the_wake_time(store: Store) -> None:
    await stored(store, [born(a_workflow(wake_at=0), a_task())])

    assert (await claim(store, a_want())).claimed[0].wake_at == 0


async def test_a_later_deadline_leaves_the_wake_time(store: Store) -> None:
    await stored(store, [born(a_workflow(wake_at=NOW + 1), a_task(lease_ms=5000))])

    assert (await claim(store, a_want())).claimed[0].wake_at == NOW + 1


async def test_domains_are_strict(store: Store) -> None:
    await stored(store, [born(a_workflow(), a_task(number=1), a_task(number=2, domain="blue"))])

    assert numbers(await claim(store, a_want(9, domain="red"))) == []
    assert numbers(await claim(store, a_want(9, domain="blue"))) == [2]
    assert numbers(await claim(store, a_want(9))) == [1]


async def test_a_queue_has_the_name_of_its_space_and_group(store: Store) -> None:
    task = a_task(execution_name_space="space", isolation_group_id="group")
    await stored(store, [born(a_workflow(), task)])

    assert numbers(await claim(store, a_want())) == []
    assert numbers(await claim(store, a_want(queue="pay@space-group"))) == [1]


async def test_a_claim_sees_the_decisions_of_its_batch(store: Store) -> None:
    workflow, task = a_workflow(), a_task()

    saved = await save(store, born(workflow, task), wants=[a_want(2)])
    after: Task = saved.claimed[0].task
    again = await save(store, moved(replace(workflow, revision=2), completed(after), TaskChange(None, a_task(number=2))), wants=[a_want(2)])

    assert (numbers(saved), numbers(again)) == ([1], [2])
    assert again.claimed[0].revision == 4


async def test_a_decision_made_before_a_claim_loses(store: Store) -> None:
    workflow, task = a_workflow(), a_task()
    await stored(store, [born(workflow, task)])
    await claim(store, a_want())

    assert (await save(store, moved(workflow, completed(task)))).conflicts == {0}


async def test_an_unfilled_want_hears_when_the_next_task_is_ready(store: Store) -> None:
    tasks = [a_task(number=1), a_task(number=2, ready_at=NOW + 70, priority=9), a_task(number=3, ready_at=NOW + 50)]
    await stored(store, [born(a_workflow(), *tasks)])

    saved = await claim(store, a_want(2), a_want(queue="ship"))

    assert (numbers(saved), saved.next_ready) == ([1], {("pay", None): NOW + 50})


async def test_a_filled_want_hears_nothing(store: Store) -> None:
    await stored(store, [born(a_workflow(), a_task(number=1), a_task(number=2, ready_at=NOW + 50))])

    assert (await claim(store, a_want())).next_ready == {}


async def test_a_candidate_is_claimed_like_any_other_task(store: Store) -> None:
    task = a_task(callback_after_seconds=5, poll_count=2, lease_ms=1000)
    await stored(store, [born(a_workflow("w1"), task), born(a_workflow("w2"), replace(task, workflow_id="w2", task_id="w2-t1"))])

    by_name = (await claim(store, named(task), now=NOW + 10)).claimed
    by_queue = (await claim(store, a_want(), now=NOW + 10)).claimed

    assert by_name == [replace(by_queue[0], task=replace(by_queue[0].task, workflow_id="w1", task_id="w1-t1"))]
    run = await store.load("w1", known_revision=1)
    assert run is not None
    assert (run.tasks, run.workflow.revision, run.workflow.wake_at) == ([by_name[0].task], 2, NOW + 1010)


async def test_candidates_are_claimed_in_the_order_given(store: Store) -> None:
    tasks = [a_task(number=number) for number in range(1, 301)]
    await stored(store, [born(a_workflow(), *tasks)])

    saved = await claim(store, named(*reversed(tasks[:200]), worker_id="a"), named(*tasks[200:], worker_id="b"))

    assert numbers(saved) == [*range(200, 0, -1), *range(201, 301)]
    assert {(one.want, one.task.worker_id, one.revision) for one in saved.claimed} == {(0, "a", 2), (1, "b", 2)}


async def test_a_candidate_that_was_claimed_is_not_claimed_again(store: Store) -> None:
    task = a_task()
    await stored(store, [born(a_workflow(), task, a_task(number=2))])

    first, second = await claim(store, named(task)), await claim(store, named(task))

    assert (numbers(first), numbers(second), second.next_ready) == ([1], [], {})
    run = await store.load("w1")
    assert run is not None
    assert run.workflow.revision == 2


async def test_a_candidate_that_has_changed_is_not_claimed(store: Store) -> None:
    workflow, task = a_workflow(), a_task()
    await stored(store, [born(workflow, task)])

    changed = replace(task, input=Payload.of({"amount": 9}))
    saved = await save(store, moved(workflow, TaskChange(task, changed)), wants=[named(task)])
    assert numbers(saved) == []

    assert (await claim(store, named(changed, revision=2))).claimed[0].task.input == changed.input


async def test_a_candidate_whose_run_is_gone_is_not_claimed(store: Store) -> None:
    task = a_task()
    await stored(store, [born(a_workflow(), task)])

    assert numbers(await save(store, moved(a_workflow(), removed=True), wants=[named(task)])) == []


async def test_a_want_without_candidates_gets_what_those_with_candidates_leave(store: Store) -> None:
    tasks = [a_task(number=number, lease_ms=number * 100) for number in (1, 2, 3)]
    await stored(store, [born(a_workflow(), *tasks)])

    saved = await claim(store, a_want(5, worker_id="any"), named(tasks[1], worker_id="knows"))

    assert {(one.want, one.task.number, one.task.worker_id) for one in saved.claimed} == {(1, 2, "knows"), (0, 1, "any"), (0, 3, "any")}
    run = await store.load("w1")
    assert run is not None
    assert (run.workflow.revision, run.workflow.wake_at) == (2, NOW + 100)


async def test_sizes_count_delayed_tasks_too(store: Store) -> None:
    tasks = [a_task(number=1), a_task(number=2, ready_at=NOW + 50), a_task(number=3, domain="blue"), a_task(number=4, ready_at=0)]
    await stored(store, [born(a_workflow(), *tasks)])

    assert await store.queue_sizes() == {("pay", None): 2, ("pay", "blue"): 1}


async def test_pending_tasks_are_the_open_ones_oldest_first(store: Store) -> None:
    first = a_workflow("w1")
    await stored(store, [born(first, a_task("w1", 1), a_task("w1", 2)), born(a_workflow("w0"), a_task("w0", 1, task_type="ship"))])
    await stored(
        store, [moved(first, completed(a_task("w1", 1))), born(a_workflow("a"), a_task("a", status=TaskStatus.IN_PROGRESS, ready_at=0))]
    )

    assert [task.task_id for task in await store.pending_tasks("pay", 0, 10)] == ["w1-t2", "a-t1"]
    assert [task.task_id for task in await store.pending_tasks("pay", 1, 10)] == ["a-t1"]
    assert [task.task_id for task in await store.pending_tasks("pay", 0, 10, [TaskStatus.SCHEDULED])] == ["w1-t2"]
