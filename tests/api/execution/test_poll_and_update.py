"""Workers: taking tasks and reporting on them."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from tests.api.execution.scene import Scene, child, inline, result_of, wait, worker


async def test_a_poll_without_work_answers_204_or_an_empty_list_after_its_time(scene: Scene) -> None:
    single = await scene.later("GET /tasks/poll/t?workerid=w")
    assert (single.status_code, single.content) == (204, b"")
    assert "content-type" not in single.headers
    assert (await scene.later("GET /tasks/poll/batch/t")).json() == []


@pytest.mark.parametrize("query", ["count=0", "count=-1", "timeout=0", "timeout=-1"])
async def test_a_batch_of_nothing_does_not_wait(scene: Scene, query: str) -> None:
    assert await scene.json(f"GET /tasks/poll/batch/t?{query}") == []


async def test_a_batch_may_wait_five_seconds_and_no_longer(scene: Scene) -> None:
    assert (await scene.call("GET /tasks/poll/batch/t?timeout=5001")).status_code == 400


async def test_a_poll_takes_the_task(scene: Scene) -> None:
    await scene.register()
    run = await scene.start()
    task = await scene.taken("?workerid=me")
    assert (task["status"], task["pollCount"], task["workerId"], task["workflowInstanceId"]) == ("IN_PROGRESS", 1, "me", run)
    assert task["responseTimeoutSeconds"] == 3600
    assert await scene.json(f"GET /tasks/{task['taskId']}") == task
    assert await scene.poll() is None


async def test_a_batch_holds_as_many_as_asked_for(scene: Scene) -> None:
    await scene.register()
    for _ in range(3):
        await scene.start()
    sizes = [len((await scene.later(f"GET /tasks/poll/batch/t?count={count}")).json()) for count in (2, 5, 5)]
    assert sizes == [2, 1, 0]


async def test_a_waiting_poller_gets_the_task_as_soon_as_there_is_one(scene: Scene) -> None:
    await scene.register()
    poll = asyncio.ensure_future(scene.call("GET /tasks/poll/batch/t?timeout=5000&workerid=me"))
    await scene.server.settle()
    await scene.start()
    assert [task["workerId"] for task in (await poll).json()] == ["me"]


async def test_domains_are_apart_and_an_empty_one_is_none(scene: Scene) -> None:
    await scene.register()
    await scene.call("POST /workflow", {"name": "w", "taskToDomain": {"t": "d"}})
    assert await scene.poll("?domain=") is None
    assert await scene.poll("?domain=other") is None
    assert (await scene.taken("?domain=d"))["domain"] == "d"


async def test_secrets_are_in_the_workers_copy_alone(scene: Scene) -> None:
    await scene.call("PUT /secrets/KEY", content=b"the value")
    await scene.register(worker(inputParameters={"p": "${workflow.secrets.KEY}"}))
    await scene.start()
    task = await scene.taken()
    assert task["inputData"] == {"p": "the value"}
    assert (await scene.json(f"GET /tasks/{task['taskId']}"))["inputData"] == {"p": "${workflow.secrets.KEY}"}


async def test_a_report_answers_the_task_id_and_a_late_one_changes_nothing(scene: Scene) -> None:
    await scene.register()
    run = await scene.start()
    task = await scene.taken()
    answer = await scene.report(task, outputData={"v": 1, "n": None}, workerId="me")
    assert (answer.text, answer.headers["content-type"].split(";")[0]) == (task["taskId"], "text/plain")
    assert (await scene.report(task, "FAILED", outputData={"v": 2})).text == task["taskId"]
    found = (await scene.workflow(run))["tasks"][0]
    assert (found["status"], found["outputData"], found["workerId"]) == ("COMPLETED", {"v": 1, "n": None}, "me")


BROKEN: list[tuple[dict[str, Any] | bytes, int]] = [
    ({"taskId": ""}, 400),
    ({"workflowInstanceId": None}, 400),
    ({"status": "NOPE"}, 400),
    ({"status": "SKIPPED"}, 400),
    ({"status": None}, 400),
    ({"outputData": [1]}, 400),
    ({"workflowInstanceId": "none"}, 404),
    ({"taskId": "none"}, 404),
    (b'{"taskId":', 400),
    (b'{"workflowInstanceId": "w", "taskId": "t", "status": "COMPLETED", "outputData": {"a": "\xff"}}', 400),
    (b'{"workflowInstanceId": "w", "taskId": "t", "status": "COMPLETED", "outputData": {"a": 1e999}}', 400),
    (b'{"workflowInstanceId": "w", "taskId": "t", "status": "COMPLETED", "outputData": {"a": ' + b"[" * 5000 + b"]" * 5000 + b"}}", 400),
]


@pytest.mark.parametrize(("change", "status"), BROKEN, ids=[str(change)[:60] for change, _ in BROKEN])
@pytest.mark.parametrize("path", ["/tasks", "/tasks/update-v2"])
async def test_a_report_that_cannot_be_taken_is_refused_never_with_404_on_update_v2(
    scene: Scene, path: str, change: dict[str, Any] | bytes, status: int
) -> None:
    await scene.register()
    await scene.start()
    body = result_of(await scene.taken())
    if isinstance(change, bytes):
        answer = await scene.call(f"POST {path}", content=change, headers={"content-type": "application/json"})
    else:
        answer = await scene.call(f"POST {path}", body | change)
    assert answer.status_code == (400 if path.endswith("v2") else status), answer.text


async def test_a_task_of_another_workflow_is_not_found(scene: Scene) -> None:
    await scene.register()
    other = await scene.start()
    await scene.start()
    await scene.taken()
    task = await scene.taken()
    wrong = result_of(task) | {"workflowInstanceId": other if task["workflowInstanceId"] != other else "none"}
    assert (await scene.call("POST /tasks", wrong)).status_code == 404
    assert (await scene.call("POST /tasks/update-v2", wrong)).status_code == 400


async def test_scalars_in_a_report_are_taken_for_what_they_mean(scene: Scene) -> None:
    await scene.register()
    await scene.start()
    task = await scene.taken()
    answer = await scene.report(task, "IN_PROGRESS", callbackAfterSeconds="3", extendLease="false", outputData=None, unknown=1)
    assert answer.status_code == 200
    assert (await scene.json(f"GET /tasks/{task['taskId']}"))["callbackAfterSeconds"] == 3


async def test_update_v2_hands_over_the_next_task_of_the_queue(scene: Scene) -> None:
    await scene.register(worker("a"), worker("b"))
    run = await scene.start()
    answer = await scene.call("POST /tasks/update-v2", result_of(await scene.taken(), workerId="me"))
    following = answer.json()
    assert (following["referenceTaskName"], following["status"], following["workerId"]) == ("b", "IN_PROGRESS", "me")
    last = await scene.later("POST /tasks/update-v2", result_of(following))
    assert (last.status_code, last.content) == (204, b"")
    assert "content-type" not in last.headers
    assert await scene.status(run) == "COMPLETED"


async def test_update_v2_takes_a_task_of_another_workflow_that_waited(scene: Scene) -> None:
    await scene.register()
    await scene.start()
    task = await scene.taken()
    waiting = await scene.start()
    answer = await scene.later("POST /tasks/update-v2", result_of(task))
    assert answer.json()["workflowInstanceId"] == waiting


async def test_update_v2_of_an_ended_task_offers_the_next_one_all_the_same(scene: Scene) -> None:
    await scene.register()
    await scene.start()
    task = await scene.taken()
    await scene.report(task)
    await scene.start()
    assert (await scene.later("POST /tasks/update-v2", result_of(task))).status_code == 200


@pytest.mark.parametrize(
    "fields", [{"status": "IN_PROGRESS", "callbackAfterSeconds": 60}, {"status": "IN_PROGRESS"}, {"extendLease": True}]
)
async def test_update_v2_hands_over_nothing_while_the_task_goes_on(scene: Scene, fields: dict[str, Any]) -> None:
    await scene.register()
    await scene.start()
    task = await scene.taken()
    await scene.start()
    assert (await scene.call("POST /tasks/update-v2", result_of(task) | fields)).status_code == 204


async def test_a_refused_update_v2_takes_nothing(scene: Scene) -> None:
    await scene.register()
    await scene.start()
    task = await scene.taken()
    await scene.start()
    await scene.later("POST /tasks/update-v2", result_of(task) | {"taskId": "none"})
    assert await scene.poll() is not None


async def test_a_report_that_a_busy_server_turns_away_leaves_nobody_waiting_in_the_queue(scene: Scene) -> None:
    await scene.register()
    await scene.start()
    task, executor, queue = await scene.taken(), scene.server.platform.executor, scene.server.platform.queue
    waiting = queue.waiters
    executor._most_waiting, usual = 0, executor._most_waiting
    answer = await scene.call("POST /tasks/update-v2", result_of(task))
    assert (answer.status_code, answer.json()["retryable"]) == (503, True)
    assert queue.waiters == waiting
    executor._most_waiting = usual
    assert (await scene.later("POST /tasks/update-v2", result_of(task))).status_code == 204


async def test_logs_of_a_report_are_kept_in_order(scene: Scene) -> None:
    await scene.register()
    await scene.start()
    task = await scene.taken()
    await scene.report(task, logs=[{"log": "one"}, {"log": "two", "createdTime": 5}])
    found = await scene.json(f"GET /tasks/{task['taskId']}/log")
    assert {(line["log"], line["taskId"]) for line in found} == {("one", task["taskId"]), ("two", task["taskId"])}
    assert {line["createdTime"] for line in found} == {scene.server.clock.now(), 5}


@pytest.mark.parametrize(("sent", "kept"), [("raw é", "raw é"), ('{"a":1}', '{"a":1}'), ('"quoted"', "quoted")])
async def test_a_log_line_is_any_text_for_any_task(scene: Scene, sent: str, kept: str) -> None:
    empty = await scene.call("GET /tasks/x/log")
    assert (empty.status_code, empty.content) == (204, b"")
    answer = await scene.call("POST /tasks/x/log", content=sent.encode(), headers={"content-type": "application/json"})
    assert (answer.status_code, answer.content) == (200, b"")
    assert [line["log"] for line in await scene.json("GET /tasks/x/log")] == [kept]


async def test_a_log_line_must_be_there(scene: Scene) -> None:
    assert (await scene.call("POST /tasks/x/log")).status_code == 400


async def test_by_reference_the_output_is_merged(scene: Scene) -> None:
    await scene.register(worker("a"), worker("b"))
    run = await scene.start()
    task_id = (await scene.workflow(run))["tasks"][0]["taskId"]
    for call, body in ((f"/tasks/{run}/a/IN_PROGRESS", {"x": 1, "y": 1}), (f"/tasks/{run}/a/COMPLETED?workerid=me", {"y": 2})):
        assert (await scene.call(f"POST {call}", body)).text == task_id
    found = await scene.json(f"GET /tasks/{task_id}")
    assert (found["outputData"], found["workerId"], found["status"]) == ({"x": 1, "y": 2}, "me", "COMPLETED")
    after = await scene.json(f"POST /tasks/{run}/b/COMPLETED/sync", {"k": 2})
    assert (after["status"], after["output"], len(after["tasks"])) == ("COMPLETED", {"k": 2}, 2)


@pytest.mark.parametrize("form", ["", "/sync"])
@pytest.mark.parametrize(
    ("path", "body", "status"),
    [("{run}/zz/COMPLETED", {}, 404), ("none/a/COMPLETED", {}, 404), ("{run}/a/NOPE", {}, 400), ("{run}/a/COMPLETED", [1], 400)],
)
async def test_by_reference_there_must_be_an_open_task_a_status_and_an_object(
    scene: Scene, form: str, path: str, body: object, status: int
) -> None:
    await scene.register()
    run = await scene.start()
    assert (await scene.call(f"POST /tasks/{path.format(run=run)}{form}", body)).status_code == status


async def test_a_signal_finishes_the_first_wait_and_is_fine_without_one(scene: Scene) -> None:
    await scene.register(wait())
    run = await scene.start()
    for _ in range(2):
        answer = await scene.call(f"POST /tasks/{run}/COMPLETED/signal", {"k": 1})
        assert (answer.status_code, answer.content) == (200, b"")
    assert (await scene.workflow(run))["tasks"][0]["outputData"] == {"k": 1}
    assert (await scene.call(f"POST /tasks/{run}/COMPLETED/signal/sync", {})).status_code == 404
    assert [(await scene.call(f"POST /tasks/none/COMPLETED/signal{form}", {})).status_code for form in ("", "/sync")] == [404, 404]
    assert (await scene.call(f"POST /tasks/{run}/NOPE/signal", {})).status_code == 400


async def test_a_signal_goes_down_into_children(scene: Scene) -> None:
    await scene.register(wait(), name="c")
    await scene.register(child("s", "c"), wait("later"))
    run = await scene.start()
    await scene.call(f"POST /tasks/{run}/COMPLETED/signal", {"k": 1})
    await scene.server.settle()
    first, later = (await scene.workflow(run))["tasks"]
    assert (first["status"], first["outputData"]["k"], later["status"]) == ("COMPLETED", 1, "IN_PROGRESS")


async def test_a_signal_may_wait_for_what_comes_of_it(scene: Scene) -> None:
    await scene.register(wait())
    run = await scene.start()
    found = await scene.json(f"POST /tasks/{run}/COMPLETED/signal/sync", {"k": 1})
    assert (found["responseType"], found["targetWorkflowStatus"], found["output"]) == ("TARGET_WORKFLOW", "COMPLETED", {"k": 1})
    assert (await scene.call(f"POST /tasks/{run}/COMPLETED/signal/sync?returnStrategy=NOPE", {})).status_code == 400


FORMS: list[tuple[str, dict[str, Any]]] = [
    ("TARGET_WORKFLOW", {"input": {"k": 1}, "status": "RUNNING"}),
    ("BLOCKING_WORKFLOW", {"input": {"k": 1}, "status": "RUNNING"}),
    ("BLOCKING_TASK", {"taskType": "WAIT", "referenceTaskName": "wait", "status": "IN_PROGRESS"}),
    ("BLOCKING_TASK_INPUT", {"taskType": "WAIT", "referenceTaskName": "wait", "status": "IN_PROGRESS"}),
]


@pytest.mark.parametrize(("strategy", "shown"), FORMS)
async def test_execute_stops_at_a_task_that_blocks_and_describes_what_was_asked(scene: Scene, strategy: str, shown: dict[str, Any]) -> None:
    await scene.register(wait())
    found = await scene.json(f"POST /workflow/execute/w/0?returnStrategy={strategy}", {"input": {"k": 1}})
    assert (found["responseType"], found["targetWorkflowStatus"], found["signalTimeout"]) == (strategy, "RUNNING", False)
    assert shown.items() <= found.items()
    assert found["createTime"] > 0


async def test_execute_describes_the_child_that_blocks(scene: Scene) -> None:
    await scene.register(wait(), name="c")
    await scene.register(child("s", "c"))
    found = (await scene.later("POST /workflow/execute/w/1?returnStrategy=BLOCKING_WORKFLOW", {})).json()
    assert found["workflowId"] != found["targetWorkflowId"]
    assert [task["referenceTaskName"] for task in found["tasks"]] == ["wait"]


async def test_execute_answers_what_came_of_the_workflow(scene: Scene) -> None:
    await scene.register(inline(), outputParameters={"r": "${i.output.result}"})
    body = {"name": "other", "version": 9, "input": {"v": 1}, "correlationId": "c", "priority": 3}
    found = await scene.json("POST /workflow/execute/w/1?requestId=q&consistency=ANY", body)
    assert (found["status"], found["output"], found["requestId"], found["priority"]) == ("COMPLETED", {"r": 2}, "q", 3)


async def test_execute_answers_when_its_time_is_over(scene: Scene) -> None:
    await scene.register()
    found = (await scene.later("POST /workflow/execute/w/1?waitForSeconds=1&returnStrategy=BLOCKING_TASK", {}, milliseconds=1000)).json()
    assert (found["signalTimeout"], found["status"], found["responseType"]) == (True, "RUNNING", "BLOCKING_TASK")


async def test_execute_waits_for_the_end_of_a_named_task(scene: Scene) -> None:
    await scene.register(inline(), worker())
    found = await scene.json("POST /workflow/execute/w/1?waitUntilTaskRef=none,%20i", {})
    assert (found["status"], found["signalTimeout"]) == ("RUNNING", False)


@pytest.mark.parametrize(
    ("call", "status"),
    [("none/1", 404), ("w/7", 404), ("w/x", 400), ("w/1?returnStrategy=NOPE", 400), ("w/1?waitForSeconds=x", 400)],
)
async def test_execute_refuses_what_is_unknown_or_makes_no_sense(scene: Scene, call: str, status: int) -> None:
    await scene.register()
    assert (await scene.call(f"POST /workflow/execute/{call}", {})).status_code == status


async def test_a_workflow_is_called_like_a_function(scene: Scene) -> None:
    await scene.register(inline(), outputParameters={"r": "${workflow.input.x}"})
    assert await scene.json("POST /workflow/execute/w", {"x": 1}) == {"r": 1}
    assert await scene.json("GET /workflow/execute/w?x=1&version=1") == {"r": "1"}
    await scene.register(wait())
    unfinished = await scene.call("POST /workflow/execute/w", {})
    assert unfinished.status_code == 206


async def test_a_state_update_changes_variables_and_a_task_and_waits(scene: Scene) -> None:
    await scene.register(wait())
    run = await scene.start()
    update = {"taskReferenceName": "wait", "taskResult": {"status": "COMPLETED", "outputData": {"k": 1}}, "variables": {"v": 1}}
    found = await scene.json(f"POST /workflow/{run}/state?requestId=q&waitUntilTaskRef=None", update)
    assert (found["status"], found["output"], found["variables"], found["requestId"]) == ("COMPLETED", {"k": 1}, {"v": 1}, "q")


async def test_a_workflow_is_tested_with_mocks_and_nothing_is_kept(scene: Scene) -> None:
    await scene.register()
    mocks = {"a": [{"output": {"z": 1}}]}
    found = await scene.json("POST /workflow/test", {"name": "w", "taskRefToMockOutput": mocks})
    assert (found["status"], found["output"], found["tasks"][0]["outputData"]) == ("COMPLETED", {"z": 1}, {"z": 1})
    assert (await scene.call(f"GET /workflow/{found['workflowId']}")).status_code == 404
    assert [(await scene.call("POST /workflow/test", body)).status_code for body in ({}, {"name": "none"})] == [400, 404]
