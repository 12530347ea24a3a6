"""The executor: commands become decisions, decisions become durable, and only then is anybody answered."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

import podium.runtime.executor as executor_module
from podium.engine.decide import Outcome
from podium.engine.decide import decide as real_decide
from podium.engine.evaluators import ScriptCall, ScriptOutcome
from podium.engine.run import Run
from podium.errors import Busy, Conflict, LostRace, NotFound
from podium.model.command import AnyCommand, PauseWorkflow, RemoveWorkflow, ResumeWorkflow, TerminateWorkflow, UpdateTask
from podium.model.definition import WorkflowTask
from podium.model.status import TaskStatus, WorkflowStatus
from podium.runtime.platform import Platform
from podium.store.sqlite import SqliteStore
from podium.testing.clock import FakeClock
from podium.testing.server import TestServer
from tests.runtime.world import TestStore, define, done, open_task, parallel, simple, start


async def stored_and_cached_agree(platform: Platform, workflow_id: str) -> None:
    run = await platform.executor.read(workflow_id)
    stored = await platform.store.load(workflow_id)
    assert stored is not None
    assert stored.workflow == run.workflow
    assert {task.task_id: task for task in stored.tasks} == {task.task_id: task for task in run.listed()}


async def test_a_start_is_durable_when_it_is_answered(platform: Platform) -> None:
    await define(platform, "w", simple("a"))
    workflow_id = await start(platform, "w", {"k": 1})
    await stored_and_cached_agree(platform, workflow_id)
    assert (await platform.executor.read(workflow_id)).workflow.input.value == {"k": 1}


async def test_nobody_reads_what_is_not_committed(platform: Platform, store: TestStore) -> None:
    await define(platform, "w", simple("a"))
    workflow_id = await start(platform, "w")
    task = await open_task(platform, workflow_id, "a")
    store.hold()
    report = platform.executor.submit(done(task))
    await store.entered.wait()
    assert not report.done()
    assert (await platform.executor.read(workflow_id)).workflow.status is WorkflowStatus.RUNNING
    store.release()
    await report
    assert (await platform.executor.read(workflow_id)).workflow.status is WorkflowStatus.COMPLETED


async def test_an_unknown_workflow_is_not_found(platform: Platform) -> None:
    with pytest.raises(NotFound, match="No such workflow found by id: nope"):
        await platform.executor.handle(PauseWorkflow(workflow_id="nope"))
    with pytest.raises(NotFound, match="No such workflow found by id: nope"):
        await platform.executor.read("nope")


async def test_commands_that_wait_for_one_run_are_decided_together(platform: Platform, store: TestStore) -> None:
    await define(platform, "w", parallel("a", "b", "c", "d"))
    workflow_id = await start(platform, "w")
    tasks = [await open_task(platform, workflow_id, ref) for ref in "abcd"]
    before = store.decisions
    store.hold()
    reports = [platform.executor.submit(done(task)) for task in tasks]
    await store.entered.wait()
    store.release()
    await asyncio.gather(*reports)
    assert store.decisions - before == 2
    assert (await platform.executor.read(workflow_id)).workflow.status is WorkflowStatus.COMPLETED
    await stored_and_cached_agree(platform, workflow_id)


async def test_what_gathers_during_a_commit_is_one_commit(platform: Platform, store: TestStore) -> None:
    await define(platform, "w", simple("a"))
    store.hold()
    starts = [asyncio.create_task(start(platform, "w")) for _ in range(20)]
    await store.entered.wait()
    await asyncio.sleep(0)
    store.release()
    await asyncio.gather(*starts)
    assert len([batch for batch in store.batches if batch.decisions]) <= 2


async def test_a_refused_command_harms_nobody(platform: Platform) -> None:
    await define(platform, "w", simple("a"))
    workflow_id = await start(platform, "w")
    pause, resume = PauseWorkflow(workflow_id=workflow_id), ResumeWorkflow(workflow_id=workflow_id)
    answers = [platform.executor.submit(command) for command in (pause, resume, resume, pause)]
    results = await asyncio.gather(*answers, return_exceptions=True)
    assert [isinstance(result, Conflict) for result in results] == [False, False, True, False]


async def test_a_decision_that_lost_a_race_is_made_again(tmp_path: Path) -> None:
    """Two servers on one database."""
    clock = FakeClock()
    first, second = (TestServer(store=SqliteStore(str(tmp_path / "shared.db")), clock=clock) for _ in range(2))
    async with first, second:
        await define(first.platform, "w", parallel("a", "b"))
        workflow_id = await start(first.platform, "w")
        on_second = await open_task(second.platform, workflow_id, "b")
        await first.platform.executor.handle(done(await open_task(first.platform, workflow_id, "a")))
        await second.platform.executor.handle(done(on_second))
        run = await second.platform.executor.read(workflow_id)
        assert run.workflow.status is WorkflowStatus.COMPLETED
        await stored_and_cached_agree(second.platform, workflow_id)


async def test_who_loses_again_and_again_is_told(platform: Platform, store: TestStore) -> None:
    await define(platform, "w", simple("a"))
    workflow_id = await start(platform, "w")
    store.losing = 1_000
    with pytest.raises(LostRace):
        await platform.executor.handle(PauseWorkflow(workflow_id=workflow_id))
    assert store.losing == 1_000 - executor_module.MOST_TRIES - 1
    store.losing = 0
    await platform.executor.handle(PauseWorkflow(workflow_id=workflow_id))


async def test_a_failed_commit_leaves_nothing_behind(server: TestServer, store: TestStore) -> None:
    platform = server.platform
    await define(platform, "w", simple("a"))
    workflow_id = await start(platform, "w")
    store.failing = OSError("disk full")
    with pytest.raises(OSError, match="disk full"):
        await platform.executor.handle(PauseWorkflow(workflow_id=workflow_id))
    lost = asyncio.create_task(start(platform, "w"))
    await server.advance(1_000)  # the committer rests a moment after a failure
    with pytest.raises(OSError, match="disk full"):
        await lost
    store.failing = None
    await server.advance(1_000)
    assert (await platform.executor.read(workflow_id)).workflow.status is WorkflowStatus.RUNNING
    await platform.executor.handle(PauseWorkflow(workflow_id=workflow_id))
    await stored_and_cached_agree(platform, workflow_id)


async def test_a_bug_in_one_command_harms_no_other(platform: Platform, store: TestStore, monkeypatch: pytest.MonkeyPatch) -> None:
    await define(platform, "w", parallel("a", "b", "c"))
    workflow_id = await start(platform, "w")
    first, bad, good = [await open_task(platform, workflow_id, ref) for ref in "abc"]
    decide = real_decide

    def with_a_bug(run: Run, commands: Sequence[AnyCommand], now: int, answers: Any) -> Outcome:
        if any(isinstance(command, UpdateTask) and command.task_id == bad.task_id for command in commands):
            raise ZeroDivisionError
        return decide(run, commands, now, answers)

    monkeypatch.setattr(executor_module, "decide", with_a_bug)
    store.hold()
    reports = [platform.executor.submit(done(task)) for task in (first, bad, good)]
    await store.entered.wait()
    store.release()
    results = await asyncio.gather(*reports, return_exceptions=True)
    assert isinstance(results[1], ZeroDivisionError)
    run = await platform.executor.read(workflow_id)
    assert {task.ref: task.status for task in run.listed() if task.ref in "abc"} == {
        "a": TaskStatus.COMPLETED,
        "b": TaskStatus.SCHEDULED,
        "c": TaskStatus.COMPLETED,
    }


async def test_more_than_may_wait_is_refused(store: TestStore) -> None:
    async with TestServer(store=store, waiting_commands=2) as server:
        await define(server.platform, "w", simple("a"))
        store.hold()
        waiting = [asyncio.create_task(start(server.platform, "w")) for _ in range(2)]
        await store.entered.wait()
        with pytest.raises(Busy):
            await start(server.platform, "w")
        store.release()
        await asyncio.gather(*waiting)


async def test_a_slow_script_holds_up_its_own_run_alone(platform: Platform, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[ScriptCall] = []
    answered = asyncio.Event()

    async def slowly(call: ScriptCall) -> ScriptOutcome:
        asked.append(call)
        await answered.wait()
        return ScriptOutcome(value=b"42")

    monkeypatch.setattr(platform.sandbox, "run", slowly)
    script = "var s = 0; while (true) { s += 1 } s"
    inline = WorkflowTask(
        name="i", task_reference_name="i", type="INLINE", input_parameters={"evaluatorType": "javascript", "expression": script}
    )
    await define(platform, "slow", [inline])
    await define(platform, "quick", simple("a"))
    slow = asyncio.create_task(start(platform, "slow"))
    quick = await start(platform, "quick")
    await platform.executor.handle(done(await open_task(platform, quick, "a")))
    assert (await platform.executor.read(quick)).workflow.status is WorkflowStatus.COMPLETED
    assert len(asked) == 1
    assert not slow.done()
    answered.set()
    run = await platform.executor.read(await slow)
    assert run.listed()[0].output.value == {"result": 42}


async def test_a_run_that_was_dropped_from_memory_is_read_again(store: TestStore) -> None:
    async with TestServer(store=store, run_cache_mb=1) as server:
        platform = server.platform
        await define(platform, "w", simple("a"))
        ids = [await start(platform, "w", {"text": "x" * 50_000}) for _ in range(60)]
        assert platform.executor._cache.bytes <= 1_000_000
        for workflow_id in ids:
            await platform.executor.handle(done(await open_task(platform, workflow_id, "a")))
            assert (await platform.executor.read(workflow_id)).workflow.status is WorkflowStatus.COMPLETED


async def test_a_removed_workflow_is_gone(platform: Platform) -> None:
    await define(platform, "w", simple("a"))
    workflow_id = await start(platform, "w")
    await platform.executor.handle(TerminateWorkflow(workflow_id=workflow_id))
    await platform.executor.handle(RemoveWorkflow(workflow_id=workflow_id))
    with pytest.raises(NotFound):
        await platform.executor.read(workflow_id)
    assert await platform.store.load(workflow_id) is None


async def test_changed_waits_for_the_next_revision_or_the_end_of_its_time(server: TestServer) -> None:
    platform = server.platform
    await define(platform, "w", simple("a"))
    workflow_id = await start(platform, "w")
    revision = (await platform.executor.read(workflow_id)).workflow.revision
    change = asyncio.create_task(platform.executor.changed(workflow_id, revision, 1_000))
    await server.settle()
    await platform.executor.handle(PauseWorkflow(workflow_id=workflow_id))
    assert await change is True
    nothing = asyncio.create_task(platform.executor.changed(workflow_id, revision + 1, 1_000))
    await server.advance(1_000)
    assert await nothing is False
