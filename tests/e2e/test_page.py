"""The pages for people in a real browser: what has run is listed, large runs too, and nothing is loaded from elsewhere."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx2
import pytest

from tests.e2e.browser import Browser, program
from tests.e2e.process import ServerProcess

TASKS = 1_000
MARKUP = "<img src=x onerror=alert(1)>"
OWNER = {"version": 1, "ownerEmail": "a@b.c"}
SMALL = {
    "name": "page_small",
    **OWNER,
    "tasks": [{"name": "v", "taskReferenceName": "v", "type": "SET_VARIABLE", "inputParameters": {"x": 1}}],
}
FORK = {"forkTaskInputs": list(range(TASKS - 2)), "forkTaskName": "step", "forkTaskType": "NOOP"}
LARGE = {
    "name": "page_large",
    **OWNER,
    "tasks": [
        {"name": "f", "taskReferenceName": "f", "type": "FORK_JOIN_DYNAMIC", "inputParameters": FORK},
        {"name": "j", "taskReferenceName": "j", "type": "JOIN"},
    ],
}
EXECUTABLE = program()

pytestmark = pytest.mark.skipif(EXECUTABLE is None, reason="no chromium is installed: the pages are not tried in a real browser")


@pytest.fixture(name="server", scope="module")
def _server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    with ServerProcess(tmp_path_factory.mktemp("page") / "podium.db") as process:
        with httpx2.Client(base_url=f"{process.address}/api", trust_env=False, timeout=30) as http:
            assert http.put("/metadata/workflow", json=[SMALL, LARGE]).status_code == 200
            for number in range(3):
                started = {"name": "page_small", "input": {"n": number, "text": MARKUP}, "correlationId": f"co {number}"}
                assert http.post("/workflow", json=started).status_code == 200
        yield process


@pytest.fixture(name="browser", scope="module")
def _browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    assert EXECUTABLE is not None
    with Browser(EXECUTABLE, tmp_path_factory.mktemp("profile")) as browser:
        yield browser


def start(server: ServerProcess, body: dict[str, Any]) -> str:
    """Start a workflow; its id, once it has ended."""
    answer = httpx2.post(
        f"{server.address}/api/workflow/execute/{body['name']}/1?waitForSeconds=30", json=body, trust_env=False, timeout=60
    )
    assert answer.json()["status"] == "COMPLETED"
    workflow_id: str = answer.json()["workflowId"]
    return workflow_id


def assert_quiet(browser: Browser, server: ServerProcess) -> None:
    """The page came from the server alone, and its scripts did not complain."""
    assert browser.asked
    assert [address for address in browser.asked if not address.startswith(server.address + "/")] == []
    assert browser.complaints == []


def test_the_start_page_lists_executions(browser: Browser, server: ServerProcess) -> None:
    browser.open(server.address + "/")
    rows = browser.eventually("document.querySelectorAll('#runs a.row').length >= 3 && document.getElementById('runs').innerText")
    assert rows.count("page_small v1") == 3
    assert rows.count("completed") == 3
    assert_quiet(browser, server)


def test_a_row_leads_to_its_execution(browser: Browser, server: ServerProcess) -> None:
    browser.open(server.address + "/")
    browser.eventually("document.querySelector('#runs a.row') && (location.href = document.querySelector('#runs a.row').href)")
    browser.open(browser.eventually("location.pathname.startsWith('/execution/') && location.href"))
    facts = browser.eventually("document.getElementById('facts').innerText")
    assert "page_small v1" in facts
    assert "co " in facts
    assert_quiet(browser, server)


def test_what_users_send_is_shown_as_text(browser: Browser, server: ServerProcess) -> None:
    workflow_id = start(server, {"name": "page_small", "input": {"text": MARKUP}})
    browser.open(f"{server.address}/execution/{workflow_id}")
    assert MARKUP in browser.eventually("document.getElementById('panel').innerText")
    assert browser.eventually("document.querySelectorAll('#panel img').length === 0")
    assert_quiet(browser, server)


def test_an_execution_with_a_thousand_tasks_is_shown(browser: Browser, server: ServerProcess) -> None:
    workflow_id = start(server, {"name": "page_large", "input": {}})
    browser.open(f"{server.address}/execution/{workflow_id}")
    assert "1000" in browser.eventually("document.getElementById('facts').innerText")
    first = browser.eventually("document.querySelectorAll('#space .row').length && document.getElementById('space').innerText")
    assert "_step_0" in first
    browser.eventually("(document.getElementById('window').scrollTop = 1e9) && true")
    assert browser.eventually(f"document.getElementById('space').innerText.includes('_step_{TASKS - 3}')")
    assert browser.eventually("document.querySelectorAll('#space .row').length < 100")
    assert_quiet(browser, server)


def test_an_open_execution_says_what_it_waits_for(browser: Browser, server: ServerProcess) -> None:
    definition = {"name": "page_open", **OWNER, "tasks": [{"name": "w", "taskReferenceName": "w", "type": "WAIT"}]}
    started = httpx2.post(f"{server.address}/api/workflow", json={"name": "page_open", "workflowDef": definition}, trust_env=False)
    browser.open(f"{server.address}/execution/{started.text}")
    assert "It waits for task 'w'" in browser.eventually(
        "!document.getElementById('why').hidden && document.getElementById('why').innerText"
    )
    browser.eventually("document.querySelector('#space [data-task]') && (document.querySelector('#space [data-task]').click(), true)")
    assert "until somebody ends it" in browser.eventually("document.querySelector('#panel .waits').innerText")
    assert_quiet(browser, server)


def test_an_unknown_execution_is_told(browser: Browser, server: ServerProcess) -> None:
    browser.open(f"{server.address}/execution/nobody")
    assert "nobody" in browser.eventually("!document.getElementById('notice').hidden && document.getElementById('notice').innerText")


def test_the_reference_shows_every_endpoint(browser: Browser, server: ServerProcess) -> None:
    described = httpx2.get(f"{server.address}/api-docs", trust_env=False).json()
    browser.open(f"{server.address}/docs")
    shown = browser.eventually("document.getElementById('groups').innerText")
    assert [path for path in described["paths"] if path not in shown] == []
    assert_quiet(browser, server)
