"""The server as a process: it starts, it ends in order, and what it has answered survives a kill -9."""

from __future__ import annotations

import asyncio
import signal
from pathlib import Path

from tests.e2e.load import Load, client
from tests.e2e.process import ServerProcess

WORKFLOWS = 60
WORKERS = 6
KILLS = 2
TASKS = ("first", "second", "third")
DEFINITION = {
    "name": "steps",
    "version": 1,
    "ownerEmail": "a@b.c",
    "tasks": [{"name": name, "taskReferenceName": name, "type": "SIMPLE"} for name in TASKS],
}
POLICIES = [{"name": name, "ownerEmail": "a@b.c", "responseTimeoutSeconds": 2, "retryCount": 50, "retryDelaySeconds": 0} for name in TASKS]


async def test_a_signal_lets_pollers_go_and_ends_the_server_in_order(tmp_path: Path) -> None:
    with ServerProcess(tmp_path / "podium.db") as server:
        async with client(server) as http:
            poll = asyncio.create_task(http.get("/tasks/poll/batch/nothing?timeout=5000"))
            # Answered after the poll has arrived: both came on connections of their own, in this order.
            while not (await http.get("/tasks/queue/polldata?taskType=nothing")).json():
                pass
            server.signal(signal.SIGTERM)
            assert (await poll).json() == []
        assert server.wait() == 0


async def test_what_was_there_is_there_after_a_restart(tmp_path: Path) -> None:
    with ServerProcess(tmp_path / "podium.db") as server:
        async with client(server) as http:
            await http.put("/metadata/workflow", json=[DEFINITION])
            workflow_id = (await http.post("/workflow/steps", json={"k": 1})).text
        server.signal(signal.SIGINT)
        assert server.wait() == 0
        server.start()
        async with client(server) as http:
            assert (await http.get(f"/workflow/{workflow_id}")).json()["input"] == {"k": 1}


async def test_nothing_is_lost_and_nothing_happens_twice_when_the_server_is_killed(tmp_path: Path) -> None:
    with ServerProcess(tmp_path / "podium.db") as server:
        load = Load(server, "steps", WORKFLOWS)
        await load.http.post("/metadata/taskdefs", json=POLICIES)
        await load.http.put("/metadata/workflow", json=[DEFINITION])
        workers = [asyncio.create_task(load.work(TASKS[number % len(TASKS)])) for number in range(WORKERS)]
        starter = asyncio.create_task(load.start_workflows())
        for kill in range(1, KILLS + 1):
            await load.until(30 * kill)
            await load.survive(server)
        await starter
        await load.all_completed()
        load.over.set()
        await asyncio.gather(*workers)
        await everything_adds_up(load)
        await load.http.aclose()


async def everything_adds_up(load: Load) -> None:
    """Each workflow has each task completed once, and every report that was answered is there."""
    completed: set[tuple[str, str]] = set()
    for workflow_id in load.started:
        run = (await load.http.get(f"/workflow/{workflow_id}")).json()
        done = [task for task in run["tasks"] if task["status"] == "COMPLETED"]
        assert [task["referenceTaskName"] for task in done] == list(TASKS)
        completed |= {(workflow_id, task["taskId"]) for task in done}
    ours = {(workflow_id, task_id) for workflow_id, task_id in load.reported if workflow_id in load.started}
    late = {pair for pair in ours if pair not in completed}
    for workflow_id, task_id in late:  # an attempt that had timed out before its report came
        assert (await load.http.get(f"/tasks/{task_id}")).json()["status"] == "TIMED_OUT", workflow_id
