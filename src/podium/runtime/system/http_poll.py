"""HTTP_POLL: calls a web service again and again until its answer is the one that is waited for (spec/tasks.md §4.3)."""

from __future__ import annotations

import math
from typing import Final

from podium.engine.evaluators import ScriptFailed, UnknownEvaluator, evaluate
from podium.engine.java_text import java_text
from podium.model.json import Json, JsonObject
from podium.model.status import TaskStatus
from podium.model.task import FOREVER_SECONDS, Task
from podium.runtime.oracle import Sandbox
from podium.runtime.script import with_time
from podium.runtime.system.finished import Finished
from podium.runtime.system.http import HttpTask

INTERVAL_SECONDS: Final = 60
MOST_POLLS: Final = 1_000
STRATEGIES: Final = ("FIXED", "LINEAR_BACKOFF", "EXPONENTIAL_BACKOFF")
_DONE: Final = frozenset({"true", "1", "1.0"})
_FAILED: Final = frozenset({"-1", "-1.0"})


class HttpPollTask:
    """Makes one call at a time; between two of them the task waits in its queue, so that a stopped server forgets nothing."""

    def __init__(self, http: HttpTask, sandbox: Sandbox, least_seconds: int) -> None:
        self._http = http
        self._sandbox = sandbox
        self._least_seconds = least_seconds

    async def run(self, value: JsonObject, task: Task) -> Finished:
        """One poll. A call that fails, or a condition that cannot be evaluated, fails the task."""
        request = value.get("http_request")
        described: JsonObject = {key: given for key, given in value.items() if key not in ("http_request", "asyncComplete")}
        if isinstance(request, dict):
            described |= request
        problem = _problem(described)
        if problem is not None:
            return Finished(status=TaskStatus.FAILED, reason=problem)
        answer = await self._http.call(described)
        if answer.status is not TaskStatus.COMPLETED:
            return answer
        try:
            verdict = java_text(await self._verdict(described, answer.output, task))
        except (ScriptFailed, UnknownEvaluator) as failure:
            return Finished(
                status=TaskStatus.FAILED, output=answer.output, reason=f"The terminationCondition cannot be evaluated: {failure}"
            )
        if verdict in _DONE:
            return answer
        if verdict in _FAILED:
            return Finished(status=TaskStatus.FAILED, output=answer.output, reason="The terminationCondition says that the task has failed")
        return self._again(described, answer.output, task.poll_count)

    async def _verdict(self, described: JsonObject, output: JsonObject, task: Task) -> Json:
        """What the condition says of an answer; it sees the task's input as it is stored, without secrets."""
        own: JsonObject = {"output": output, "input": task.input.value}
        document: JsonObject = {**own, task.base_ref: own, task.ref: own}
        language = java_text(described.get("evaluatorType") or "javascript")
        source = java_text(described["terminationCondition"])
        return await with_time(self._sandbox, lambda answers: evaluate(language, source, document, answers))

    def _again(self, described: JsonObject, output: JsonObject, polls: int) -> Finished:
        most = _number(described.get("maxPollCount"), MOST_POLLS)
        if polls >= most:
            reason = f"The terminationCondition was not met in {polls} polls, maxPollCount is {most}"
            return Finished(status=TaskStatus.FAILED, output=output, reason=reason)
        seconds = max(self._least_seconds, _number(described.get("pollingInterval"), INTERVAL_SECONDS))
        delay = pause_seconds(java_text(described.get("pollingStrategy") or "FIXED"), seconds, polls)
        return Finished(status=TaskStatus.IN_PROGRESS, output=output, callback_after_seconds=delay)

    async def close(self) -> None:
        """The connections are those of the HTTP task, which closes them."""


def pause_seconds(strategy: str, seconds: int, polls: int) -> int:
    """How long to wait after the n-th poll: the interval, n times as long, or twice as long as the time before."""
    if strategy == "LINEAR_BACKOFF":
        return min(seconds * polls, FOREVER_SECONDS)
    if strategy == "EXPONENTIAL_BACKOFF":
        return min(seconds << min(polls - 1, 31), FOREVER_SECONDS)
    return min(seconds, FOREVER_SECONDS)


def _problem(described: JsonObject) -> str | None:
    if not java_text(described.get("terminationCondition") or "").strip():
        return "Missing 'terminationCondition' in the http_request of the HTTP_POLL task"
    strategy = described.get("pollingStrategy")
    if strategy is not None and strategy not in STRATEGIES:
        return f"'pollingStrategy' must be one of {', '.join(STRATEGIES)}, not {java_text(strategy)[:100]}"
    return None


def _number(given: Json, otherwise: int) -> int:
    """A whole number, rounded up, of a number or the text of one; at least 1."""
    try:
        number = float(java_text(given)) if given is not None and not isinstance(given, bool) else otherwise
    except ValueError:
        return otherwise
    return max(1, math.ceil(number)) if math.isfinite(number) else otherwise
