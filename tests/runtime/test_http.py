"""HTTP: the calls that a task asks for, and what becomes of their answers (spec/tasks.md §4.2)."""

from __future__ import annotations

import asyncio
import ipaddress
from collections.abc import AsyncIterator
from typing import Any

import pytest

from podium.model.json import Json, JsonObject
from podium.model.status import TaskStatus
from podium.runtime.system.http import HttpLimits, HttpTask
from podium.runtime.system.http_answer import body_value
from podium.runtime.system.http_call import BadCall, Call, read_call
from podium.runtime.system.http_client import ClientOptions, Reach, create_client, reachable
from tests.runtime.web import always, reply, web


@pytest.fixture
async def http() -> AsyncIterator[HttpTask]:
    task = HttpTask(lambda: create_client(ClientOptions()), HttpLimits(response_bytes=1_000, redirects=3))
    yield task
    await task.close()


def response(output: JsonObject) -> Any:
    return output["response"]


async def test_a_json_answer_is_parsed(http: HttpTask) -> None:
    async with web(always(reply("200 OK", '{"a": [1]}', "Content-Type: application/json", "X-Two: 1", "X-Two: 2"))) as site:
        finished = await http.call({"http_request": {"uri": site.address + "/x", "method": "GET"}})
    assert finished.status is TaskStatus.COMPLETED
    described = response(finished.output)
    assert (described["statusCode"], described["reasonPhrase"], described["body"]) == (200, "OK", {"a": [1]})
    assert described["headers"]["Content-Type"] == ["application/json"]
    assert described["headers"]["X-Two"] == ["1", "2"]


async def test_a_call_has_its_headers_and_its_body(http: HttpTask) -> None:
    call: JsonObject = {
        "method": "POST",
        "body": {"b": [None]},
        "headers": {"X-Number": 1, "X-Null": None},
        "accept": ["text/plain", "*/*"],
    }
    async with web(always(reply())) as site:
        await http.call({**call, "uri": site.address + "/path?q=1"})
        (request,) = site.requests
    head, _, body = request.partition("\r\n\r\n")
    assert head.startswith("POST /path?q=1 HTTP/1.1")
    assert body == '{"b":[null]}'
    for line in ("X-Number: 1", "Accept: text/plain, */*", "Content-Type: application/json"):
        assert line.lower() in head.lower()
    assert "x-null" not in head.lower()


async def test_an_empty_answer_has_a_null_body(http: HttpTask) -> None:
    async with web(always(reply("204 No Content"))) as site:
        finished = await http.call({"uri": site.address, "method": "GET"})
    assert response(finished.output)["body"] is None


async def test_an_error_status_fails_the_task_with_a_text(http: HttpTask) -> None:
    async with web(always(reply("404 Not Found", "gone"))) as site:
        finished = await http.call({"uri": site.address + "/x", "method": "GET"})
        text = f'java.lang.Exception: 404 Not Found on GET request for "{site.address}/x": "gone"'
    assert finished.status is TaskStatus.FAILED
    assert finished.reason == "Failed to invoke HTTP task due to: " + text
    assert finished.output == {"response": text}


async def test_accepted_statuses_are_successes(http: HttpTask) -> None:
    async with web(always(reply("404 Not Found", "gone"))) as site:
        finished = await http.call({"uri": site.address, "method": "GET", "acceptedStatusCodes": ["4xx"]})
    assert finished.status is TaskStatus.COMPLETED
    assert response(finished.output)["statusCode"] == 404


async def test_async_complete_waits_for_an_update(http: HttpTask) -> None:
    async with web(always(reply())) as site:
        finished = await http.call({"uri": site.address, "method": "GET", "asyncComplete": True})
    assert finished.status is TaskStatus.IN_PROGRESS
    assert finished.callback_after_seconds == 0


async def test_redirects_are_followed(http: HttpTask) -> None:
    async def answer(request: str) -> bytes:
        return reply("200 OK", "there") if request.startswith("GET /there") else reply("302 Found", "", "Location: /there")

    async with web(answer) as site:
        finished = await http.call({"uri": site.address + "/here", "method": "GET"})
    assert response(finished.output)["body"] == "there"


async def test_redirects_come_to_an_end(http: HttpTask) -> None:
    async with web(always(reply("302 Found", "", "Location: /again"))) as site:
        finished = await http.call({"uri": site.address, "method": "GET"})
        assert len(site.requests) == 4
    assert finished.status is TaskStatus.FAILED


async def test_an_answer_may_not_be_too_large(http: HttpTask) -> None:
    async with web(always(reply("200 OK", "x" * 1_001))) as site:
        finished = await http.call({"uri": site.address, "method": "GET"})
    assert finished.status is TaskStatus.FAILED
    assert "larger than 1000 bytes" in (finished.reason or "")


async def test_a_slow_answer_fails_the_task(http: HttpTask) -> None:
    never = asyncio.Event()

    async def answer(_request: str) -> bytes:
        await never.wait()
        return b""

    async with web(answer) as site:
        finished = await http.call({"uri": site.address, "method": "GET", "readTimeOut": 20})
        never.set()
    assert finished.status is TaskStatus.FAILED
    assert "ReadTimeout" in (finished.reason or "")


async def test_a_refused_connection_fails_the_task(http: HttpTask) -> None:
    async with web(always(b"")) as site:
        address = site.address
    finished = await http.call({"uri": address, "method": "GET"})
    assert finished.status is TaskStatus.FAILED
    assert (finished.reason or "").startswith("Failed to invoke HTTP task due to: java.lang.Exception: I/O error on GET request")


async def test_the_first_good_answer_of_several_calls_wins(http: HttpTask) -> None:
    numbers = iter(range(10))

    async def answer(_request: str) -> bytes:
        return reply("500 No", "") if next(numbers) == 0 else reply("200 OK", "good")

    async with web(answer) as site:
        finished = await http.call({"uri": site.address, "method": "GET", "hedgingConfig": {"maxAttempts": 2}})
    assert response(finished.output)["body"] == "good"


async def test_an_address_that_may_not_be_reached_is_not_called() -> None:
    task = HttpTask(lambda: create_client(ClientOptions(reach="public")), HttpLimits())
    async with web(always(reply())) as site:
        finished = await task.call({"uri": site.address, "method": "GET"})
        assert site.requests == []
    await task.close()
    assert finished.status is TaskStatus.FAILED
    assert "http-addresses" in (finished.reason or "")


@pytest.mark.parametrize(
    ("address", "reach", "allowed"),
    [
        ("127.0.0.1", "network", True),
        ("10.1.2.3", "network", True),
        ("169.254.169.254", "network", False),
        ("::ffff:169.254.169.254", "network", False),
        ("fe80::1", "network", False),
        ("0.0.0.0", "network", False),
        ("127.0.0.1", "public", False),
        ("10.1.2.3", "public", False),
        ("::1", "public", False),
        ("8.8.8.8", "public", True),
        ("169.254.169.254", "any", True),
    ],
)
def test_which_addresses_may_be_reached(address: str, reach: Reach, allowed: bool) -> None:
    assert reachable(ipaddress.ip_address(address), reach) is allowed


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ({"method": "GET"}, "Missing HTTP URI.  See documentation for HttpTask for required input parameters"),
        ({"uri": "http://x"}, "No HTTP method specified"),
        (
            {"uri": "http://x", "method": "get"},
            "Failed to invoke HTTP task due to: java.lang.IllegalArgumentException: Invalid HTTP method: get",
        ),
    ],
)
async def test_what_is_no_call_fails_the_task(http: HttpTask, given: JsonObject, reason: str) -> None:
    finished = await http.call({"http_request": given})
    assert (finished.status, finished.reason) == (TaskStatus.FAILED, reason)


def called(**given: Json) -> Call:
    return read_call({"uri": "http://host/", "method": "POST", **given})


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        ("http://host/a b", "http://host/a%20b"),
        ("http://host/?q=a%20b", "http://host/?q=a%2520b"),
        ("http://host/ü?q=[1]", "http://host/%C3%BC?q=%5B1%5D"),
        ("http://host/a+b?c=d+e&f=g", "http://host/a+b?c=d+e&f=g"),
    ],
)
def test_an_address_is_encoded(given: str, wanted: str) -> None:
    assert str(called(uri=given).url) == wanted


def test_an_address_that_is_encoded_stays_as_it_is() -> None:
    assert str(called(uri="http://host/?q=a%20b", encode=False).url) == "http://host/?q=a%20b"


@pytest.mark.parametrize(
    "given", [{"uri": "http://host/{x}"}, {"uri": "/path"}, {"uri": "ftp://host"}, {"contentType": "nonsense"}, {"readTimeOut": "soon"}]
)
def test_what_is_wrong_with_a_call_is_said(given: JsonObject) -> None:
    with pytest.raises(BadCall):
        called(**given)


def test_a_form_is_sent_as_fields() -> None:
    form = "application/x-www-form-urlencoded"
    assert called(contentType=form, body={"a": "x y", "b": [1, True]}).content == b"a=x+y&b=1&b=true"
    with pytest.raises(BadCall):
        called(contentType=form, body="a=1")


def test_a_text_body_is_sent_as_it_is() -> None:
    assert called(body="<x/>", contentType="text/xml").content == b"<x/>"


def test_time_limits_have_defaults_of_their_own_when_they_are_null() -> None:
    assert (called().timeout.connect, called().timeout.read) == (3.0, 3.0)
    nulls = called(connectionTimeOut=None, readTimeOut=None).timeout
    assert (nulls.connect, nulls.read) == (0.1, 0.15)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ('{"a": 1}', {"a": 1}),
        ("[1, 2]", [1, 2]),
        ("42", 42.0),
        ("true", "true"),
        ("null", "null"),
        ('"text"', "text"),
        ("plain", "plain"),
        ('{"a": 1} trailing', {"a": 1}),
        ("7f3c-1", "7f3c-1"),
        ("NaN", "NaN"),
        ("1e999", "1e999"),
        ("[" * 100_000, "[" * 100_000),
    ],
)
def test_what_becomes_of_a_body(text: str, value: Json) -> None:
    assert body_value(text) == value
