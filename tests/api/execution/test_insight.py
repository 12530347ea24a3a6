"""History, changes and why."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import httpx2
import msgspec
import pytest

from tests.api.execution.scene import Scene, child, wait, worker

STREAM = {"Accept": "text/event-stream"}


def events(answer: httpx2.Response) -> Iterator[tuple[str, int, Any]]:
    """(event, id, data) of a stream; comments are left out."""
    for block in answer.text.split("\n\n"):
        fields = dict(line.split(": ", 1) for line in block.splitlines() if not line.startswith(":"))
        if fields:
            yield fields["event"], int(fields["id"]), msgspec.json.decode(fields["data"])


async def listening(scene: Scene, run: str, query: str = "", **headers: str) -> asyncio.Task[httpx2.Response]:
    """A stream that somebody reads."""
    stream = asyncio.ensure_future(scene.call(f"GET /workflow/{run}/changes{query}", headers=STREAM | headers))
    await scene.server.settle()
    assert not stream.done()
    return stream


# History


async def test_the_history_tells_who_asked_for_what_and_what_came_of_it(scene: Scene) -> None:
    await scene.register()
    run = await scene.start()
    await scene.report(await scene.taken())
    page = await scene.json(f"GET /workflow/{run}/history")
    assert [row["commands"] for row in page["results"]] == [["StartWorkflow"], ["UpdateTask"]]
    first, last = page["results"]
    task_id = (await scene.workflow(run))["tasks"][0]["taskId"]
    assert first["changes"] == [{"taskId": task_id, "referenceTaskName": "a", "to": "SCHEDULED"}]
    assert last["changes"] == [{"taskId": task_id, "referenceTaskName": "a", "from": "IN_PROGRESS", "to": "COMPLETED"}]
    assert (last["actor"], last["revision"], "next" in page) == ("anonymous", page["revision"], False)


async def test_the_history_comes_by_page(scene: Scene) -> None:
    await scene.register()
    run = await scene.start()
    for verb in ("pause", "resume", "pause"):
        await scene.call(f"PUT /workflow/{run}/{verb}")
    first = await scene.json(f"GET /workflow/{run}/history?count=3")
    rest = await scene.json(f"GET /workflow/{run}/history?count=3&after={first['next']}")
    assert [row["commands"] for row in first["results"] + rest["results"]] == [
        ["StartWorkflow"],
        ["PauseWorkflow"],
        ["ResumeWorkflow"],
        ["PauseWorkflow"],
    ]
    assert "next" not in rest


async def test_what_there_is_no_history_of_is_refused(scene: Scene) -> None:
    assert (await scene.call("GET /workflow/none/history")).status_code == 404
    for query in ("count=0", "count=1001", "after=-1", "after=x"):
        assert (await scene.call(f"GET /workflow/none/history?{query}")).status_code == 400


# Changes


async def test_changes_are_the_rows_that_changed_since_a_revision(scene: Scene) -> None:
    await scene.register(worker(), worker("b"))
    run = await scene.start()
    everything = await scene.json(f"GET /workflow/{run}/changes")
    assert [task["referenceTaskName"] for task in everything["tasks"]] == ["a"]
    await scene.report(await scene.taken(), outputData={"n": 1})
    found = await scene.json(f"GET /workflow/{run}/changes?since={everything['revision']}")
    assert [(task["referenceTaskName"], task["status"]) for task in found["tasks"]] == [("a", "COMPLETED"), ("b", "SCHEDULED")]
    assert (found["workflow"]["status"], found["since"], found["removed"]) == ("RUNNING", everything["revision"], [])
    nothing = await scene.json(f"GET /workflow/{run}/changes?since={found['revision']}")
    assert (nothing["tasks"], nothing["revision"]) == ([], found["revision"])


async def test_changes_name_the_tasks_that_are_gone(scene: Scene) -> None:
    await scene.register()
    run = await scene.start()
    task = await scene.taken()
    await scene.report(task)
    known = (await scene.json(f"GET /workflow/{run}/changes"))["revision"]
    await scene.call(f"POST /workflow/{run}/restart")
    found = await scene.json(f"GET /workflow/{run}/changes?since={known}")
    assert found["removed"] == [task["taskId"]]


async def test_a_revision_that_is_not_there_yet_gets_everything(scene: Scene) -> None:
    await scene.register()
    run = await scene.start()
    found = await scene.json(f"GET /workflow/{run}/changes?since=1000")
    assert (found["since"], len(found["tasks"])) == (0, 1)


async def test_changes_wait_for_the_next_one(scene: Scene) -> None:
    await scene.register()
    run = await scene.start()
    known = (await scene.json(f"GET /workflow/{run}/changes"))["revision"]
    asked = asyncio.ensure_future(scene.json(f"GET /workflow/{run}/changes?since={known}&waitMillis=60000"))
    await scene.server.settle()
    assert not asked.done()
    await scene.call(f"PUT /workflow/{run}/pause")
    assert (await asked)["workflow"]["status"] == "PAUSED"


async def test_changes_wait_no_longer_than_they_are_told(scene: Scene) -> None:
    await scene.register()
    run = await scene.start()
    known = (await scene.json(f"GET /workflow/{run}/changes"))["revision"]
    asked = asyncio.ensure_future(scene.json(f"GET /workflow/{run}/changes?since={known}&waitMillis=500"))
    await scene.server.advance(500)
    assert (await asked)["revision"] == known


async def test_changes_that_cannot_be_are_refused(scene: Scene) -> None:
    await scene.register()
    run = await scene.start()
    for query in ("since=-1", "waitMillis=-1", "waitMillis=60001", "since=x"):
        assert (await scene.call(f"GET /workflow/{run}/changes?{query}")).status_code == 400
    assert (await scene.call("GET /workflow/none/changes")).status_code == 404
    assert (await scene.call("GET /workflow/none/changes", headers=STREAM)).status_code == 404


async def test_a_stream_tells_of_every_change_and_ends_with_the_workflow(scene: Scene) -> None:
    await scene.register()
    run = await scene.start()
    stream = await listening(scene, run)
    await scene.call(f"PUT /workflow/{run}/pause")
    await scene.server.settle()
    await scene.call(f"DELETE /workflow/{run}?reason=enough")
    answer = await stream
    assert answer.headers["content-type"] == "text/event-stream"
    told = list(events(answer))
    assert [(name, data.get("workflow", data)["status"]) for name, _, data in told] == [
        ("changes", "RUNNING"),
        ("changes", "PAUSED"),
        ("changes", "TERMINATED"),
        ("end", "TERMINATED"),
    ]
    assert [number for _, number, _ in told] == sorted(number for _, number, _ in told)


async def test_a_stream_gives_signs_of_life(scene: Scene) -> None:
    await scene.register(wait())
    run = await scene.start()
    stream = await listening(scene, run)
    await scene.server.advance(16_000)
    await scene.call(f"DELETE /workflow/{run}")
    assert ": nothing new\n\n" in (await stream).text


async def test_a_stream_goes_on_after_what_was_seen_last(scene: Scene) -> None:
    await scene.register(wait())
    run = await scene.start()
    known = (await scene.json(f"GET /workflow/{run}/changes"))["revision"]
    stream = await listening(scene, run, **{"Last-Event-ID": str(known)})
    await scene.call(f"DELETE /workflow/{run}")
    answer = await stream
    assert [name for name, _, _ in events(answer)] == ["changes", "end"]
    end = max(number for _, number, _ in events(answer))
    again = await scene.call(f"GET /workflow/{run}/changes?since={end}", headers=STREAM)
    assert again.status_code == 204


async def test_a_stream_ends_with_the_removal_of_its_workflow(scene: Scene) -> None:
    await scene.register(wait())
    run = await scene.start()
    stream = await listening(scene, run)
    await scene.call(f"DELETE /workflow/{run}/remove")
    assert [name for name, _, _ in events(await stream)] == ["changes", "removed"]


async def test_a_server_that_drains_lets_streams_and_waiters_go(scene: Scene) -> None:
    await scene.register(wait())
    run = await scene.start()
    stream = await listening(scene, run)
    known = (await scene.json(f"GET /workflow/{run}/changes"))["revision"]
    asked = asyncio.ensure_future(scene.json(f"GET /workflow/{run}/changes?since={known}&waitMillis=60000"))
    await scene.server.settle()
    scene.server.platform.drain()
    assert [name for name, _, _ in events(await stream)] == ["changes"]
    assert (await asked)["revision"] == known


# Why


async def test_why_tells_what_each_open_task_waits_for(scene: Scene) -> None:
    await scene.register(wait(), name="inner")
    await scene.register(worker(), child("c", "inner"))
    run = await scene.start()
    await scene.poll("?workerid=w1&domain=elsewhere")
    found = await scene.json(f"GET /workflow/{run}/why")
    assert [task["waitsFor"][0]["kind"] for task in found["tasks"]] == ["WORKER"]
    assert "in domain 'elsewhere'" in found["text"]
    await scene.report(await scene.taken())
    await scene.server.settle()
    (cause,) = (await scene.json(f"GET /workflow/{run}/why"))["tasks"][0]["waitsFor"]
    assert (cause["kind"], cause["workflowStatus"]) == ("CHILD", "RUNNING")


@pytest.mark.parametrize(
    ("limit", "kind"),
    [({"concurrentExecLimit": 1}, "CONCURRENCY_LIMIT"), ({"rateLimitPerFrequency": 1, "rateLimitFrequencyInSeconds": 60}, "RATE_LIMIT")],
)
async def test_why_names_the_limit_that_holds_a_queue_up(scene: Scene, limit: dict[str, Any], kind: str) -> None:
    await scene.register()
    await scene.call("PUT /metadata/taskdefs", {"name": "t", **limit})
    await scene.start()
    run = await scene.start()
    await scene.taken()
    (cause,) = (await scene.json(f"GET /workflow/{run}/why"))["tasks"][0]["waitsFor"]
    assert (cause["kind"], cause["limit"], cause["queue"]) == (kind, 1, "t")


async def test_why_of_an_unknown_workflow_is_not_known(scene: Scene) -> None:
    assert (await scene.call("GET /workflow/none/why")).status_code == 404
