"""BUSINESS_RULE: answers from a decision table that stands in a file somewhere (spec/tasks.md §4.11)."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import AsyncIterator
from functools import partial
from typing import Final

import httpx2

from podium.clock import Clock
from podium.engine.evaluators import ScriptFailed
from podium.engine.java_text import java_text
from podium.model.json import Json, JsonObject
from podium.model.status import TaskStatus
from podium.model.task import Task
from podium.runtime.oracle import Sandbox
from podium.runtime.script import with_time
from podium.runtime.system.finished import Finished
from podium.runtime.system.http import HttpTask
from podium.runtime.system.http_call import BadCall
from podium.runtime.system.rule_table import BadTable, Rule, Table, as_columns, read_table

STRATEGIES: Final = ("FIRE_FIRST", "FIRE_ALL")
CACHE_MINUTES: Final = 60
MOST_CACHED: Final = 64
RULES_AT_A_TIME: Final = 200


class BusinessRuleTask:
    """Keeps the tables that it has read; who loads one first says for how long."""

    def __init__(self, http: HttpTask, sandbox: Sandbox, clock: Clock) -> None:
        self._http = http
        self._sandbox = sandbox
        self._clock = clock
        self._cache: OrderedDict[str, tuple[int, Table]] = OrderedDict()  # location -> (until when, table)

    async def run(self, value: JsonObject, task: Task) -> Finished:  # noqa: ARG002 - every type takes the task
        """The values of the output columns, under `result`."""
        location, strategy = value.get("ruleFileLocation"), value.get("executionStrategy") or STRATEGIES[0]
        given, wanted = value.get("inputColumns") or {}, as_columns(value.get("outputColumns"))
        if not isinstance(location, str) or not location.strip():
            return _failed("Missing 'ruleFileLocation' in input data: the address of a csv, xls or xlsx file")
        if strategy not in STRATEGIES:
            return _failed(f"'executionStrategy' must be one of {', '.join(STRATEGIES)}, not {java_text(strategy)[:100]}")
        if not isinstance(given, dict) or wanted is None:
            return _failed("'inputColumns' must be a map from columns to values, 'outputColumns' a list of columns")
        try:
            table = await self._table(location, _minutes(value.get("cacheTimeoutMinutes")))
            table.check((*given, *wanted))
            result: JsonObject = {}
            async for rule in self._fitting(table, given):
                result |= rule.gives(wanted)
                if strategy == "FIRE_FIRST":
                    break
        except (BadTable, BadCall, ScriptFailed, httpx2.HTTPError, httpx2.InvalidURL, OSError) as problem:
            return _failed(f"Failed to evaluate the rules in {location}: {str(problem) or type(problem).__name__}")
        return Finished(status=TaskStatus.COMPLETED, output={"result": result})

    async def _fitting(self, table: Table, given: JsonObject) -> AsyncIterator[Rule]:
        """The rules whose conditions all hold, in order; others get their turn in between."""
        for number, rule in enumerate(table.rules):
            if await with_time(self._sandbox, partial(rule.fits, given)):
                yield rule
            if number % RULES_AT_A_TIME == 0:
                await asyncio.sleep(0)

    async def _table(self, location: str, minutes: int) -> Table:
        now = self._clock.now()
        until, table = self._cache.get(location, (0, None))
        if table is None or until <= now:
            table = await self._load(location)
            self._cache[location] = (now + minutes * 60_000, table)
        self._cache.move_to_end(location)
        if len(self._cache) > MOST_CACHED:
            self._cache.popitem(last=False)
        return table

    async def _load(self, location: str) -> Table:
        response, body = await self._http.fetch(location)
        if not response.is_success:
            raise BadTable(f"{response.status_code} {response.reason_phrase}")
        return await asyncio.to_thread(read_table, body, location, response.headers.get("content-type", ""))

    async def close(self) -> None:
        """The connections are those of the HTTP task, which closes them."""


def _failed(reason: str) -> Finished:
    return Finished(status=TaskStatus.FAILED, reason=reason)


def _minutes(given: Json) -> int:
    text = java_text(given).strip()
    return min(int(text), 525_600) if text.isdecimal() and len(text) < 10 else CACHE_MINUTES
