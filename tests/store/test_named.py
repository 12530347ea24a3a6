"""Definitions, handlers, environment, poll data and logs."""

from __future__ import annotations

from podium.model.definition import TaskDef, WorkflowDef, WorkflowTask
from podium.model.task import PollData, TaskLog
from podium.store.store import Store

from .given import NOW, a_task, a_workflow, born, moved, save, stored


async def test_workflow_definitions_come_by_name_and_version(store: Store) -> None:
    tasks = [WorkflowTask(name="pay", task_reference_name="pay", input_parameters={"a": "${workflow.input.ü}"})]
    definitions = [WorkflowDef(name=name, version=version, tasks=tasks) for name, version in (("b", 2), ("a", 10), ("a", 9))]
    await store.put_workflow_definitions(definitions)

    assert [(found.name, found.version) for found in await store.workflow_definitions()] == [("a", 9), ("a", 10), ("b", 2)]
    assert (await store.workflow_definitions())[0].tasks == tasks


async def test_a_definition_is_replaced_by_name_and_version(store: Store) -> None:
    await store.put_workflow_definitions([WorkflowDef(name="a", description="old"), WorkflowDef(name="a", description="new")])
    await store.put_task_definitions([TaskDef(name="t", retry_count=1)])
    await store.put_task_definitions([TaskDef(name="t", retry_count=2), TaskDef(name="s")])

    assert [found.description for found in await store.workflow_definitions()] == ["new"]
    assert [(found.name, found.retry_count) for found in await store.task_definitions()] == [("s", 3), ("t", 2)]


async def test_deleting_tells_whether_there_was_one(store: Store) -> None:
    await store.put_workflow_definitions([WorkflowDef(name="a", version=1)])
    await store.put_task_definitions([TaskDef(name="t")])
    await store.keep("thing", "e", b"{}")

    assert [await store.delete_workflow_definition("a", 2), await store.delete_workflow_definition("a", 1)] == [False, True]
    assert [await store.delete_task_definition("t"), await store.delete_task_definition("t")] == [True, False]
    assert [await store.forget("thing", "e"), await store.forget("thing", "e")] == [b"{}", None]
    assert (await store.workflow_definitions(), await store.task_definitions(), await store.kept("thing")) == ([], [], {})


async def test_what_is_kept_comes_by_kind_and_name(store: Store) -> None:
    for kind, name, body in (("thing", "b", b"2"), ("other", "b", b"\x00"), ("thing", "a", b"0"), ("thing", "a", b"1")):
        await store.keep(kind, name, body)

    assert list((await store.kept("thing")).items()) == [("a", b"1"), ("b", b"2")]
    assert await store.forget("other", "b") == b"\x00"
    assert await store.kept("other") == {}


async def test_an_exchange_replaces_only_what_is_still_the_same(store: Store) -> None:
    await store.keep("thing", "a", b"1")

    assert [await store.exchange("thing", "a", b"0", b"2"), await store.exchange("thing", "none", b"1", b"2")] == [False, False]
    assert await store.kept("thing") == {"a": b"1"}
    assert await store.exchange("thing", "a", b"1", b"2")
    assert await store.kept("thing") == {"a": b"2"}


async def test_every_change_of_what_is_kept_by_name_is_counted(store: Store) -> None:
    seen = [await store.definitions_version()]
    for change in (
        store.put_workflow_definitions([WorkflowDef(name="a")]),
        store.delete_workflow_definition("a", 1),
        store.put_task_definitions([TaskDef(name="a")]),
        store.delete_task_definition("a"),
        store.keep("thing", "a", b"b"),
        store.forget("thing", "a"),
    ):
        await change
        seen.append(await store.definitions_version())

    assert seen == sorted(set(seen))


async def test_what_changes_nothing_is_not_counted(store: Store) -> None:
    before = await store.definitions_version()

    await store.forget("thing", "nobody")
    await store.delete_task_definition("nobody")

    assert await store.definitions_version() == before


async def test_poll_data_remembers_the_last_poll_per_queue_and_domain(store: Store) -> None:
    first = PollData(queue_name="pay", domain=None, worker_id="a", last_poll_time=NOW)
    blue = PollData(queue_name="pay", domain="blue", worker_id="b", last_poll_time=NOW)
    other = PollData(queue_name="ship", domain=None, worker_id=None, last_poll_time=NOW)
    later = PollData(queue_name="pay", domain=None, worker_id="c", last_poll_time=NOW + 1)
    await save(store, polls=[first, blue, other, later])
    await save(store, polls=[first])

    assert await store.poll_data("pay") == [later, blue]
    assert await store.poll_data() == [later, blue, other]
    assert await store.poll_data("nobody") == []


async def test_logs_come_oldest_first(store: Store) -> None:
    lines = [TaskLog(log=text, task_id="w1-t1", created_time=NOW + at) for text, at in (("second", 1), ("third", 1), ("first", 0))]
    await save(store, born(a_workflow(), a_task(), logs=(lines[0],)), logs=lines[1:])

    assert [line.log for line in await store.task_logs("w1-t1")] == ["first", "second", "third"]
    assert await store.task_logs("nobody") == []


async def test_logs_go_with_their_run(store: Store) -> None:
    workflow = a_workflow()
    await save(store, born(workflow, a_task(), logs=(TaskLog(log="a", task_id="w1-t1"),)))

    await stored(store, [moved(workflow, removed=True)])

    assert await store.task_logs("w1-t1") == []
