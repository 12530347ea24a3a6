"""HTTP: calls a web service (spec/tasks.md §4.2)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from http import HTTPStatus
from typing import Final

import httpx2
import msgspec

from podium.engine.java_text import java_text
from podium.model.json import Json, JsonObject
from podium.model.status import TaskStatus
from podium.model.task import Task
from podium.runtime.system.finished import Finished
from podium.runtime.system.http_answer import body_value, whole_answer
from podium.runtime.system.http_call import BadCall, Call, read_call

LONGEST_SECONDS: Final = 3_600  # a call that trickles on is ended


class HttpLimits(msgspec.Struct, frozen=True, kw_only=True):
    """What an HTTP task may do."""

    response_bytes: int = 10_000_000
    redirects: int = 20


class HttpTask:
    """Calls with one pool of connections; the client is made at the first call."""

    def __init__(self, make_client: Callable[[], httpx2.AsyncClient], limits: HttpLimits) -> None:
        self._make_client = make_client
        self._limits = limits
        self._made: httpx2.AsyncClient | None = None

    async def run(self, value: JsonObject, task: Task) -> Finished:  # noqa: ARG002 - every type takes the task
        """Make the call that the input describes."""
        return await self.call(value)

    async def call(self, value: JsonObject) -> Finished:
        """Make a call."""
        given = value.get("http_request")
        described = given if isinstance(given, dict) else value
        for key, reason in _REQUIRED.items():
            if described.get(key) is None:
                return Finished(status=TaskStatus.FAILED, reason=reason)
        try:
            call = read_call(described)
            async with asyncio.timeout(LONGEST_SECONDS):
                answer = await self._hedged(call)
        except BadCall as refusal:
            return _failed(f"{refusal.java_class}: {refusal}")
        except TimeoutError:
            return _failed(f"java.lang.Exception: no end of the answer after {LONGEST_SECONDS} seconds")
        except (httpx2.HTTPError, httpx2.InvalidURL, OSError) as failure:
            text = f'I/O error on {described["method"]} request for "{described["uri"]}": {str(failure) or type(failure).__name__}'
            return _failed(f"java.lang.Exception: {text}")
        return _finished(call, answer, async_complete=value.get("asyncComplete") is True)

    async def fetch(self, address: str) -> tuple[httpx2.Response, bytes]:
        """What is at an address, redirects followed. Raises BadCall, and what the client raises."""
        given: JsonObject = {"uri": address, "method": "GET", "accept": "*/*", "encode": False}
        async with asyncio.timeout(LONGEST_SECONDS):
            return await self._answer(read_call(given))

    async def close(self) -> None:
        """Close all connections."""
        if self._made is not None:
            await self._made.aclose()

    async def _hedged(self, call: Call) -> tuple[httpx2.Response, bytes]:
        """The first answer that is accepted of as many calls as are wanted at once; otherwise the last one."""
        if call.attempts <= 1:
            return await self._answer(call)
        calls = [asyncio.create_task(self._answer(call)) for _ in range(call.attempts)]
        try:
            for number, next_done in enumerate(asyncio.as_completed(calls), start=1):
                try:
                    response, body = await next_done
                except (httpx2.HTTPError, OSError):
                    if number == len(calls):
                        raise
                    continue
                if call.accepts(response.status_code) or number == len(calls):
                    return response, body
        finally:
            for one in calls:
                one.cancel()
            await asyncio.gather(*calls, return_exceptions=True)
        raise AssertionError("as many answers as calls")

    async def _answer(self, call: Call) -> tuple[httpx2.Response, bytes]:
        """The final answer, redirects followed, and its body."""
        client = self._client()
        request = client.build_request(
            call.method, call.url, headers=call.headers, content=call.content, files=call.parts, timeout=call.timeout
        )
        for _ in range(self._limits.redirects + 1):
            response = await client.send(request, stream=True)
            try:
                if response.next_request is None:
                    return response, await whole_answer(response, self._limits.response_bytes)
                request = response.next_request
            finally:
                await response.aclose()
        raise httpx2.TooManyRedirects(f"more than {self._limits.redirects} redirects", request=request)

    def _client(self) -> httpx2.AsyncClient:
        if self._made is None:
            self._made = self._make_client()
        return self._made


_REQUIRED: Final = {
    "uri": "Missing HTTP URI.  See documentation for HttpTask for required input parameters",
    "method": "No HTTP method specified",
}


def _failed(exception: str) -> Finished:
    """A failure in the words that clients of Conductor know."""
    return Finished(status=TaskStatus.FAILED, reason=f"Failed to invoke HTTP task due to: {exception}", output={"response": exception})


def _finished(call: Call, answer: tuple[httpx2.Response, bytes], *, async_complete: bool) -> Finished:
    response, body = answer
    if not call.accepts(response.status_code):
        shown = f'"{_text(response, body)}"' if body else "[no body]"
        status = f"{response.status_code} {response.reason_phrase}"
        return _failed(f'java.lang.Exception: {status} on {call.method} request for "{call.uri}": {shown}')
    headers: dict[str, Json] = {}
    for name, value in response.headers.raw:
        values = headers.setdefault(_header_name(name.decode("latin-1")), [])
        assert isinstance(values, list)
        values.append(value.decode("latin-1"))
    described: JsonObject = {
        "headers": headers,
        "statusCode": response.status_code,
        "reasonPhrase": _phrase(response),
        "body": body_value(_text(response, body)) if body else None,
    }
    status_now = TaskStatus.IN_PROGRESS if async_complete else TaskStatus.COMPLETED
    return Finished(status=status_now, output={"response": described})


def _header_name(name: str) -> str:
    """`Content-Type` for `content-type`: newer servers and proxies send names in small letters, definitions read the usual spelling."""
    return name.title() if name.islower() else name


def _text(response: httpx2.Response, body: bytes) -> str:
    try:
        return body.decode(response.charset_encoding or "utf-8", errors="replace")
    except LookupError:
        return body.decode(errors="replace")


def _phrase(response: httpx2.Response) -> str:
    try:
        return HTTPStatus(response.status_code).phrase
    except ValueError:
        return java_text(response.reason_phrase)
