"""The nightly analytics: kept as a schedule, and tried once right away."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING

from pipeline.conductor import Conductor, ServerError

if TYPE_CHECKING:
    from pathlib import Path

POLL_SECONDS = 0.2
WITHIN_SECONDS = 40  # some servers look at their schedules only a while after they have started
EACH_SECOND = "* * * * * *"


def keep(server: Conductor, file: Path) -> dict[str, object]:
    """Register the schedule in the file, for this server; the schedule."""
    schedule: dict[str, object] = json.loads(file.read_text())
    request = schedule["startWorkflowRequest"]
    assert isinstance(request, dict)
    request["input"]["server"] = server.base
    server.call("POST", "/api/scheduler/schedules", schedule)
    return schedule


def try_once(server: Conductor, schedule: dict[str, object]) -> dict[str, object]:
    """The output of the schedule's workflow, started by a copy of the schedule that is due each second and then deleted."""
    name = f"{schedule['name']}_now"
    made = json.loads(server.call("POST", "/api/scheduler/schedules", {**schedule, "name": name, "cronExpression": EACH_SECOND}))
    deadline = time.monotonic() + WITHIN_SECONDS
    try:
        workflow_id = ""
        while not workflow_id:
            _wait(deadline)
            workflow_id = _started(server, name, made["createTime"])
    finally:
        server.call("DELETE", f"/api/scheduler/schedules/{name}")
    body = server.workflow(workflow_id)
    while body["status"] == "RUNNING":
        _wait(deadline)
        body = server.workflow(workflow_id)
    output = body.get("output")
    if body["status"] != "COMPLETED" or not isinstance(output, dict):
        raise ServerError(f"the nightly analytics ended as {body['status']}: {body.get('reasonForIncompletion')}")
    return output


def _started(server: Conductor, name: str, after: int) -> str:
    """The workflow of an instant of a schedule after a time (epoch ms); empty when there is none yet."""
    query = f"scheduleName%20IN%20({name})%20AND%20state%20IN%20(EXECUTED)%20AND%20scheduledTime%3E{after}"
    found = json.loads(server.call("GET", f"/api/scheduler/search/executions?query={query}&size=1&sort=scheduledTime:DESC"))["results"]
    return str(found[0]["workflowId"]) if found else ""


def _wait(deadline: float) -> None:
    if time.monotonic() > deadline:
        raise ServerError("the nightly analytics were not done in time")
    time.sleep(POLL_SECONDS)
