"""Kill -9 at any moment: runs of every shape go on, nothing is lost, nothing happens twice.

`make soak` runs the same for longer (SOAK_KILLS, SOAK_WORKFLOWS).
"""

from __future__ import annotations

import asyncio
import os
import signal
from collections import Counter
from collections.abc import Awaitable, Callable
from pathlib import Path
from random import Random
from typing import Any

import pytest

from tests import postgres
from tests.e2e.load import Load
from tests.e2e.process import ServerProcess

KILLS = int(os.environ.get("SOAK_KILLS", "3"))
WORKFLOWS = int(os.environ.get("SOAK_WORKFLOWS", "40"))
SEED = int(os.environ.get("SOAK_SEED", "1"))
QUEUES = ("left", "child_work", "turn", "dynamic")
POLICIES = [{"name": name, "responseTimeoutSeconds": 2, "retryCount": 100, "retryDelaySeconds": 0} for name in QUEUES]


def node(ref: str, kind: str = "SIMPLE", /, **fields: Any) -> dict[str, Any]:
    return {"name": ref, "taskReferenceName": ref, "type": kind, **fields}


CHILD = {"name": "child", "version": 1, "tasks": [node("child_work")], "outputParameters": {"done": "${child_work.status}"}}
PARENT = {
    "name": "parent",
    "version": 1,
    "tasks": [
        node("fork", "FORK_JOIN", forkTasks=[[node("left")], [node("right", "INLINE", inputParameters={"expression": "1 + 1"})]]),
        node("join", "JOIN", joinOn=["left", "right"]),
        node("sub", "SUB_WORKFLOW", subWorkflowParam={"name": "child", "version": 1}),
        node("loop", "DO_WHILE", loopCondition="if ($.loop.iteration < 3) { true; } else { false; }", loopOver=[node("turn")]),
        node("pause", "WAIT", inputParameters={"duration": "1s"}),
        node("spread", "FORK_JOIN_DYNAMIC", inputParameters={"forkTaskName": "dynamic", "forkTaskInputs": [1, 2]}),
        node("gather", "JOIN"),
        node("note", "SET_VARIABLE", inputParameters={"child": "${sub.output.done}"}),
    ],
}
COMPLETED = Counter(
    [
        "fork",
        "left",
        "right",
        "join",
        "sub",
        "loop",
        "turn__1",
        "turn__2",
        "turn__3",
        "pause",
        "spread",
        "_dynamic_0",
        "_dynamic_1",
        "gather",
        "note",
    ]
)


@pytest.mark.timeout(3600)
async def test_runs_of_every_shape_survive_a_server_that_is_killed_again_and_again(tmp_path: Path) -> None:
    with ServerProcess(tmp_path / "podium.db") as server:
        await hold_against(server, lambda load: load.survive(server))


@pytest.mark.timeout(3600)
async def test_runs_of_every_shape_survive_one_of_several_servers_that_is_killed_again_and_again() -> None:
    chance = Random(SEED)
    async with postgres.database() as url:
        with ServerProcess(url, None, "--workers", "2") as server:

            async def lose_one(_: Load) -> None:
                os.kill(chance.choice(server.processes()), signal.SIGKILL)

            await hold_against(server, lose_one)


async def test_the_processes_end_with_the_one_that_started_them() -> None:
    async with postgres.database() as url:
        with ServerProcess(url, None, "--workers", "2") as server:
            processes = server.processes()
            server.kill()
            while any(alive(process) for process in processes):  # noqa: ASYNC110 - they are no children of ours: nobody tells
                await asyncio.sleep(0.02)


def alive(process: int) -> bool:
    """Whether a process runs; one that has ended may wait for somebody to ask for its exit code."""
    try:
        return ") Z " not in Path(f"/proc/{process}/stat").read_text()
    except FileNotFoundError:
        return False


async def hold_against(server: ServerProcess, harm: Callable[[Load], Awaitable[None]]) -> None:
    """Put load on a server that is harmed again and again; in the end everything is there, once."""
    chance = Random(SEED)
    load = Load(server, "parent", WORKFLOWS)
    await load.http.post("/metadata/taskdefs", json=POLICIES)
    await load.http.put("/metadata/workflow", json=[CHILD, PARENT])
    workers = [asyncio.create_task(load.work(queue)) for queue in (*QUEUES, *QUEUES)]
    starter = asyncio.create_task(load.start_workflows())
    for _ in range(KILLS):
        await load.until(len(load.reported) + chance.randint(1, max(2, 6 * WORKFLOWS // (KILLS + 1))))
        await harm(load)
    await starter
    await load.all_completed()
    load.over.set()
    await asyncio.gather(*workers)
    for workflow_id in load.started:
        await adds_up(load, workflow_id)
    children = (await load.http.get("/workflow/search?query=workflowType=child&size=0")).json()["totalHits"]
    # A start whose answer was lost is a workflow that we do not know of; it has its child too.
    parents = (await load.http.get("/workflow/search?query=workflowType=parent&size=0")).json()["totalHits"]
    assert children == parents >= WORKFLOWS
    await load.http.aclose()


async def adds_up(load: Load, workflow_id: str) -> None:
    """Each reference was completed exactly once, the child is that of this run, and what was reported and answered is there."""
    run = (await load.http.get(f"/workflow/{workflow_id}")).json()
    done = [task for task in run["tasks"] if task["status"] == "COMPLETED"]
    assert Counter(task["referenceTaskName"] for task in done) == COMPLETED
    assert run["variables"] == {"child": "COMPLETED"}
    sub = next(task for task in done if task["referenceTaskName"] == "sub")
    child = (await load.http.get(f"/workflow/{sub['subWorkflowId']}")).json()
    assert (child["status"], child["parentWorkflowId"], child["parentWorkflowTaskId"]) == ("COMPLETED", workflow_id, sub["taskId"])
    completed = {task["taskId"] for task in (*done, *child["tasks"]) if task["status"] == "COMPLETED"}
    for _, task_id in (pair for pair in load.reported if pair[0] in (workflow_id, child["workflowId"])):
        if task_id not in completed:  # an attempt that had timed out before its report came
            assert (await load.http.get(f"/tasks/{task_id}")).json()["status"] == "TIMED_OUT"
