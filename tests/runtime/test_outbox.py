"""The outbox: what one workflow must tell another arrives, once in effect, whatever happens in between."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from podium.errors import Busy, NotFound
from podium.model.command import ChildChanged, RemoveWorkflow, TerminateWorkflow
from podium.model.definition import SubWorkflowParams, WorkflowTask
from podium.model.message import OutboxRow, StartChild, TerminateChild
from podium.model.status import TaskStatus, WorkflowStatus
from podium.runtime.outbox import receiver
from podium.runtime.platform import Platform
from podium.testing.server import TestServer
from tests.runtime.world import TestStore, define, done, open_task, simple, start

PARENT = [
    WorkflowTask(
        name="child", task_reference_name="child", type="SUB_WORKFLOW", sub_workflow_param=SubWorkflowParams(name="inner", version=1)
    )
]


async def family(server: TestServer) -> tuple[str, str]:
    """A parent and its running child."""
    await define(server.platform, "inner", simple("a"), output_parameters={"answer": "${a.output.answer}"})
    await define(server.platform, "outer", PARENT)
    parent = await start(server.platform, "outer")
    await server.settle()
    child = (await open_task(server.platform, parent, "child")).sub_workflow_id
    assert child is not None
    return parent, child


async def status(platform: Platform, workflow_id: str) -> WorkflowStatus:
    return (await platform.executor.read(workflow_id)).workflow.status


async def test_a_child_runs_and_tells_its_parent(server: TestServer, store: TestStore) -> None:
    parent, child = await family(server)
    assert (await open_task(server.platform, parent, "child")).status is TaskStatus.IN_PROGRESS
    await server.platform.executor.handle(done(await open_task(server.platform, child, "a"), answer=42))
    await server.settle()
    run = await server.platform.executor.read(parent)
    assert run.workflow.status is WorkflowStatus.COMPLETED
    assert run.listed()[0].output.value == {"subWorkflowId": child, "answer": 42}
    assert await store.outbox(2**62, 10) == []


async def test_a_message_survives_the_end_of_the_process(store: TestStore) -> None:
    """The first server ends after the commit that sends the message and before it is delivered."""
    async with TestServer(store=store) as server:
        await define(server.platform, "inner", simple("a"))
        await define(server.platform, "outer", PARENT)
        server.platform.loops.outbox._accept = lambda row: None  # type: ignore[method-assign]
        parent = await start(server.platform, "outer")
        await server.settle()
        assert (await open_task(server.platform, parent, "child")).status is TaskStatus.SCHEDULED
    async with TestServer(store=TestStore(store.path)) as server:
        await server.settle()
        assert (await open_task(server.platform, parent, "child")).status is TaskStatus.IN_PROGRESS


async def test_a_child_that_cannot_start_fails_its_task(server: TestServer, store: TestStore) -> None:
    missing = SubWorkflowParams(name="nowhere", version=7)
    await define(
        server.platform, "outer", [WorkflowTask(name="c", task_reference_name="c", type="SUB_WORKFLOW", sub_workflow_param=missing)]
    )
    parent = await start(server.platform, "outer")
    await server.settle()
    run = await server.platform.executor.read(parent)
    assert run.workflow.status is WorkflowStatus.FAILED
    assert "nowhere" in (run.listed()[0].reason or "")
    assert await store.outbox(2**62, 10) == []


async def test_a_parent_that_ends_ends_its_child(server: TestServer) -> None:
    parent, child = await family(server)
    await server.platform.executor.handle(TerminateWorkflow(workflow_id=parent, reason="enough"))
    await server.settle()
    assert await status(server.platform, child) is WorkflowStatus.TERMINATED


async def test_a_message_to_a_workflow_that_is_gone_is_dropped(server: TestServer, store: TestStore) -> None:
    parent, child = await family(server)
    await server.platform.executor.handle(RemoveWorkflow(workflow_id=parent))
    await server.platform.executor.handle(done(await open_task(server.platform, child, "a")))
    await server.settle()
    assert await status(server.platform, child) is WorkflowStatus.COMPLETED
    assert await store.outbox(2**62, 10) == []


async def test_a_delivery_that_fails_is_tried_again_later(server: TestServer, monkeypatch: pytest.MonkeyPatch) -> None:
    platform = server.platform
    parent, child = await family(server)
    submit, refused = platform.executor.submit, 0

    def busy(command: Any) -> Any:
        nonlocal refused
        if isinstance(command, ChildChanged) and refused < 3:
            refused += 1
            answer: asyncio.Future[object] = asyncio.get_running_loop().create_future()
            answer.set_exception(Busy())
            return answer
        return submit(command)

    monkeypatch.setattr(platform.executor, "submit", busy)
    await platform.executor.handle(done(await open_task(platform, child, "a")))
    await server.settle()
    assert await status(platform, parent) is WorkflowStatus.RUNNING
    await server.advance(100 + 200 + 400)
    assert refused == 3
    assert await status(platform, parent) is WorkflowStatus.COMPLETED


async def test_a_child_is_not_started_for_a_task_that_no_longer_waits(server: TestServer) -> None:
    parent, child = await family(server)
    task = await open_task(server.platform, parent, "child")
    message = StartChild(
        workflow_id=parent,
        task_id=task.task_id,
        child_id="another",
        name="inner",
        version=1,
        definition=None,
        input={},
        correlation_id=None,
        task_to_domain={},
        priority=0,
    )
    await server.platform.loops.outbox._deliveries.deliver(OutboxRow(outbox_id="x:1:0", message=message, due=0))
    with pytest.raises(NotFound):
        await server.platform.executor.read("another")
    assert await status(server.platform, child) is WorkflowStatus.RUNNING


async def test_a_failure_workflow_gets_the_failed_run(server: TestServer) -> None:
    platform = server.platform
    await define(platform, "rescue", simple("r"))
    await define(platform, "w", simple("a"), failure_workflow="rescue")
    failed = await start(platform, "w", {"k": 1})
    await platform.executor.handle(done(await open_task(platform, failed, "a"), TaskStatus.FAILED_WITH_TERMINAL_ERROR))
    await server.settle()
    output = (await platform.executor.read(failed)).workflow.output.value
    rescue = (await platform.executor.read(str(output["conductor.failure_workflow"]))).workflow
    given = rescue.input.value
    assert (given["k"], given["workflowId"], given["failureStatus"]) == (1, failed, "FAILED")
    described = given["failedWorkflow"]
    assert isinstance(described, dict)
    assert described["status"] == "FAILED"


async def test_a_failure_workflow_that_does_not_exist_is_told_in_the_output(server: TestServer) -> None:
    platform = server.platform
    await define(platform, "w", simple("a"), failure_workflow="nowhere")
    failed = await start(platform, "w")
    await platform.executor.handle(done(await open_task(platform, failed, "a"), TaskStatus.FAILED_WITH_TERMINAL_ERROR))
    await server.settle()
    output = (await platform.executor.read(failed)).workflow.output.value
    assert "nowhere failed to start" in str(output["conductor.failure_workflow"])


def test_all_messages_about_a_child_go_through_one_lane() -> None:
    end = TerminateChild(workflow_id="parent", child_id="child", reason="")
    assert receiver(end) == "child"
