"""Kill -9 under a scheduler: every instant starts its workflow once, those that came while nobody was there as well."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any

import httpx2
import pytest

from tests.e2e.process import ServerProcess

KILLS = int(os.environ.get("SOAK_KILLS", "3"))
WORKFLOW = {"name": "tick", "version": 1, "tasks": [{"name": "t", "taskReferenceName": "t", "type": "NOOP"}]}
SCHEDULE = {
    "name": "each_second",
    "cronExpression": "* * * * * *",
    "runCatchupScheduleInstances": True,
    "startWorkflowRequest": {"name": "tick", "version": 1},
}
PATIENCE_SECONDS = 60


def records(client: httpx2.Client, state: str) -> list[dict[str, Any]]:
    """The instants in a state, oldest first."""
    query = f"query=scheduleName%20IN%20(each_second)%20AND%20state%20IN%20({state})&sort=scheduledTime:ASC&size=1000"
    found: list[dict[str, Any]] = client.get(f"/api/scheduler/search/executions?{query}").json()["results"]
    return found


def until_more(client: httpx2.Client, count: int, states: str = "EXECUTED") -> None:
    """Until so many instants are in these states."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while len(records(client, states)) < count:
        assert time.monotonic() < deadline, "instants are missing"


@pytest.mark.timeout(3600)
def test_every_instant_is_started_once_however_often_the_server_is_killed(tmp_path: Path) -> None:
    count = 1
    with ServerProcess(tmp_path / "podium.db") as server, httpx2.Client(base_url=server.address) as client:
        client.put("/api/metadata/workflow", json=[WORKFLOW]).raise_for_status()
        client.post("/api/scheduler/schedules", json=SCHEDULE).raise_for_status()
        for _ in range(KILLS):
            until_more(client, count, "EXECUTED, POLLED")  # whichever is seen first
            server.kill()
            server.start()
            count = len(records(client, "EXECUTED")) + 2
        until_more(client, count)
        client.put("/api/scheduler/schedules/each_second/pause").raise_for_status()
        until_more(client, len(records(client, "EXECUTED,POLLED")))
        done = records(client, "EXECUTED")
        times = [one["scheduledTime"] for one in done]
        assert times == list(range(times[0], times[-1] + 1, 1_000))
        started = client.get("/api/workflow/search?query=workflowType%3Dtick&size=0").json()["totalHits"]
        assert started == len({one["workflowId"] for one in done}) == len(times)
