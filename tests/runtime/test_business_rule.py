"""BUSINESS_RULE: decision tables in files (spec/tasks.md §4.11)."""

from __future__ import annotations

import datetime as dt
import io
from collections.abc import AsyncIterator
from typing import Any

import pytest

from podium.model.definition import WorkflowTask
from podium.model.json import Json, JsonObject
from podium.model.status import TaskStatus, WorkflowStatus
from podium.model.task import Task
from podium.runtime.sandbox import Sandbox
from podium.runtime.system.business_rule import BusinessRuleTask
from podium.runtime.system.finished import Finished
from podium.runtime.system.http import HttpLimits, HttpTask
from podium.runtime.system.http_client import ClientOptions, create_client
from podium.runtime.system.rule_cell import read_condition, read_value
from podium.runtime.system.rule_table import BadTable, read_table
from podium.testing.clock import FakeClock
from podium.testing.server import TestServer
from tests.runtime.web import Answer, always, reply, web
from tests.runtime.world import TestStore, define, start

RULES = """country,amount,discount,note
DE,> 100,0.2,big
DE,,0.1,small
"inList({""FR"",""IT""})",>= 50,0.3,"createList({""a"",""b""})"
"""
TASK = Task(workflow_id="w", task_id="t", number=1, ref="b", base_ref="b", task_type="B", def_name="b", status=TaskStatus.IN_PROGRESS)


class Rules:
    """The task, with a clock of the test's own."""

    def __init__(self) -> None:
        self.clock = FakeClock()
        self.http = HttpTask(lambda: create_client(ClientOptions()), HttpLimits())
        self.sandbox = Sandbox(4_000, 64_000_000, 1)
        self.task = BusinessRuleTask(self.http, self.sandbox, self.clock)

    async def ask(self, location: Json, given: Json, *wanted: str, **fields: Json) -> Finished:
        value: JsonObject = {"ruleFileLocation": location, "inputColumns": given, "outputColumns": list(wanted), **fields}
        return await self.task.run(value, TASK)


@pytest.fixture
async def rules() -> AsyncIterator[Rules]:
    made = Rules()
    yield made
    await made.http.close()
    await made.sandbox.close()


@pytest.mark.parametrize(
    ("cell", "fitting", "others"),
    [
        ("", [1, "x", None], []),
        ("DE", ["DE", " DE "], ["de", "FR", None, 1]),
        ('"DE"', ["DE"], ["FR"]),
        ("= 5", [5, "5", 5.0], [6, "x", None]),
        ("!= 5", [6, "x", None], [5, "5"]),
        ("!= x", ["y", 1], ["x"]),
        ("> 5", [6, "7"], [5, "x", None, True]),
        (">= 5", [5], [4]),
        ("< -1.5", [-2], [-1]),
        ("<= 1e2", [100], [101]),
        ("> 2022-04-22", ["2022-04-23", "2022-may-01", "2022-04-22 00:00:01"], ["2022-04-22", "2022-02-30", "soon"]),
        ("= 2022-mar-12", ["2022-03-12"], ["2022-03-13"]),
        ("<= 2022-03-22 12:20:22", ["2022-03-22 12:20:22"], ["2022-03-22 12:20:23"]),
        ('startsWith("ab")', ["abc"], ["cab", None]),
        ("endsWith(bc)", ["abc"], ["abcd"]),
        ('contains("b")', ["abc"], ["x"]),
        (r'matches("a\\d+")', ["a12"], ["a12b", "b", None]),
        ("length >= 3", ["abc", [1, 2, 3]], ["ab", None]),
        ("length = 2", ["ab"], ["abc"]),
        ('inList({"a", "b,c", 3})', ["a", "b,c", 3, "3"], ["b", None]),
        ('!=inList({"a"})', ["b", None], ["a"]),
        ("true", [True, "true"], [False]),
    ],
)
def test_a_condition(cell: str, fitting: list[Json], others: list[Json]) -> None:
    condition = read_condition(cell)
    assert [value for value in fitting if condition is not None and not condition(value, {})] == []
    assert [value for value in others if condition is None or condition(value, {})] == []


@pytest.mark.parametrize(
    ("cell", "value"),
    [
        ("5", 5),
        ("-0.25", -0.25),
        ("007", "007"),
        ('"5"', "5"),
        ("TRUE", True),
        (" text ", "text"),
        ("", ""),
        ('createList({"a", 2, "3"})', ["a", 2, "3"]),
        ("createList({})", []),
    ],
)
def test_a_value(cell: str, value: Json) -> None:
    assert read_value(cell) == value


@pytest.mark.parametrize(
    "cell", ["contains(" + " " * 100_000, "inList({" + " " * 100_000 + "x", "inList({" + '"' * 50_000 + "})", "(" * 50_000]
)
def test_a_cell_that_is_made_to_be_slow_is_not(cell: str) -> None:
    assert read_condition(cell) is not None


async def test_the_first_rule_that_fits_answers(rules: Rules) -> None:
    async with web(always(reply("200 OK", RULES))) as site:
        address = f"{site.address}/rules.csv"
        assert (await rules.ask(address, {"country": "DE", "amount": 150}, "discount", "note")).output == {
            "result": {"discount": 0.2, "note": "big"}
        }
        assert (await rules.ask(address, {"country": "DE", "amount": 100}, "discount")).output == {"result": {"discount": 0.1}}
        assert (await rules.ask(address, {"country": "IT", "amount": 50}, "note")).output == {"result": {"note": ["a", "b"]}}
        none = await rules.ask(address, {"country": "US"}, "note")
    assert (none.status, none.output) == (TaskStatus.COMPLETED, {"result": {}})


async def test_all_rules_that_fit_answer_later_ones_last(rules: Rules) -> None:
    async with web(always(reply("200 OK", RULES))) as site:
        finished = await rules.ask(site.address, {"country": "DE", "amount": 150}, "note", executionStrategy="FIRE_ALL")
    assert finished.output == {"result": {"note": "small"}}


async def test_a_file_is_read_once_as_long_as_its_first_reader_says(rules: Rules) -> None:
    async with web(always(reply("200 OK", RULES))) as site:
        for minutes in ("2", 60):
            await rules.ask(site.address, {"country": "DE"}, "note", cacheTimeoutMinutes=minutes)
        rules.clock.advance(119_999)
        await rules.ask(site.address, {"country": "DE"}, "note")
        assert len(site.requests) == 1
        rules.clock.advance(1)
        await rules.ask(site.address, {"country": "DE"}, "note")
        assert len(site.requests) == 2


async def test_a_slow_expression_gets_its_time_and_no_more(rules: Rules) -> None:
    rules.sandbox = Sandbox(200, 64_000_000, 1)
    rules.task = BusinessRuleTask(rules.http, rules.sandbox, rules.clock)
    async with web(always(reply("200 OK", 'k,v\n"matches(""(a+)+b"")",1\n'))) as site:
        finished = await rules.ask(site.address, {"k": "a" * 40}, "v")
    assert finished.status is TaskStatus.FAILED
    assert "not evaluated within" in (finished.reason or "")


@pytest.mark.parametrize(
    ("answer", "fields"),
    [
        (reply("404 Not Found"), {}),
        (reply("200 OK", ""), {}),
        (reply("200 OK", "a\n1\n"), {}),
        (reply("200 OK", RULES), {"outputColumns": ["none"]}),
        (reply("200 OK", RULES), {"outputColumns": "note"}),
        (reply("200 OK", RULES), {"inputColumns": [1]}),
        (reply("200 OK", RULES), {"executionStrategy": "FIRE_SOME"}),
        (reply("200 OK", RULES), {"ruleFileLocation": None}),
        (reply("200 OK", RULES), {"ruleFileLocation": "rules.csv"}),
        (reply("200 OK", RULES), {"ruleFileLocation": "http://127.0.0.1:1/x.csv"}),
        (reply("200 OK", "PK\x03\x04 and so on"), {}),
        (reply("200 OK", "no book", "Content-Type: application/vnd.ms-excel"), {}),
    ],
)
async def test_what_cannot_be_read_or_asked_fails_the_task(rules: Rules, answer: bytes, fields: dict[str, Any]) -> None:
    async with web(always(answer)) as site:
        value: JsonObject = {"ruleFileLocation": site.address, "inputColumns": {"country": "DE"}, "outputColumns": ["note"], **fields}
        finished = await rules.task.run(value, TASK)
    assert (finished.status, bool(finished.reason)) == (TaskStatus.FAILED, True)


def test_a_spreadsheet_is_read_as_a_person_sees_it() -> None:
    openpyxl = pytest.importorskip("openpyxl")
    book = openpyxl.Workbook()
    when = dt.datetime(2022, 4, 22)  # noqa: DTZ001 - a cell has no zone
    for row in (["k", "v", "w", None], ["> 1", 5.0, when, None], [None, None, None], ["x", True, 0.5]):
        book.active.append(row)
    written = io.BytesIO()
    book.save(written)
    table = read_table(written.getvalue(), "http://x/rules.xlsx", "")
    assert table.columns == ("k", "v", "w")
    assert [rule.values for rule in table.rules] == [{"k": "> 1", "v": "5", "w": "2022-04-22"}, {"k": "x", "v": "true", "w": "0.5"}]


def test_too_many_rules_are_refused() -> None:
    with pytest.raises(BadTable):
        read_table(b"a\n" + b"1\n" * 10_001, "http://x/rules.csv", "")


async def test_a_workflow_asks_its_rules(store: TestStore) -> None:
    answer: Answer = always(reply("200 OK", RULES, "Content-Type: text/csv"))
    async with TestServer(store=store) as server, web(answer) as site:
        parameters: dict[str, Any] = {
            "ruleFileLocation": site.address,
            "executionStrategy": "FIRE_FIRST",
            "inputColumns": {"country": "${workflow.input.country}"},
            "outputColumns": ["note"],
        }
        node = WorkflowTask(name="b", task_reference_name="b", type="BUSINESS_RULE", input_parameters=parameters)
        await define(server.platform, "w", [node])
        workflow_id = await start(server.platform, "w", {"country": "DE"})
        await server.settle()
        workflow = (await server.platform.executor.read(workflow_id)).workflow
    assert (workflow.status, workflow.output.value) == (WorkflowStatus.COMPLETED, {"result": {"note": "big"}})
