"""Starts that a claim has made are told right after it."""

from __future__ import annotations

from pathlib import Path

import pytest

from podium.model.definition import StateChangeEvent, WorkflowTask
from podium.model.event import Action, EventHandler, StartAction
from podium.runtime.platform import Platform
from podium.testing.server import TestServer
from tests.runtime.world import define, simple, start, take

STARTED = WorkflowTask(name="a", task_reference_name="a", on_state_change={"onStart": [StateChangeEvent(type="begun")]})
COUNTED = EventHandler(
    name="h", event="begun", active=True, actions=[Action(action="start_workflow", start_workflow=StartAction(name="heard"))]
)


async def prepared(platform: Platform) -> None:
    await define(platform, "w", [STARTED])
    await define(platform, "heard", simple("b"))
    await platform.registry.put_event_handler(COUNTED)


async def heard(platform: Platform) -> int:
    return len(await platform.store.running_ids("heard", None, None, None))


async def test_a_task_that_waits_for_a_poller_tells_when_it_is_taken(server: TestServer, platform: Platform) -> None:
    await prepared(platform)
    await start(platform, "w")
    await server.settle()
    assert await heard(platform) == 0
    await take(platform, "a")
    await server.settle()
    assert await heard(platform) == 1


async def test_a_task_that_is_handed_over_at_once_tells(server: TestServer, platform: Platform) -> None:
    await prepared(platform)
    waiter = platform.queue.join("a", None, "w", 1)
    await start(platform, "w")
    assert len(await platform.queue.answer(waiter)) == 1
    await server.settle()
    assert await heard(platform) == 1


async def test_a_start_that_a_crash_left_untold_is_told_later(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with TestServer(database=tmp_path / "p.db") as server:
        await prepared(server.platform)
        workflow_id = await start(server.platform, "w")
        monkeypatch.setattr(server.platform.loops.announcements, "add", lambda _: None)  # the server dies right after the claim
        await take(server.platform, "a")
    async with TestServer(database=tmp_path / "p.db") as server:
        assert await heard(server.platform) == 0
        answer = await server.client.post(f"/api/tasks/{workflow_id}/a/COMPLETED", json={})
        assert answer.status_code == 200
        await server.settle()
        assert await heard(server.platform) == 1
