"""A secret reaches whoever does the work, and nobody else."""

from __future__ import annotations

import json
import logging
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from podium.model.json import JsonObject
from podium.model.status import TaskStatus
from podium.model.task import Task
from podium.runtime.platform import Platform
from podium.runtime.system.finished import Finished
from podium.testing.server import TestServer
from tests.api.execution.scene import Scene, worker

SECRET = "hunter2-and-more"
INPUT = {"p": "${workflow.secrets.KEY}", "uri": "http://x/?k=${workflow.secrets.KEY}"}


@pytest.fixture
def database(tmp_path: Path) -> Path:
    return tmp_path / "p.db"


@pytest.fixture
async def scene(database: Path) -> AsyncIterator[Scene]:
    async with TestServer(database=database) as server:
        yield Scene(server)


class Echo:
    """Stands in for the HTTP task: it tells everything it was given."""

    def __init__(self) -> None:
        self.bug: Exception | None = None

    async def run(self, value: JsonObject, task: Task) -> Finished:
        if self.bug is not None:
            raise self.bug
        said: JsonObject = {"echo": value, "text": json.dumps(value)}
        return Finished(status=TaskStatus.FAILED, output=said, reason="no answer from " + str(value["uri"]))

    async def close(self) -> None:
        """There is nothing to close."""


def echo(platform: Platform) -> Echo:
    echo = Echo()
    platform.loops.system_tasks._workers["HTTP"]._task = echo
    return echo


def http(**fields: Any) -> dict[str, Any]:
    return {"name": "h", "taskReferenceName": "h", "type": "HTTP", "inputParameters": INPUT | {"method": "GET"}, **fields}


def files(database: Path) -> bytes:
    """All that is stored."""
    return b"".join(one.read_bytes() for one in database.parent.iterdir())


async def test_a_worker_gets_it_and_what_it_tells_is_scrubbed_before_it_is_stored(scene: Scene, database: Path) -> None:
    await scene.call("PUT /secrets/KEY", content=SECRET)
    await scene.register(worker(inputParameters=INPUT))
    run = await scene.start()
    task = await scene.taken()
    assert task["inputData"] == {"p": SECRET, "uri": f"http://x/?k={SECRET}"}
    await scene.call(f"POST /tasks/{task['taskId']}/log", content=f"I know {SECRET}")
    await scene.report(
        task,
        "FAILED",
        outputData={"echo": task["inputData"], SECRET: 1},
        reasonForIncompletion=f"bad {SECRET}",
        logs=[{"log": f"tried {SECRET}"}],
    )
    await scene.server.settle()
    whole = await scene.workflow(run)
    found = whole["tasks"][0]
    assert found["inputData"] == INPUT
    assert found["outputData"] == {"echo": {"p": "***", "uri": "http://x/?k=***"}, "***": 1}
    assert found["reasonForIncompletion"] == "bad ***"
    logs = await scene.json(f"GET /tasks/{task['taskId']}/log")
    assert sorted(line["log"] for line in logs) == ["I know ***", "tried ***"]
    assert SECRET not in json.dumps(whole)
    assert SECRET.encode() not in files(database)


async def test_a_report_by_reference_is_scrubbed_too(scene: Scene) -> None:
    await scene.call("PUT /secrets/KEY", content=SECRET)
    await scene.register(worker(inputParameters=INPUT))
    run = await scene.start()
    await scene.call(f"POST /tasks/{run}/a/COMPLETED", {"said": SECRET})
    assert (await scene.workflow(run))["tasks"][0]["outputData"] == {"said": "***"}


async def test_a_task_of_the_server_gets_it_and_tells_nothing(scene: Scene, database: Path) -> None:
    echo(scene.server.platform)
    await scene.call("PUT /secrets/KEY", content=SECRET)
    await scene.register(http())
    run = await scene.start()
    found = (await scene.workflow(run))["tasks"][0]
    assert (found["inputData"]["p"], found["reasonForIncompletion"]) == (INPUT["p"], "no answer from http://x/?k=***")
    assert found["outputData"]["echo"]["p"] == "***"
    assert SECRET.encode() not in files(database)


async def test_a_bug_in_a_task_of_the_server_is_logged_without_it(scene: Scene, caplog: pytest.LogCaptureFixture) -> None:
    echo(scene.server.platform).bug = ValueError(f"what is {SECRET}?")
    await scene.call("PUT /secrets/KEY", content=SECRET)
    await scene.register(http())
    with caplog.at_level(logging.ERROR):
        run = await scene.start()
    assert (await scene.workflow(run))["tasks"][0]["reasonForIncompletion"].endswith("ValueError('what is ***?')")
    [record] = [one for one in caplog.records if one.getMessage() == "system_task_failed"]
    assert record.exc_info is None
    assert "what is ***?" in str(vars(record)["keys"]["reason"])


async def test_other_tasks_may_say_the_same_word(scene: Scene) -> None:
    await scene.call("PUT /secrets/KEY", content="true story")
    await scene.register(worker())
    run = await scene.start()
    await scene.report(await scene.taken(), outputData={"a": "a true story"})
    assert (await scene.workflow(run))["tasks"][0]["outputData"] == {"a": "a true story"}


async def test_runtime_metadata_is_given_and_scrubbed(scene: Scene) -> None:
    await scene.call("PUT /secrets/KEY", content=SECRET)
    await scene.call("PUT /environment/PLACE", content="eu-1")
    await scene.register(worker())
    await scene.call("POST /metadata/taskdefs", [{"name": "t", "retryCount": 0, "runtimeMetadata": ["KEY", "PLACE", "NONE"]}])
    run = await scene.start()
    task = await scene.taken()
    assert task["runtimeMetadata"] == {"KEY": SECRET, "PLACE": "eu-1"}
    await scene.report(task, outputData={"said": f"{SECRET} in eu-1"})
    assert (await scene.workflow(run))["tasks"][0]["outputData"] == {"said": "*** in eu-1"}


@pytest.mark.parametrize("node", [worker(inputParameters=INPUT), http()], ids=["worker", "server"])
async def test_a_task_whose_secret_is_missing_fails_for_good(scene: Scene, node: dict[str, Any]) -> None:
    await scene.register(node)
    run = await scene.start()
    if node["type"] == "SIMPLE":
        assert await scene.poll() is None
    found = await scene.workflow(run)
    assert (found["status"], found["tasks"][0]["status"]) == ("FAILED", "FAILED_WITH_TERMINAL_ERROR")
    assert found["tasks"][0]["reasonForIncompletion"] == "Secret 'KEY' not found or not accessible"


async def test_a_missing_secret_may_be_nothing() -> None:
    async with TestServer(missing_secrets="empty") as server:
        scene = Scene(server)
        await scene.register(worker(inputParameters=INPUT))
        await scene.start()
        assert (await scene.taken())["inputData"] == {"p": None, "uri": "http://x/?k="}


async def test_masked_fields_are_seen_by_workers_and_expressions_alone(scene: Scene) -> None:
    node = worker(inputParameters={"card": "${workflow.input.card}", "_secrets": {"a": 1}, "deep": [{"card": 1}]})
    await scene.register(node, maskedFields=["card"], outputParameters={"card": "${workflow.input.card}", "text": "${workflow.input.card}"})
    run = await scene.start(input={"card": "4711", "_masked": [1]})
    task = await scene.taken()
    assert task["inputData"] == {"card": "4711", "_secrets": {"a": 1}, "deep": [{"card": 1}]}
    await scene.report(task, outputData={"card": "4711", "ok": True})
    whole = await scene.workflow(run)
    assert whole["input"] == {"card": "***", "_masked": "***"}
    assert whole["output"] == {"card": "***", "text": "4711"}
    assert whole["tasks"][0]["inputData"] == {"card": "***", "_secrets": "***", "deep": [{"card": "***"}]}
    assert whole["tasks"][0]["outputData"] == {"card": "***", "ok": True}
    [row] = (await scene.json("GET /workflow/search"))["results"]
    assert (json.loads(row["input"]), json.loads(row["output"])["card"]) == ({"card": "***", "_masked": "***"}, "***")
    [row] = (await scene.json("GET /tasks/search"))["results"]
    assert json.loads(row["output"]) == {"card": "***", "ok": True}
    assert (await scene.json(f"GET /workflow/{run}/status?includeOutput=true"))["output"]["card"] == "***"
    changes = await scene.json(f"GET /workflow/{run}/changes?since=0")
    assert (changes["workflow"]["output"]["card"], changes["tasks"][0]["outputData"]["card"]) == ("***", "***")
    await scene.call("DELETE /metadata/workflow/w/1")
    [row] = (await scene.json("GET /workflow/search"))["results"]
    assert json.loads(row["input"])["card"] == "***"


async def test_a_masked_field_is_found_in_any_spelling(scene: Scene) -> None:
    await scene.register(worker(), maskedFields=["größe"])
    answer = await scene.call("POST /workflow/w", content=b'{"gr\\u00f6\\u00dfe": 5}', headers={"content-type": "application/json"})
    assert (await scene.workflow(answer.text))["input"] == {"größe": "***"}
