"""Changing workflows, one and many."""

from __future__ import annotations

from typing import Any

import pytest

from tests.api.execution.scene import Scene, child, inline, worker


async def failed(scene: Scene) -> str:
    """A workflow whose only task has failed."""
    run = await scene.start()
    await scene.report(await scene.taken(), "FAILED", reasonForIncompletion="r")
    return run


NO_CONTENT = {"restart", "retry", "resetcallbacks"}


@pytest.mark.parametrize(
    "call",
    ["PUT /workflow/decide/none", "PUT /workflow/none/pause", "PUT /workflow/none/resume", "PUT /workflow/none/skiptask/a"]
    + [f"POST /workflow/none/{verb}" for verb in ("restart", "retry", "resetcallbacks")]
    + ["DELETE /workflow/none", "DELETE /workflow/none/remove", "DELETE /workflow/none/terminate-remove"],
)
async def test_an_unknown_workflow_is_not_found(scene: Scene, call: str) -> None:
    assert (await scene.call(call)).status_code == 404


async def test_pause_and_resume_show_at_once_and_only_a_paused_one_can_go_on(scene: Scene) -> None:
    await scene.register()
    run = await scene.start()
    for verb, status, shown in (("pause", 200, "PAUSED"), ("pause", 200, "PAUSED"), ("resume", 200, "RUNNING"), ("resume", 409, "RUNNING")):
        answer = await scene.call(f"PUT /workflow/{run}/{verb}")
        assert (answer.status_code, await scene.status(run)) == (status, shown)
        assert status != 200 or (answer.content == b"" and "content-type" not in answer.headers)


async def test_ending_is_idempotent_keeps_its_reason_and_refuses_a_completed_workflow(scene: Scene) -> None:
    await scene.register()
    run = await scene.start()
    for reason in ("why%20not", "again"):
        assert (await scene.call(f"DELETE /workflow/{run}?reason={reason}")).status_code == 200
    found = await scene.workflow(run)
    assert (found["status"], found["reasonForIncompletion"], found["tasks"][0]["status"]) == ("TERMINATED", "why not", "CANCELED")
    await scene.register(inline(), name="d")
    assert (await scene.call(f"DELETE /workflow/{await scene.start('d')}")).status_code == 409


@pytest.mark.parametrize("verb", ["restart", "retry", "resetcallbacks"])
async def test_these_answer_204_without_a_content_type(scene: Scene, verb: str) -> None:
    await scene.register()
    run = await scene.start() if verb == "resetcallbacks" else await failed(scene)
    answer = await scene.call(f"POST /workflow/{run}/{verb}", {})
    assert (answer.status_code, answer.content) == (204, b"")
    assert "content-type" not in answer.headers


@pytest.mark.parametrize(("verb", "status"), [("restart", 409), ("retry", 404), ("rerun", 409)])
async def test_a_running_workflow_is_not_started_over(scene: Scene, verb: str, status: int) -> None:
    await scene.register()
    assert (await scene.call(f"POST /workflow/{await scene.start()}/{verb}", {})).status_code == status


async def test_a_retry_makes_a_new_attempt(scene: Scene) -> None:
    await scene.register()
    run = await failed(scene)
    await scene.call(f"POST /workflow/{run}/retry")
    found = await scene.workflow(run)
    assert [(task["status"], task["retryCount"]) for task in found["tasks"]] == [("FAILED", 0), ("SCHEDULED", 1)]


async def test_a_restart_keeps_the_id_and_takes_the_latest_definition_when_asked(scene: Scene) -> None:
    await scene.register()
    run = await failed(scene)
    await scene.register(worker("new"), version=2)
    await scene.call(f"POST /workflow/{run}/restart")
    assert (await scene.workflow(run))["workflowVersion"] == 1
    await scene.call(f"DELETE /workflow/{run}")
    await scene.call(f"POST /workflow/{run}/restart?useLatestDefinitions=true")
    found = await scene.workflow(run)
    assert (found["workflowVersion"], found["tasks"][0]["referenceTaskName"]) == (2, "new")


async def test_a_restart_with_the_latest_definition_needs_one(scene: Scene) -> None:
    await scene.register()
    run = await failed(scene)
    await scene.call("DELETE /metadata/workflow/w/1")
    assert (await scene.call(f"POST /workflow/{run}/restart?useLatestDefinitions=true")).status_code == 404


async def test_a_rerun_answers_the_id_and_takes_new_input(scene: Scene) -> None:
    await scene.register()
    run = await failed(scene)
    assert (await scene.call(f"POST /workflow/{run}/rerun", {"reRunFromTaskId": "none"})).status_code == 400
    assert (await scene.call(f"POST /workflow/{run}/rerun")).status_code == 400
    answer = await scene.call(f"POST /workflow/{run}/rerun", {"workflowInput": {"z": 1}})
    assert answer.text == run
    assert (await scene.workflow(run))["input"] == {"z": 1}


async def family(scene: Scene) -> tuple[str, str, dict[str, Any]]:
    """A failed parent, its failed child, and the child's failed task."""
    await scene.register(name="c")
    await scene.register(child("s", "c"))
    parent = await scene.start()
    task = await scene.taken()
    await scene.report(task, "FAILED")
    await scene.server.settle()
    return parent, task["workflowInstanceId"], task


async def test_a_rerun_finds_the_task_in_a_child(scene: Scene) -> None:
    parent, child_id, task = await family(scene)
    answer = await scene.call(f"POST /workflow/{parent}/rerun", {"reRunFromTaskId": task["taskId"]})
    assert answer.text == parent
    await scene.server.settle()
    assert [await scene.status(run) for run in (parent, child_id)] == ["RUNNING", "RUNNING"]


async def test_a_rerun_of_a_childs_task_needs_every_workflow_on_the_way_to_have_ended(scene: Scene) -> None:
    parent, child_id, task = await family(scene)
    await scene.call(f"POST /workflow/{child_id}/retry")
    await scene.server.settle()
    assert (await scene.call(f"POST /workflow/{parent}/rerun", {"reRunFromTaskId": task["taskId"]})).status_code == 409


async def test_a_skipped_task_stands_at_once_with_what_the_body_gives_it(scene: Scene) -> None:
    await scene.register(worker("a"), worker("b"))
    run = await scene.start()
    body = {"taskInput": {"i": 1}, "taskOutput": {"o": 1}}
    assert (await scene.call(f"PUT /workflow/{run}/skiptask/b", body)).status_code == 200
    skipped = (await scene.workflow(run))["tasks"][0]
    assert (skipped["status"], skipped["inputData"], skipped["outputData"]) == ("SKIPPED", {"i": 1}, {"o": 1})
    assert [(await scene.call(f"PUT /workflow/{run}/skiptask/{ref}")).status_code for ref in ("a", "zz")] == [409, 404]


async def test_a_removed_workflow_is_gone_whatever_its_state(scene: Scene) -> None:
    await scene.register()
    for call in ("remove", "remove?archiveWorkflow=false", "terminate-remove?reason=r"):
        run = await scene.start()
        assert (await scene.call(f"DELETE /workflow/{run}/{call}")).status_code == 200
        assert (await scene.call(f"GET /workflow/{run}")).status_code == 404


async def test_variables_are_merged_and_the_workflow_comes_back(scene: Scene) -> None:
    await scene.register(variables={"a": 1, "b": 1})
    found = await scene.json(f"POST /workflow/{await scene.start()}/variables", {"b": 2})
    assert found["variables"] == {"a": 1, "b": 2}


async def test_deciding_changes_nothing_on_a_healthy_workflow(scene: Scene) -> None:
    await scene.register()
    run = await scene.start()
    before = await scene.workflow(run)
    assert (await scene.call(f"PUT /workflow/decide/{run}")).content == b""
    assert await scene.workflow(run) == before


async def test_bulk_reports_each_id_by_itself_and_does_one_twice(scene: Scene) -> None:
    await scene.register()
    run = await scene.start()
    found = await scene.json("PUT /workflow/bulk/pause", [run, "none", run])
    assert found == {"bulkErrorResults": {"none": "No such workflow found by id: none"}, "bulkSuccessfulResults": [run, run]}


async def test_every_bulk_operation_does_what_the_single_one_does(scene: Scene) -> None:
    await scene.register()
    run = await failed(scene)
    steps = [
        ("POST /workflow/bulk/retry", "RUNNING"),
        ("PUT /workflow/bulk/pause", "PAUSED"),
        ("PUT /workflow/bulk/resume", "RUNNING"),
        ("POST /workflow/bulk/terminate?reason=r", "TERMINATED"),
        ("POST /workflow/bulk/restart", "RUNNING"),
    ]
    for call, status in steps:
        assert (await scene.json(call, [run]))["bulkSuccessfulResults"] == [run]
        assert await scene.status(run) == status
    found = await scene.json("POST /workflow/bulk/search?includeTasks=false", [run, "none"])
    assert ([one["workflowId"] for one in found["bulkSuccessfulResults"]], list(found["bulkErrorResults"])) == ([run], ["none"])
    answer = await scene.call("DELETE /workflow/bulk/terminate-remove", [run])
    assert answer.json() == {"bulkErrorResults": {}, "bulkSuccessfulResults": [run, run]}


@pytest.mark.parametrize("call", ["DELETE /workflow/bulk/remove", "POST /workflow/bulk/delete"])
async def test_bulk_removal(scene: Scene, call: str) -> None:
    await scene.register()
    run = await scene.start()
    assert (await scene.json(call, [run]))["bulkSuccessfulResults"] == [run]
    assert (await scene.call(f"GET /workflow/{run}")).status_code == 404


@pytest.mark.parametrize("ids", [[], ["x"] * 1001, [None], {"a": 1}, None])
async def test_bulk_takes_1_to_1000_ids(scene: Scene, ids: object) -> None:
    assert (await scene.call("PUT /workflow/bulk/pause", ids)).status_code == 400
