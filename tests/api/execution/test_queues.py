"""Queues and administration."""

from __future__ import annotations

import pytest

from podium.api.admin import shown
from podium.settings import Settings
from tests.api.execution.scene import Scene, wait, worker


async def test_sizes_count_what_waits_by_type(scene: Scene) -> None:
    await scene.register()
    await scene.start()
    await scene.start()
    await scene.taken()
    for query in ("taskType=t&taskType=none", "taskType=t,none"):
        assert await scene.json(f"GET /tasks/queue/sizes?{query}") == {"t": 1, "none": 0}
    assert await scene.json("GET /tasks/queue/size?taskType=t") == 1
    assert (await scene.json("GET /tasks/queue/all"))["t"] == 1
    assert (await scene.json("GET /tasks/queue/all/verbose"))["t"] == {"a": {"size": 1, "uacked": 0}}


async def test_a_domain_has_a_queue_of_its_own(scene: Scene) -> None:
    await scene.register()
    await scene.call("POST /workflow", {"name": "w", "taskToDomain": {"t": "d"}})
    assert await scene.json("GET /tasks/queue/size?taskType=t&domain=d") == 1
    assert await scene.json("GET /tasks/queue/size?taskType=t") == 0
    assert await scene.json("GET /tasks/queue/size?taskType=t&domain=d&executionNamespace=ns&isolationGroupId=g") == 0
    assert await scene.json("GET /tasks/queue/all") == {"d:t": 1}


@pytest.mark.parametrize("call", ["sizes", "size", "polldata"])
async def test_a_queue_must_be_named(scene: Scene, call: str) -> None:
    assert (await scene.call(f"GET /tasks/queue/{call}")).status_code == 400


async def test_poll_data_tells_who_asked_last_even_without_tasks(scene: Scene) -> None:
    assert await scene.json("GET /tasks/queue/polldata?taskType=t") == []
    await scene.poll("?workerid=w1")
    await scene.poll("?workerid=w2&domain=d")
    found = await scene.json("GET /tasks/queue/polldata?taskType=t")
    assert [(row["queueName"], row.get("domain"), row["workerId"]) for row in found] == [("t", None, "w1"), ("t", "d", "w2")]
    assert len(await scene.json("GET /tasks/queue/polldata/all")) == 2


async def test_requeue_counts_what_waits_and_leaves_workers_what_they_hold(scene: Scene) -> None:
    await scene.register()
    await scene.start()
    await scene.start()
    await scene.taken()
    answer = await scene.call("POST /tasks/queue/requeue/t")
    assert (answer.text, answer.headers["content-type"].split(";")[0]) == ("1", "text/plain")
    assert await scene.poll() is not None
    assert await scene.poll() is None
    assert (await scene.call("POST /tasks/queue/requeue/none")).text == "0"


async def test_pending_tasks_of_a_type_come_by_page(scene: Scene) -> None:
    await scene.register()
    await scene.start()
    await scene.start()
    assert [task["taskType"] for task in await scene.json("GET /admin/task/t")] == ["t", "t"]
    assert len(await scene.json("GET /admin/task/t?start=1&count=5")) == 1
    assert (await scene.call("GET /admin/task/t?start=-1")).status_code == 400


async def test_a_wait_is_finished_through_its_queue(scene: Scene) -> None:
    await scene.register(wait())
    by_ref, by_id = await scene.start(), await scene.start()
    task_id = (await scene.workflow(by_id))["tasks"][0]["taskId"]
    for call in (f"{by_ref}/wait/COMPLETED", f"{by_id}/task/{task_id}/FAILED"):
        assert (await scene.call(f"POST /queue/update/{call}", {"k": 1})).status_code == 200
    assert [await scene.status(run) for run in (by_ref, by_id)] == ["COMPLETED", "FAILED"]
    assert (await scene.workflow(by_ref))["output"] == {"k": 1}


@pytest.mark.parametrize("path", ["{run}/wait/RUNNING", "{run}/a/COMPLETED", "{run}/task/none/COMPLETED", "none/wait/COMPLETED"])
async def test_only_an_open_wait_is_finished_so(scene: Scene, path: str) -> None:
    await scene.register(worker())
    run = await scene.start()
    assert (await scene.call(f"POST /queue/update/{path.format(run=run)}", {})).status_code == 400


async def test_no_queue_of_a_broker_is_listed(scene: Scene) -> None:
    assert await scene.json("GET /queue/") == {}
    assert await scene.json("GET /queue/size") == {}


async def test_active_handlers_queues_are_listed(scene: Scene) -> None:
    action = {"action": "start_workflow", "start_workflow": {"name": "w"}}
    for name, active in (("on", True), ("off", False)):
        await scene.call("POST /event", {"name": name, "event": f"conductor:q:{name}", "actions": [action], "active": active})
    assert await scene.json("GET /admin/queues") == {"conductor:q:on": "q:on"}
    assert await scene.json("GET /admin/queues?verbose=true") == {"conductor:q:on": {"q:on": 0}}


async def test_a_sweep_tells_whether_there_was_a_workflow(scene: Scene) -> None:
    await scene.register()
    run = await scene.start()
    assert (await scene.call(f"POST /admin/sweep/requeue/{run}")).text == f"true.{run}"
    assert (await scene.call("POST /admin/sweep/requeue/none")).text == "false.none"
    assert (await scene.call(f"POST /admin/consistency/verifyAndRepair/{run}")).text == "false"
    assert (await scene.call("POST /admin/consistency/verifyAndRepair/none")).status_code == 404


async def test_the_settings_are_shown_with_the_version(scene: Scene) -> None:
    found = await scene.json("GET /admin/config")
    assert found["port"] == 8080
    assert {"version", "buildDate"} <= set(found)


def test_passwords_in_settings_are_not_shown() -> None:
    found = shown(Settings(database="postgresql://me:pass@host/db", http_proxy="http://u:p@proxy:1"))
    assert (found["database"], found["http_proxy"]) == ("postgresql://***@host/db", "http://***@proxy:1")
