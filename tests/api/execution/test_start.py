"""Starting workflows."""

from __future__ import annotations

from typing import Any

import pytest

from tests.api.execution.scene import Scene, inline, worker

ID_LENGTH = 36


async def test_the_answer_is_a_bare_id_as_text(scene: Scene) -> None:
    await scene.register()
    answer = await scene.call("POST /workflow", {"name": "w"})
    assert (answer.status_code, len(answer.text)) == (200, ID_LENGTH)
    assert answer.headers["content-type"].startswith("text/plain")


@pytest.mark.parametrize(
    "call", ["POST /workflow/w?version=1&correlationId=c&priority=7", "POST /workflow/start/w/1?correlationId=c&priority=7"]
)
async def test_by_name_the_body_is_the_input(scene: Scene, call: str) -> None:
    await scene.register()
    found = await scene.workflow((await scene.call(call, {"x": None})).text)
    assert (found["input"], found["correlationId"], found["priority"], found["workflowVersion"]) == ({"x": None}, "c", 7, 1)


REFUSED: list[tuple[str, Any, int]] = [
    ("POST /workflow", {}, 400),
    ("POST /workflow", {"name": " "}, 400),
    ("POST /workflow", {"name": "w", "priority": 100}, 400),
    ("POST /workflow", {"name": "w", "priority": -1}, 400),
    ("POST /workflow", {"name": "w", "input": None}, 400),
    ("POST /workflow", {"name": "w", "input": [1]}, 400),
    ("POST /workflow", {"name": "w", "idempotencyStrategy": "NOPE"}, 400),
    ("POST /workflow", {"name": "w", "workflowDef": {"name": "x", "tasks": []}}, 400),
    ("POST /workflow", {"name": "", "workflowDef": {"name": "x", "tasks": [worker()]}}, 400),
    ("POST /workflow", {"name": "none"}, 404),
    ("POST /workflow", {"name": "w", "version": 9}, 404),
    ("POST /workflow", {"name": "w", "version": 0}, 404),
    ("POST /workflow/w", [1], 400),
    ("POST /workflow/w?version=x", {}, 400),
    ("POST /workflow/w?priority=100", {}, 400),
    ("POST /workflow/w?version=9", {}, 404),
    ("POST /workflow/start/w/x", {}, 400),
    ("POST /workflow/none", {}, 404),
]


@pytest.mark.parametrize(("call", "body", "status"), REFUSED, ids=[f"{call} {body}" for call, body, _ in REFUSED])
async def test_what_cannot_be_started_is_refused(scene: Scene, call: str, body: object, status: int) -> None:
    await scene.register()
    answer = await scene.call(call, body)
    assert (answer.status_code, answer.json()["status"]) == (status, status)


async def test_every_problem_of_a_request_is_named(scene: Scene) -> None:
    problems = (await scene.call("POST /workflow", {"priority": 100, "input": None})).json()["validationErrors"]
    assert [problem["path"] for problem in problems] == ["$.name", "$.priority", "$.input"]


async def test_an_inline_definition_runs_under_its_own_name_and_stays_unregistered(scene: Scene) -> None:
    answer = await scene.call("POST /workflow", {"name": "other", "workflowDef": {"name": "own", "version": 4, "tasks": [inline()]}})
    found = await scene.workflow(answer.text)
    assert (found["workflowName"], found["workflowVersion"], found["status"]) == ("own", 4, "COMPLETED")
    assert (await scene.call("GET /metadata/workflow/own")).status_code == 404


async def test_a_used_idempotency_key_is_answered_by_its_strategy(scene: Scene) -> None:
    await scene.register()
    request = {"name": "w", "idempotencyKey": "k", "idempotencyStrategy": "RETURN_EXISTING"}
    first = (await scene.call("POST /workflow", request)).text
    assert (await scene.call("POST /workflow", request)).text == first
    assert (await scene.workflow(first))["idempotencyKey"] == "k"
    headers = {"X-Idempotency-key": "k", "X-on-conflict": "FAIL"}
    assert (await scene.call("POST /workflow/w", {}, headers=headers)).status_code == 409
    assert (await scene.call("POST /workflow/w", {}, headers={**headers, "X-on-conflict": "NOPE"})).status_code == 400


async def test_a_start_over_a_limit_that_does_not_queue_is_429(scene: Scene) -> None:
    limit = {"rateLimitKey": "k", "concurrentExecLimit": 1, "policy": "REJECT"}
    await scene.register(rateLimitConfig=limit)
    first = await scene.call("POST /workflow/w", {})
    second = await scene.call("POST /workflow/w", {})
    assert (first.status_code, second.status_code) == (200, 429)
    await scene.call(f"DELETE /workflow/{first.text}")
    assert (await scene.call("POST /workflow/w", {})).status_code == 200
    assert (await scene.call(f"POST /workflow/{first.text}/restart")).status_code == 429
