"""HTTP_POLL: calls again until the answer is the one that is waited for (spec/tasks.md §4.3)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from podium.model.definition import WorkflowTask
from podium.model.json import Json, JsonObject
from podium.model.status import TaskStatus, WorkflowStatus
from podium.model.task import Task
from podium.runtime.sandbox import Sandbox
from podium.runtime.system.finished import Finished
from podium.runtime.system.http import HttpLimits, HttpTask
from podium.runtime.system.http_client import ClientOptions, create_client
from podium.runtime.system.http_poll import HttpPollTask, pause_seconds
from podium.testing.server import TestServer
from tests.runtime.web import Answer, always, reply, web
from tests.runtime.world import TestStore, define, start

DONE = "$.output.response.body.done"


@pytest.fixture
async def poll() -> AsyncIterator[HttpPollTask]:
    http = HttpTask(lambda: create_client(ClientOptions()), HttpLimits())
    sandbox = Sandbox(4_000, 64_000_000, 1)
    yield HttpPollTask(http, sandbox, 5)
    await http.close()
    await sandbox.close()


def a_task(polls: int = 1) -> Task:
    status = TaskStatus.IN_PROGRESS
    return Task(
        workflow_id="w",
        task_id="t",
        number=1,
        ref="p__2",
        base_ref="p",
        task_type="HTTP_POLL",
        def_name="p",
        status=status,
        poll_count=polls,
    )


async def polled(poll: HttpPollTask, body: str, condition: Json = DONE, polls: int = 1, **fields: Any) -> Finished:
    """One poll of a service that answers this."""
    async with web(always(reply("200 OK", body))) as site:
        request: JsonObject = {"uri": site.address, "method": "GET", "terminationCondition": condition, **fields}
        return await poll.run({"http_request": request}, a_task(polls))


async def test_a_condition_that_holds_ends_the_task_with_the_answer(poll: HttpPollTask) -> None:
    finished = await polled(poll, '{"done": true}')
    assert finished.status is TaskStatus.COMPLETED
    response = finished.output["response"]
    assert isinstance(response, dict)
    assert (response["statusCode"], response["body"]) == (200, {"done": True})


async def test_one_that_does_not_hold_polls_again(poll: HttpPollTask) -> None:
    finished = await polled(poll, '{"done": false}', pollingInterval=90)
    assert (finished.status, finished.callback_after_seconds) == (TaskStatus.IN_PROGRESS, 90)
    assert "response" in finished.output


@pytest.mark.parametrize(
    ("value", "status"),
    [
        ("true", TaskStatus.COMPLETED),
        ("1", TaskStatus.COMPLETED),
        ("'true'", TaskStatus.COMPLETED),
        ("false", TaskStatus.IN_PROGRESS),
        ("0", TaskStatus.IN_PROGRESS),
        ("null", TaskStatus.IN_PROGRESS),
        ("undefined", TaskStatus.IN_PROGRESS),
        ("-1", TaskStatus.FAILED),
        ("no such thing", TaskStatus.FAILED),
        ("$.output.response.nothing.at.all", TaskStatus.FAILED),
    ],
)
async def test_what_a_condition_says(poll: HttpPollTask, value: str, status: TaskStatus) -> None:
    assert (await polled(poll, "{}", value)).status is status


async def test_a_condition_sees_input_and_output_also_by_the_name_of_the_task(poll: HttpPollTask) -> None:
    condition = "$.p.output.response.statusCode == 200 && $.p__2.output.response.statusCode == 200 && typeof $.input == 'object'"
    assert (await polled(poll, "{}", condition)).status is TaskStatus.COMPLETED


async def test_a_slow_condition_gets_its_time(poll: HttpPollTask) -> None:
    slow = "let n = 0; while (n < 3000000) n++; n == 3000000"
    assert (await polled(poll, "{}", slow)).status is TaskStatus.COMPLETED


@pytest.mark.parametrize(("given", "seconds"), [(None, 60), (1, 5), ("90", 90), (7.2, 8), ("soon", 60), (True, 60), (1e300, 2**31 - 1)])
async def test_the_interval_is_60_seconds_and_never_shorter_than_allowed(poll: HttpPollTask, given: Any, seconds: int) -> None:
    assert (await polled(poll, "{}", pollingInterval=given)).callback_after_seconds == seconds


@pytest.mark.parametrize(
    ("strategy", "pauses"), [("FIXED", [10, 10, 10]), ("LINEAR_BACKOFF", [10, 20, 30]), ("EXPONENTIAL_BACKOFF", [10, 20, 40])]
)
def test_strategies(strategy: str, pauses: list[int]) -> None:
    assert [pause_seconds(strategy, 10, polls) for polls in (1, 2, 3)] == pauses
    assert pause_seconds(strategy, 10, 10**9) <= 2**31 - 1


async def test_too_many_polls_fail_the_task(poll: HttpPollTask) -> None:
    assert (await polled(poll, "{}", polls=2, maxPollCount=3)).status is TaskStatus.IN_PROGRESS
    finished = await polled(poll, "{}", polls=3, maxPollCount=3)
    assert (finished.status, finished.reason) == (TaskStatus.FAILED, "The terminationCondition was not met in 3 polls, maxPollCount is 3")


@pytest.mark.parametrize("fields", [{"condition": None}, {"condition": " "}, {"pollingStrategy": "SLOW"}, {"uri": None}, {"method": "GOT"}])
async def test_what_cannot_be_meant_fails_the_task(poll: HttpPollTask, fields: dict[str, Any]) -> None:
    assert (await polled(poll, '{"done": true}', **fields)).status is TaskStatus.FAILED


async def test_a_status_that_is_not_accepted_fails_the_task(poll: HttpPollTask) -> None:
    async with web(always(reply("503 Service Unavailable"))) as site:
        request: JsonObject = {"uri": site.address, "method": "GET", "terminationCondition": "true"}
        refused = await poll.run({"http_request": request}, a_task())
        accepted = await poll.run({"http_request": {**request, "acceptedStatusCodes": ["5xx"]}}, a_task())
    assert (refused.status, accepted.status) == (TaskStatus.FAILED, TaskStatus.COMPLETED)


async def test_polling_fields_may_stand_beside_the_request(poll: HttpPollTask) -> None:
    async with web(always(reply("200 OK", "{}"))) as site:
        value: JsonObject = {"http_request": {"uri": site.address, "method": "GET"}, "terminationCondition": "false", "pollingInterval": 70}
        assert (await poll.run(value, a_task())).callback_after_seconds == 70


def counting(last: int) -> Answer:
    """Says `done` from the `last` call on."""
    calls = 0

    async def give(_request: str) -> bytes:
        nonlocal calls
        calls += 1
        return reply("200 OK", f'{{"done": {"true" if calls >= last else "false"}, "calls": {calls}}}')

    return give


async def test_between_two_polls_the_task_waits_in_its_queue(store: TestStore) -> None:
    async with TestServer(store=store) as server, web(counting(3)) as site:
        request: JsonObject = {"uri": site.address, "method": "GET", "terminationCondition": DONE, "pollingInterval": 120}
        node = WorkflowTask(name="p", task_reference_name="p", type="HTTP_POLL", input_parameters={"http_request": request})
        await define(server.platform, "w", [node], output_parameters={"calls": "${p.output.response.body.calls}"})
        workflow_id = await start(server.platform, "w")
        await server.settle()
        (task,) = (await server.platform.executor.read(workflow_id)).listed()
        assert (task.status, task.poll_count, len(site.requests)) == (TaskStatus.IN_PROGRESS, 1, 1)
        await server.advance(119_999)
        assert len(site.requests) == 1
        await server.advance(1)
        assert len(site.requests) == 2
        await server.advance(120_000)
        workflow = (await server.platform.executor.read(workflow_id)).workflow
    assert (workflow.status, workflow.output.value) == (WorkflowStatus.COMPLETED, {"calls": 3})
