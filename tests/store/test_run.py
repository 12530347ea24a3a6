"""Runs: what is saved is what is loaded."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from podium.model.decision import TaskChange
from podium.model.definition import WorkflowTask
from podium.model.payload import EMPTY, Payload
from podium.model.status import TaskStatus, WorkflowStatus
from podium.model.task import Task
from podium.model.workflow import Workflow
from podium.model.workflow_message import WorkflowMessage
from podium.store.store import Store

from .given import DEFINITION, HASH, NOW, a_task, a_workflow, an_entry, born, closed, completed, moved, replace, stored

EVERY_WORKFLOW_FIELD = Workflow(
    workflow_id="w1",
    name="order",
    version=3,
    definition_hash=HASH,
    revision=1,
    status=WorkflowStatus.PAUSED,
    previous_status=WorkflowStatus.RUNNING,
    wake_at=NOW + 5,
    priority=7,
    create_time=NOW,
    end_time=NOW + 1,
    update_time=NOW + 2,
    last_retried_time=NOW + 3,
    unfinished=True,
    correlation_id="c",
    parent_workflow_id="p",
    parent_task_id="pt",
    awaited_by=(("p2", "pt2"),),
    event="e",
    owner_app="app",
    created_by="Ada",
    updated_by="Bob",
    rerun_from_workflow_id="r",
    reason="because “quoted”",
    failed_task_id="f",
    failed_refs=("a", "b"),
    failed_task_names=("c",),
    task_to_domain={"*": "blue"},
    idempotency_key="k",
    rate_limit_key="rl",
    rate_limited=True,
    classifier="agent",
    task_count=4,
    last_seq=5,
    message_count=3,
    messages=(WorkflowMessage(number=3, message_id="m", received_at=NOW, payload=Payload.of({"d": 1})),),
    input=Payload.of({"a": [1, 2.5, None, "ü\n"]}),
    output=Payload.of({"b": {}}),
    variables=Payload.of({"c": "d"}),
    input_path="i",
    output_path="o",
)
EVERY_TASK_FIELD = Task(
    workflow_id="w1",
    task_id="t1",
    number=1,
    ref="loop__1",
    base_ref="loop",
    task_type="pay",
    def_name="payment",
    status=TaskStatus.IN_PROGRESS,
    seq=2,
    iteration=1,
    retry_count=3,
    retried=True,
    retried_task_id="t0",
    executed=True,
    scheduled_time=NOW,
    first_scheduled_time=NOW - 1,
    start_time=NOW + 1,
    end_time=NOW + 2,
    update_time=NOW + 3,
    start_delay_seconds=4,
    callback_after_seconds=5,
    callback_after_ms=6,
    wait_timeout=7,
    ready_at=NOW + 8,
    domain="blue",
    priority=9,
    lease_ms=10,
    system=True,
    poll_count=11,
    worker_id="worker",
    response_timeout_seconds=12,
    rate_limit_per_frequency=13,
    rate_limit_frequency_in_seconds=14,
    isolation_group_id="g",
    execution_name_space="ns",
    correlation_id="c",
    reason="slow",
    sub_workflow_id="s",
    subworkflow_changed=True,
    input=Payload.of({"x": 1}),
    output=Payload.of({"y": [True]}),
    input_path="i",
    output_path="o",
    execution_metadata={"m": 1},
    start_untold=True,
    node=WorkflowTask(name="pay", task_reference_name="loop"),
    fork_ref="fork__1",
)


async def loaded_task(store: Store, number: int = 1, workflow_id: str = "w1") -> Task:
    run = await store.load(workflow_id)
    assert run is not None
    return next(task for task in run.tasks if task.number == number)


@pytest.mark.parametrize("value", [EVERY_WORKFLOW_FIELD, EVERY_TASK_FIELD], ids=["workflow", "task"])
def test_every_field_really_is_every_field(value: Workflow | Task) -> None:
    at_default = [
        f.name for f in msgspec.structs.fields(value) if f.default is not msgspec.NODEFAULT and getattr(value, f.name) == f.default
    ]
    assert not at_default, "a field that the model got later must be stored too"


async def test_an_unknown_run_is_none(store: Store) -> None:
    assert await store.load("nobody") is None


async def test_a_run_comes_back_with_every_field(store: Store) -> None:
    await stored(store, [born(EVERY_WORKFLOW_FIELD, EVERY_TASK_FIELD)])

    run = await store.load("w1")

    assert run is not None
    assert run.workflow == EVERY_WORKFLOW_FIELD
    assert run.tasks == [EVERY_TASK_FIELD]
    assert run.definition == DEFINITION


async def test_every_field_can_change(store: Store) -> None:
    plain, task = a_workflow(), a_task(task_id="t1", task_type="pay", def_name="payment", ref="loop__1", base_ref="loop")
    await stored(store, [born(plain, task)])

    decision = replace(moved(plain, TaskChange(task, EVERY_TASK_FIELD)), workflow=replace(EVERY_WORKFLOW_FIELD, revision=2))
    await stored(store, [decision])

    run = await store.load("w1")
    assert run is not None
    assert run.workflow == decision.workflow
    assert run.tasks == [EVERY_TASK_FIELD]


async def test_a_field_can_be_emptied(store: Store) -> None:
    await stored(store, [born(EVERY_WORKFLOW_FIELD, EVERY_TASK_FIELD)])

    emptied = replace(EVERY_TASK_FIELD, input=EMPTY, output=EMPTY, reason=None, domain=None, ready_at=0, node=None, fork_ref=None)
    changes: dict[str, Any] = {"input": EMPTY, "output": EMPTY, "variables": EMPTY, "correlation_id": None, "task_to_domain": {}}
    decision = moved(EVERY_WORKFLOW_FIELD, TaskChange(EVERY_TASK_FIELD, emptied), workflow=changes)
    await stored(store, [decision])

    run = await store.load("w1")
    assert run is not None
    assert (run.workflow, run.tasks) == (decision.workflow, [emptied])


async def test_tasks_come_in_order_of_their_number(store: Store) -> None:
    await stored(store, [born(a_workflow(), *(a_task(number=number) for number in (10, 2, 1, 9)))])

    run = await store.load("w1")

    assert run is not None
    assert [task.number for task in run.tasks] == [1, 2, 9, 10]


async def test_with_a_known_revision_only_changed_tasks_come(store: Store) -> None:
    workflow, first, second = a_workflow(), a_task(number=1), a_task(number=2)
    await stored(store, [born(workflow, first, second)])
    await stored(store, [moved(workflow, completed(second))])

    run = await store.load("w1", known_revision=1)

    assert run is not None
    assert [task.number for task in run.tasks] == [2]
    assert run.workflow.revision == 2


async def test_with_the_present_revision_no_task_comes(store: Store) -> None:
    await stored(store, [born(a_workflow(), a_task())])

    run = await store.load("w1", known_revision=1, known_hash=HASH)

    assert run is not None
    assert (run.tasks, run.removed, run.definition) == ([], [], None)


async def test_the_definition_comes_when_the_hash_is_another(store: Store) -> None:
    await stored(store, [born(a_workflow())])

    run = await store.load("w1", 1, "another")

    assert run is not None
    assert run.definition == DEFINITION


async def test_a_removed_task_is_named_to_who_knew_it(store: Store) -> None:
    workflow, first, second = a_workflow(), a_task(number=1), a_task(number=2)
    await stored(store, [born(workflow, first, second)])
    await stored(store, [moved(workflow, TaskChange(first, None))])

    known, fresh = await store.load("w1", known_revision=1), await store.load("w1")

    assert known is not None
    assert fresh is not None
    assert (known.removed, known.tasks) == ([first.task_id], [])
    assert (fresh.removed, fresh.tasks) == ([], [second])


async def test_an_id_may_return_after_its_task_was_removed(store: Store) -> None:
    workflow, old = a_workflow(), a_task(number=1)
    await stored(store, [born(workflow, old)])

    again = a_task(number=2, task_id=old.task_id)
    await stored(store, [moved(workflow, TaskChange(old, None), TaskChange(None, again))])

    assert await store.tasks([old.task_id]) == [again]


async def test_a_task_created_and_changed_in_one_batch_is_as_it_was_last(store: Store) -> None:
    workflow, task = a_workflow(), a_task()
    change = completed(task)

    first = moved(workflow, change)
    second = moved(first.workflow, completed(change.after or task, Payload.of({"paid": "twice"})), workflow=closed())
    await stored(store, [born(workflow, task), first, second])

    assert (await loaded_task(store)).output.value == {"paid": "twice"}
    assert (await store.workflows(["w1"]))[0].status is WorkflowStatus.COMPLETED


@pytest.mark.parametrize("size", [0, 1, 2, 3, 5, 17, 80, 97, 128, 129, 300])
async def test_any_number_of_decisions_fits_in_a_batch(store: Store, size: int) -> None:
    workflows = [a_workflow(f"w{n}") for n in range(size)]
    await stored(store, [born(workflow, a_task(workflow.workflow_id)) for workflow in workflows])

    found = await store.workflows([workflow.workflow_id for workflow in workflows])

    assert found == workflows
    assert await store.queue_sizes() == ({("pay", None): size} if size else {})


async def test_a_large_payload_comes_back_whole(store: Store) -> None:
    large = Payload.of({"text": "ü" * 3_000_000})
    await stored(store, [born(a_workflow(input=large))])

    assert (await store.workflows(["w1"]))[0].input == large


async def test_workflows_and_tasks_come_in_the_order_asked(store: Store) -> None:
    await stored(store, [born(a_workflow(name), a_task(name)) for name in ("w1", "w2", "w3")])

    assert [found.workflow_id for found in await store.workflows(["w3", "nobody", "w1"])] == ["w3", "w1"]
    assert [found.task_id for found in await store.tasks(["w2-t1", "nobody", "w1-t1"])] == ["w2-t1", "w1-t1"]


async def test_a_removed_run_leaves_nothing(store: Store) -> None:
    workflow, task = a_workflow(), a_task()
    await stored(store, [born(workflow, task, history=an_entry()), born(a_workflow("other"))])

    await stored(store, [moved(workflow, removed=True)])

    assert await store.load("w1") is None
    assert await store.tasks([task.task_id]) == []
    assert await store.history("w1") == []
    assert await store.queue_sizes() == {}
    assert await store.load("other") is not None


async def test_a_run_may_be_created_anew_after_its_removal(store: Store) -> None:
    workflow, task = a_workflow(), a_task()
    await stored(store, [born(workflow, task)])

    await stored(store, [moved(workflow, removed=True), born(replace(workflow, priority=3), task)])

    run = await store.load("w1")
    assert run is not None
    assert (run.workflow.priority, run.tasks) == (3, [task])


async def test_history_is_told_oldest_first_from_a_revision_on(store: Store) -> None:
    workflow = a_workflow()
    entries = [an_entry(("t1", "", "SCHEDULED")), an_entry(("t1", "SCHEDULED", "COMPLETED")), an_entry()]
    second = moved(workflow, history=entries[1])
    await stored(store, [born(workflow, history=entries[0]), second, moved(second.workflow, history=entries[2])])

    assert await store.history("w1") == [(1, entries[0]), (2, entries[1]), (3, entries[2])]
    assert await store.history("w1", after_revision=1, limit=1) == [(2, entries[1])]
