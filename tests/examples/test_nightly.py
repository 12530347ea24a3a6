"""K1's nightly analytics: the schedule is valid, and the workflow counts what it finds."""

from __future__ import annotations

import json
from pathlib import Path

from pipeline import nightly

from podium.engine.validation_schedule import validate_schedule
from podium.model.schedule import WorkflowSchedule
from podium.model.wire import decode
from podium.runtime.zones import zone
from podium.testing.server import TestServer

K1 = Path(nightly.__file__).parents[1]
SCHEDULE = K1 / "nightly_analytics.json"
WORKFLOW = json.loads((K1 / "workflows" / "k1_nightly_analytics.json").read_text())


def test_the_schedule_is_valid_and_names_its_workflow() -> None:
    schedule = decode(SCHEDULE.read_bytes(), WorkflowSchedule)
    assert validate_schedule(schedule, zone) == []
    assert schedule.start_workflow_request is not None
    assert schedule.start_workflow_request.name == WORKFLOW["name"]


async def test_the_workflow_counts_by_status() -> None:
    runs = [{"status": status, "executionTime": 1_500} for status in ("COMPLETED", "FAILED", "COMPLETED")]
    async with TestServer() as server:
        await server.client.put("/api/metadata/workflow", json=[WORKFLOW])
        for found, wanted in ((runs, {"COMPLETED": 2, "FAILED": 1}), ([], {})):
            mocks = {"executions": [{"status": "COMPLETED", "output": {"response": {"body": {"results": found}}}}]}
            asked = {"name": WORKFLOW["name"], "version": 1, "input": {"_scheduledTime": 86_400_000}, "taskRefToMockOutput": mocks}
            answer = (await server.client.post("/api/workflow/test", json=asked)).json()
            assert answer["output"]["byStatus"] == wanted
            assert answer["output"]["seconds"] == 1.5 * len(found)
