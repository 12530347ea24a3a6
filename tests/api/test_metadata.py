"""/metadata."""

from __future__ import annotations

from typing import Any

import pytest

from tests.api.door import Client


def workflow(name: str = "w", version: int = 1, **fields: object) -> dict[str, Any]:
    return {"name": name, "version": version, "tasks": [{"name": "t", "taskReferenceName": "a"}], **fields}


async def test_a_minimal_workflow_definition_comes_back_with_every_default_and_no_null(client: Client) -> None:
    assert (
        await client.send("POST /api/metadata/workflow", {"name": "w", "tasks": [{"name": "t", "taskReferenceName": "a"}]})
    ).status == 200
    found = (await client.send("GET /api/metadata/workflow/w")).json()
    assert found["schemaVersion"] == 2
    assert found["timeoutPolicy"] == "ALERT_ONLY"
    assert found["enforceSchema"] is True
    assert found["tasks"][0] == {
        "name": "t",
        "taskReferenceName": "a",
        "inputParameters": {},
        "type": "SIMPLE",
        "decisionCases": {},
        "defaultCase": [],
        "forkTasks": [],
        "startDelay": 0,
        "joinOn": [],
        "optional": False,
        "permissive": False,
        "defaultExclusiveJoinTask": [],
        "asyncComplete": False,
        "loopOver": [],
        "onStateChange": {},
        "metadata": {},
    }
    assert None not in found.values()


async def test_creating_answers_with_an_empty_body_and_no_content_type(client: Client) -> None:
    reply = await client.send("POST /api/metadata/workflow", workflow())
    assert (reply.status, reply.body, reply.headers) == (200, b"", {"content-length": "0"})


async def test_creating_a_version_twice_is_a_conflict_unless_overwrite_is_asked_for(client: Client) -> None:
    await client.send("POST /api/metadata/workflow", workflow())
    refused = await client.send("POST /api/metadata/workflow", workflow(description="two"))
    assert (refused.status, refused.json()["retryable"]) == (409, False)
    assert refused.json()["message"] == "Workflow with w.1 already exists!"
    assert (await client.send("POST /api/metadata/workflow?overwrite=True", workflow(description="three"))).status == 200
    assert (await client.send("GET /api/metadata/workflow/w")).json()["description"] == "three"


async def test_new_version_is_stored_after_the_latest(client: Client) -> None:
    await client.send("PUT /api/metadata/workflow", [workflow(version=7)])
    await client.send("POST /api/metadata/workflow?newVersion=true", workflow())
    assert (await client.send("GET /api/metadata/workflow/w")).json()["version"] == 8


async def test_put_stores_a_list_or_a_single_definition_and_answers_with_the_names(client: Client) -> None:
    reply = await client.send("PUT /api/metadata/workflow", [workflow(), workflow(version=4), workflow("v")])
    assert reply.json() == {"bulkErrorResults": {}, "bulkSuccessfulResults": ["w", "w", "v"]}
    assert (await client.send("PUT /api/metadata/workflow", workflow("o"))).status == 200


async def test_put_with_one_invalid_member_or_none_stores_nothing(client: Client) -> None:
    reply = await client.send("PUT /api/metadata/workflow", [workflow("z"), {"name": "y", "tasks": []}])
    assert reply.status == 400
    assert reply.json()["validationErrors"] == [{"path": "$[1].tasks", "message": "WorkflowTask list cannot be empty"}]
    assert (await client.send("GET /api/metadata/workflow/z")).status == 404
    assert (await client.send("PUT /api/metadata/workflow", [])).status == 400


async def test_validate_stores_nothing_and_knows_no_conflict(client: Client) -> None:
    assert (await client.send("POST /api/metadata/workflow/validate", workflow())).status == 200
    assert (await client.send("GET /api/metadata/workflow/w")).status == 404
    assert (await client.send("POST /api/metadata/workflow/validate", workflow(tasks=[]))).status == 400
    assert (await client.send("GET /api/metadata/workflow/validate")).status == 404


async def test_without_a_version_the_latest_counts_and_version_zero_is_a_version(client: Client) -> None:
    await client.send("PUT /api/metadata/workflow", [workflow(version=1), workflow(version=10), workflow(version=2)])
    assert (await client.send("GET /api/metadata/workflow/w")).json()["version"] == 10
    assert (await client.send("GET /api/metadata/workflow/w?version=2")).json()["version"] == 2
    assert (await client.send("GET /api/metadata/workflow/w?version=")).json()["version"] == 10
    for version in ("0", "3"):
        missing = await client.send(f"GET /api/metadata/workflow/w?version={version}")
        assert (missing.status, missing.json()["status"]) == (404, 404)
        assert missing.json()["message"] == f"No such workflow found by name: w, version: {version}"


async def test_deleting_the_latest_brings_the_one_before_back(client: Client) -> None:
    await client.send("PUT /api/metadata/workflow", [workflow(version=1), workflow(version=2)])
    assert (await client.send("DELETE /api/metadata/workflow/w/2")).status == 200
    assert (await client.send("GET /api/metadata/workflow/w")).json()["version"] == 1
    assert (await client.send("DELETE /api/metadata/workflow/w/2")).status == 404
    assert (await client.send("DELETE /api/metadata/workflow/w/two")).status == 400


async def test_overviews_list_names_versions_and_the_latest(client: Client) -> None:
    await client.send("PUT /api/metadata/workflow", [workflow(version=2), workflow(version=1), workflow(version=10), workflow("v")])
    assert (await client.send("GET /api/metadata/workflow/names")).json() == ["v", "w"]
    by_name = (await client.send("GET /api/metadata/workflow/names-and-versions")).json()
    assert [one["version"] for one in by_name["w"]] == [1, 2, 10]
    assert by_name["w"][0].keys() == {"name", "version", "createTime", "updateTime"}
    versions = (await client.send("GET /api/metadata/workflow/w/versions")).json()
    assert (versions[2]["version"], versions[2].keys()) == (10, {"name", "version", "createTime"})
    assert (await client.send("GET /api/metadata/workflow/none/versions")).json() == []
    latest = (await client.send("GET /api/metadata/workflow/latest-versions")).json()
    assert [(one["name"], one["version"]) for one in latest] == [("v", 1), ("w", 10)]


async def test_the_list_of_workflows_can_be_narrowed_to_a_classifier(client: Client) -> None:
    await client.send(
        "PUT /api/metadata/workflow", [workflow("c", metadata={"classifier": "x"}), workflow("a", metadata={"agentDef": {}}), workflow()]
    )
    for classifier, names in (("x", ["c"]), ("agent", ["a"]), ("workflow", ["w"]), ("x,agent", ["a", "c"]), ("none", [])):
        found = (await client.send(f"GET /api/metadata/workflow?classifier={classifier}")).json()
        assert [one["name"] for one in found] == names


async def test_a_task_definition_is_posted_in_a_list_or_alone_and_replaced_whole(client: Client) -> None:
    assert (await client.send("POST /api/metadata/taskdefs", [{"name": "t", "retryCount": 7}])).status == 200
    assert (await client.send("POST /api/metadata/taskdefs", {"name": "t", "timeoutPolicy": "ALERT_ONLY"})).status == 200
    found = (await client.send("GET /api/metadata/taskdefs/t")).json()
    assert (found["retryCount"], found["timeoutPolicy"]) == (3, "ALERT_ONLY")


async def test_put_of_a_task_definition_is_an_upsert(client: Client) -> None:
    assert (await client.send("PUT /api/metadata/taskdefs", {"name": "t"})).status == 200
    assert (await client.send("PUT /api/metadata/taskdefs", {"name": "t", "retryCount": 1})).status == 200
    assert (await client.send("GET /api/metadata/taskdefs")).json()[0]["retryCount"] == 1


@pytest.mark.parametrize(
    "body", [[], [{}], [{"name": ""}], [{"name": "t", "retryLogic": "X"}], [{"name": "ok"}, {"name": "t", "retryCount": -1}]]
)
async def test_a_list_of_task_definitions_with_a_fault_is_refused_as_a_whole(client: Client, body: list[object]) -> None:
    assert (await client.send("POST /api/metadata/taskdefs", body)).status == 400
    assert (await client.send("GET /api/metadata/taskdefs")).json() == []


async def test_offending_values_are_shown_as_text(client: Client) -> None:
    reply = await client.send("POST /api/metadata/taskdefs", [{"name": "t", "retryCount": -1, "backoffScaleFactor": 0}])
    errors = reply.json()["validationErrors"]
    assert [(one["path"], one["invalidValue"]) for one in errors] == [("$[0].retryCount", "-1"), ("$[0].backoffScaleFactor", "0")]
    assert reply.json()["message"] == "Validation failed, check below errors for detail."
    assert "instance" not in reply.json()


async def test_unknown_task_definitions_are_not_found(client: Client) -> None:
    missing = await client.send("GET /api/metadata/taskdefs/none")
    assert (missing.status, missing.json()["message"]) == (404, "No such taskType found by name: none")
    assert (await client.send("DELETE /api/metadata/taskdefs/none")).status == 404


async def test_names_survive_the_path(client: Client) -> None:
    names = {"w é€ 50%": "w%20%C3%A9%E2%82%AC%2050%25", "a/b": "a%2Fb", "t:1;x": "t:1%3Bx"}
    for name, encoded in names.items():
        await client.send("POST /api/metadata/taskdefs", [{"name": name}])
        assert (await client.send(f"GET /api/metadata/taskdefs/{encoded}")).json()["name"] == name


async def test_what_cannot_be_read_and_what_the_rules_forbid_is_told_at_once(client: Client) -> None:
    reply = await client.send("POST /api/metadata/taskdefs", [{"name": "t", "retryLogic": "FIXD", "retryCount": -1}])
    assert reply.status == 400
    assert [problem["path"] for problem in reply.json()["validationErrors"]] == ["$[0].retryLogic", "$[0].retryCount"]


# Operators


async def test_a_definition_with_operators_is_kept_as_written_and_exported_plain(client: Client) -> None:
    body = {"name": "a", "taskReferenceName": "a", "type": "SIMPLE"}
    each = {"name": "each", "taskReferenceName": "each", "type": "FOR_EACH", "inputParameters": {"items": [1]}, "loopOver": [body]}
    assert (await client.send("PUT /api/metadata/workflow", [{"name": "w", "tasks": [each]}])).status == 200
    kept = (await client.send("GET /api/metadata/workflow/w")).json()
    exported = (await client.send("GET /api/metadata/workflow/w?export=plain")).json()
    assert [task["type"] for task in kept["tasks"]] == ["FOR_EACH"]
    assert [task["type"] for task in exported["tasks"]] == ["INLINE", "DO_WHILE", "INLINE"]
    assert (await client.send("GET /api/metadata/workflow/w?export=java")).status == 400
