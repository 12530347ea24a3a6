"""Reading and searching workflows and tasks."""

from __future__ import annotations

from typing import Any

import pytest

from tests.api.execution.scene import Scene, inline, worker


async def test_a_workflow_has_its_tasks_unless_they_are_not_wanted(scene: Scene) -> None:
    await scene.register()
    run = await scene.start()
    assert [task["status"] for task in (await scene.workflow(run))["tasks"]] == ["SCHEDULED"]
    assert (await scene.json(f"GET /workflow/{run}?includeTasks=false"))["tasks"] == []


@pytest.mark.parametrize("call", ["GET /workflow/none", "GET /workflow/none/status", "GET /workflow/none/tasks", "GET /tasks/none"])
async def test_what_is_unknown_is_not_found_and_named(scene: Scene, call: str) -> None:
    answer = await scene.call(call)
    assert (answer.status_code, answer.json()["retryable"]) == (404, False)
    assert "none" in answer.json()["message"]


async def test_a_status_carries_output_and_variables_on_demand(scene: Scene) -> None:
    await scene.register(inline(), variables={"v": 5})
    run = await scene.start()
    assert await scene.json(f"GET /workflow/{run}/status") == {"workflowId": run, "status": "COMPLETED"}
    full = await scene.json(f"GET /workflow/{run}/status?includeOutput=true&includeVariables=True")
    assert (full["output"], full["variables"]) == ({"result": 2}, {"v": 5})


PAGES: list[tuple[str, list[str], int]] = [
    ("", ["i", "j", "a"], 3),
    ("?start=1&count=1", ["j"], 3),
    ("?status=scheduled", ["a"], 1),
    ("?status=COMPLETED,SCHEDULED&count=2", ["i", "j"], 3),
    ("?status=COMPLETED&status=SCHEDULED", ["i", "j", "a"], 3),
    ("?status=NOPE", [], 0),
    ("?start=50", [], 3),
    ("?count=0", [], 3),
]


@pytest.mark.parametrize(("query", "refs", "total"), PAGES, ids=[query for query, _, _ in PAGES])
async def test_tasks_come_by_page_and_status_and_the_total_counts_before_paging(
    scene: Scene, query: str, refs: list[str], total: int
) -> None:
    await scene.register(inline("i"), inline("j"), worker())
    found = await scene.json(f"GET /workflow/{await scene.start()}/tasks{query}")
    assert ([task["referenceTaskName"] for task in found["results"]], found["totalHits"]) == (refs, total)


async def test_a_page_cannot_begin_before_the_first_task(scene: Scene) -> None:
    await scene.register()
    assert (await scene.call(f"GET /workflow/{await scene.start()}/tasks?start=-1")).status_code == 400


async def test_workflows_are_found_by_correlation_id_the_open_ones_unless_told(scene: Scene) -> None:
    await scene.register()
    open_one, closed = await scene.start(query="?correlationId=c"), await scene.start(query="?correlationId=c")
    await scene.call(f"DELETE /workflow/{closed}")
    found = await scene.json("GET /workflow/w/correlated/c")
    assert [(run["workflowId"], run["tasks"]) for run in found] == [(open_one, [])]
    both = await scene.json("GET /workflow/w/correlated/c?includeClosed=true&includeTasks=true")
    assert sorted(len(run["tasks"]) for run in both) == [1, 1]
    asked = await scene.json("POST /workflow/w/correlated", ["c", "none"])
    assert ([run["workflowId"] for run in asked["c"]], asked["none"]) == ([open_one], [])
    batch = await scene.json("POST /workflow/correlated/batch", {"correlationIds": ["c"], "workflowNames": ["w", "none"]})
    assert [run["workflowId"] for run in batch["c"]] == [open_one]


async def test_running_ids_heed_the_version_only_together_with_both_times(scene: Scene) -> None:
    await scene.register()
    run = await scene.start()
    assert await scene.json("GET /workflow/running/w?version=9") == [run]
    window = "startTime=1&endTime=9999999999999"
    assert await scene.json(f"GET /workflow/running/w?version=9&{window}") == []
    assert await scene.json(f"GET /workflow/running/w?{window}") == [run]
    assert await scene.json("GET /workflow/running/none") == []


SEARCHES: list[tuple[str, int]] = [
    ("query=workflowType%3Dw", 2),
    ("query=workflowType%3D%27w%27%20AND%20status%20IN%20(RUNNING)", 1),
    ("query=status%3DRUNNING%20OR%20status%3DTERMINATED", 2),
    ("query=noSuchField%3D1%20AND%20workflowType%3Dw", 2),
    ("query=&freeText=*", 2),
    ("freeText=NEEDLE", 1),
    ("freeText=zz", 0),
    ("topLevelOnly=true", 2),
    ("classifier=agent", 0),
    ("size=0", 2),
    ("start=-5&size=-5", 2),
]


@pytest.mark.parametrize(("query", "total"), SEARCHES, ids=[query for query, _ in SEARCHES])
async def test_searches_find_what_the_query_says(scene: Scene, query: str, total: int) -> None:
    await scene.register()
    await scene.start(input={"k": "a needle"})
    await scene.call(f"DELETE /workflow/{await scene.start()}")
    assert (await scene.json(f"GET /workflow/search?{query}"))["totalHits"] == total


@pytest.mark.parametrize("query", ["query=nonsense", "query=*", "query=startTime%3Ex", "size=5001"])
@pytest.mark.parametrize("call", ["search", "search-v2"])
async def test_searches_refuse_what_is_no_query_and_too_large_a_page(scene: Scene, call: str, query: str) -> None:
    assert (await scene.call(f"GET /workflow/{call}?{query}")).status_code == 400


async def test_a_whole_search_answers_executions_without_tasks_in_the_order_asked(scene: Scene) -> None:
    await scene.register()
    first = await scene.start(input={"x": 1})
    await scene.server.advance(5)
    second = await scene.start()
    found = await scene.json("GET /workflow/search-v2?sort=status:ASC|startTime:ASC")
    assert [(run["workflowId"], run["tasks"]) for run in found["results"]] == [(first, []), (second, [])]
    assert found["results"][0]["input"] == {"x": 1}


async def test_workflows_and_tasks_are_found_through_tasks(scene: Scene) -> None:
    await scene.register(worker("a"), worker("b"))
    run = await scene.start()
    await scene.report(await scene.taken(), outputData={"o": 1})
    query = "query=taskType%3Dt%20AND%20status%3DCOMPLETED"
    assert [row["workflowId"] for row in (await scene.json(f"GET /workflow/search-by-tasks?{query}"))["results"]] == [run]
    assert [row["status"] for row in (await scene.json(f"GET /workflow/search-by-tasks-v2?{query}"))["results"]] == ["RUNNING"]
    short: dict[str, Any] = (await scene.json(f"GET /tasks/search?{query}"))["results"][0]
    assert (short["workflowType"], short["output"], short["taskReferenceName"]) == ("w", '{"o":1}', "a")
    assert (await scene.json(f"GET /tasks/search-v2?{query}"))["results"][0]["outputData"] == {"o": 1}


@pytest.mark.parametrize("resource", ["workflow", "tasks"])
@pytest.mark.parametrize("spelling", ["externalstoragelocation", "external-storage-location"])
async def test_without_a_payload_store_a_location_is_a_path_alone(scene: Scene, resource: str, spelling: str) -> None:
    found = await scene.json(f"GET /{resource}/{spelling}?path=p&operation=read&payloadType=task_input")
    assert list(found) == ["path"]
    for wrong in ("operation=X&payloadType=TASK_INPUT", "operation=READ&payloadType=X", "operation=READ"):
        assert (await scene.call(f"GET /{resource}/{spelling}?path=p&{wrong}")).status_code == 400
