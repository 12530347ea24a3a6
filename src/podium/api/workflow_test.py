"""Testing a workflow: run it to its end with the results that the test says; nothing is stored and no worker is asked."""

from __future__ import annotations

from typing import Final, cast

from podium.api.answer import Answer, raw_json
from podium.api.routing import Call, Route
from podium.api.view import WorkflowView, encode_view, workflow_view
from podium.model.body import WorkflowTestRequest
from podium.runtime.mock_run import Setting, mock_run
from podium.runtime.oracle import Sandbox
from podium.runtime.start_check import check_start
from podium.runtime.starts import Origin, Starts


async def test(call: Call) -> Answer:
    """POST /workflow/test."""
    request, platform = call.body(WorkflowTestRequest), call.platform
    check_start(request, platform.registry)
    setting = Setting(
        registry=platform.registry,
        starts=Starts(platform.registry, platform.store, platform.clock),
        sandbox=cast("Sandbox", platform.sandbox),
        now=platform.clock.now(),
    )
    run = await mock_run(setting, request, Origin(actor=call.actor))
    return raw_json(encode_view(workflow_view(run, include_tasks=True)))


ROUTES: Final = (
    Route("POST", "/workflow/test", test, "Run a workflow with mocked results", body=WorkflowTestRequest, response=WorkflowView),
)
