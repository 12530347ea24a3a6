"""/scheduler."""

from __future__ import annotations

from typing import Any

import pytest

from podium.runtime.platform import Platform
from podium.testing.clock import START
from podium.testing.server import TestServer
from tests.api.door import Client

DAILY = "0 0 0 * * *"
MIDNIGHT = START - START % 86_400_000 + 86_400_000


def a_schedule(name: str = "s", **fields: Any) -> dict[str, Any]:
    return {"name": name, "cronExpression": DAILY, "startWorkflowRequest": {"name": "w", "input": {"n": 1}}, **fields}


async def put(client: Client, name: str = "s", **fields: Any) -> dict[str, Any]:
    reply = await client.send("POST /api/scheduler/schedules", a_schedule(name, **fields))
    assert reply.status == 200, reply.text
    found: dict[str, Any] = reply.json()
    return found


async def names(client: Client, query: str) -> list[str]:
    found = (await client.send(f"GET /api/scheduler/schedules{query}")).json()
    return [one["name"] for one in (found["results"] if isinstance(found, dict) else found)]


async def test_a_schedule_tells_when_it_runs_next(client: Client) -> None:
    made = await put(client)
    assert made == (await client.send("GET /api/scheduler/schedules/s")).json()
    assert (made["nextRunTime"], made["createTime"], made["zoneId"], made["cronSchedules"]) == (MIDNIGHT, START, "UTC", [])
    assert "overlapPolicy" not in made
    assert (await put(client, zoneId="Asia/Kolkata"))["nextRunTime"] == MIDNIGHT + 86_400_000 - 19_800_000
    assert (await put(client, zoneId="+05:30"))["nextRunTime"] == MIDNIGHT + 86_400_000 - 19_800_000


async def test_short_names_of_the_fields_are_understood(client: Client) -> None:
    body = {"name": "nightly", "schedule": "0 0 * * *", "startWorkflow": {"name": "w", "input": {}}, "timezone": "Europe/Paris"}
    made = (await client.send("POST /api/scheduler/schedules", body)).json()
    assert (made["cronExpression"], made["startWorkflowRequest"]["name"], made["zoneId"]) == ("0 0 * * *", "w", "Europe/Paris")


async def test_everything_that_is_wrong_is_named_with_its_place(client: Client) -> None:
    reply = await client.send("POST /api/scheduler/schedules", {"cronExpression": "0 0 25 * * *", "zoneId": "Europe/Pariss"})
    assert reply.status == 400
    errors = {one["path"]: one["message"] for one in reply.json()["validationErrors"]}
    assert list(errors) == ["$.name", "$.startWorkflowRequest", "$.cronExpression", "$.zoneId"]
    assert "Invalid cron expression '0 0 25 * * *': hour, character 5: expected 0 to 23, found '25'" in errors["$.cronExpression"]
    assert "did you mean Europe/Paris?" in errors["$.zoneId"]


@pytest.mark.parametrize(
    "fields",
    [
        {"cronExpression": ""},
        {"cronExpression": 5},
        {"cronSchedules": [{}]},
        {"cronSchedules": [{"cronExpression": DAILY, "zoneId": "../../etc/passwd"}]},
        {"cronSchedules": "x"},
        {"zoneId": "x" * 5_000},
        {"zoneId": "Europe"},
        {"zoneId": "a\0b"},
        {"zoneId": "+25:00"},
        {"startWorkflowRequest": {"name": " "}},
        {"startWorkflowRequest": []},
        {"jitterSeconds": -1},
        {"jitterSeconds": 10**9},
        {"overlapPolicy": "MAYBE"},
        {"scheduleStartTime": "soon"},
        {"scheduleEndTime": 10**30},
        {"name": ""},
    ],
)
async def test_a_schedule_with_a_fault_is_refused(client: Client, fields: dict[str, Any]) -> None:
    reply = await client.send("POST /api/scheduler/schedules", a_schedule(**{"name": "s", **fields}))
    assert reply.status == 400, reply.text
    assert reply.json()["validationErrors"]


@pytest.mark.parametrize("fields", [{"scheduleStartTime": 10**15}, {"scheduleStartTime": -(10**15)}, {"scheduleEndTime": -5}])
async def test_any_bounds_are_possible(client: Client, fields: dict[str, Any]) -> None:
    assert await put(client, **fields)


async def test_schedules_are_searched(client: Client) -> None:
    await put(client, "report_daily", description="For the board")
    await put(client, "report_hourly", cronExpression="@hourly", paused=True)
    await put(client, "clean", startWorkflowRequest={"name": "cleaning"})
    assert await names(client, "") == ["clean", "report_daily", "report_hourly"]
    assert await names(client, "?workflowName=cleaning") == ["clean"]
    assert await names(client, "/search?scheduleName=REPORT") == ["report_daily", "report_hourly"]
    assert await names(client, "/search?name=daily&freeText=*") == ["report_daily"]
    assert await names(client, "/search?paused=true") == ["report_hourly"]
    assert await names(client, "/search?paused=false&sort=name:DESC") == ["report_daily", "clean"]
    assert await names(client, "/search?freeText=BOARD") == ["report_daily"]
    assert await names(client, "/search?workflowName=cleaning&sort=nonsense:ASC") == ["clean"]
    page = (await client.send("GET /api/scheduler/schedules/search?start=1&size=1&sort=nextRunTime:DESC,name:ASC")).json()
    assert (page["totalHits"], [one["name"] for one in page["results"]]) == (3, ["report_daily"])


async def test_a_pause_has_a_reason_until_it_is_over(client: Client) -> None:
    await put(client)
    for verb in ("PUT", "GET"):
        assert (await client.send(f"{verb} /api/scheduler/schedules/s/pause?reason=holiday")).body == b""
        assert (await client.send("GET /api/scheduler/schedules/s")).json()["pausedReason"] == "holiday"
        assert (await client.send(f"{verb} /api/scheduler/schedules/s/resume")).status == 200
        found = (await client.send("GET /api/scheduler/schedules/s")).json()
        assert (found["paused"], "pausedReason" in found) == (False, False)


async def test_many_are_paused_and_what_is_unknown_is_named(client: Client) -> None:
    await put(client)
    reply = (await client.send("PUT /api/scheduler/bulk/pause", ["s", "none"])).json()
    assert reply == {"bulkErrorResults": {"none": "Schedule 'none' not found"}, "bulkSuccessfulResults": ["s"]}
    for body in ([], ["x"] * 1001, "{"):
        assert (await client.send("PUT /api/scheduler/bulk/resume", body)).status in (200, 400)
    assert (await client.send("PUT /api/scheduler/bulk/resume", [])).status == 400


async def test_tags_are_added_by_key_and_taken_off_by_key_and_value(client: Client) -> None:
    await put(client)
    assert (
        await client.send("PUT /api/scheduler/schedules/s/tags", [{"key": "team", "value": "k1"}, {"key": "n", "value": 1}])
    ).status == 200
    await client.send("PUT /api/scheduler/schedules/s/tags", [{"key": "team", "value": "k2"}])
    assert (await client.send("GET /api/scheduler/schedules/s/tags")).json() == [
        {"key": "team", "value": "k2", "type": "METADATA"},
        {"key": "n", "value": 1, "type": "METADATA"},
    ]
    assert await names(client, "/tags?tag=team:k2") == ["s"]
    assert await names(client, "/tags?tag=n") == ["s"]
    assert await names(client, "/tags?tag=team:k1") == []
    await put(client)
    await client.send("DELETE /api/scheduler/schedules/s/tags", [{"key": "team", "value": "other"}, {"key": "n", "value": 1}])
    assert [tag["key"] for tag in (await client.send("GET /api/scheduler/schedules/s/tags")).json()] == ["team"]
    assert (await client.send("PUT /api/scheduler/schedules/s/tags", [{"value": 1}])).status == 400
    assert (await client.send("GET /api/scheduler/schedules/none/tags")).status == 404
    assert (await client.send("GET /api/scheduler/schedules/tags")).status == 400


async def test_what_is_not_there_is_not_found(client: Client) -> None:
    for call in ("GET /api/scheduler/schedules/x", "PUT /api/scheduler/schedules/x/pause", "PUT /api/scheduler/schedules/x/resume"):
        reply = await client.send(call)
        assert (reply.status, reply.json()["message"]) == (404, "Schedule 'x' not found")
    assert (await client.send("DELETE /api/scheduler/schedules/x")).status == 200


async def test_the_next_times_are_told_in_a_zone(client: Client) -> None:
    path = "GET /api/scheduler/nextFewSchedules?cronExpression=@daily"
    assert (await client.send(f"{path}&limit=2")).json() == [MIDNIGHT, MIDNIGHT + 86_400_000]
    assert (await client.send(f"{path}&limit=1&zoneId=America/New_York")).json() == [MIDNIGHT + 5 * 3_600_000]
    assert (await client.send(f"{path}&scheduleEndTime=5")).json() == []
    for wrong in ("zoneId=Mars", "limit=x", "scheduleStartTime=soon"):
        assert (await client.send(f"{path}&{wrong}")).status == 400
    assert (await client.send(f"{path}&scheduleStartTime=999999999999999")).json() == []


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", 5),
        ("query=scheduleName IN (alpha, none)", 3),
        ("query=alpha", 3),
        ("query=scheduleName='alpha'", 3),
        ("query=scheduleName IN (alpha,beta) AND state IN (EXECUTED)", 5),
        ("query=state=FAILED", 0),
        ("query=workflowName=w", 5),
        ("query=workflowName=nothing", 0),
        (f"query=scheduledTime>{START + 1_000} AND scheduledTime<{START + 3_000} AND alpha", 1),
        ("query=what is this", 0),
        ("freeText=beta&query=workflowName=w", 2),
        ("query=%27 OR 1=1", 0),
    ],
)
async def test_executions_are_searched(query: str, found: int) -> None:
    async with TestServer() as server:
        client = server.client
        definition = {"name": "w", "tasks": [{"name": "t", "taskReferenceName": "t", "type": "NOOP"}]}
        await client.put("/api/metadata/workflow", json=[definition])
        for name, count in (("alpha", 3), ("beta", 2)):
            bounds = {"cronExpression": "* * * * * *", "scheduleEndTime": START + count * 1_000}
            await client.post("/api/scheduler/schedules", json=a_schedule(name, **bounds))
        await server.advance(5_000)
        answer = await client.get(f"/api/scheduler/search/executions?{query}&size=1&sort=scheduledTime:ASC")
        assert answer.json()["totalHits"] == found
        assert len(answer.json()["results"]) == min(found, 1)


async def test_a_query_that_cannot_be_answered_is_refused(client: Client) -> None:
    for query in ("scheduledTime>soon", "%20AND%20".join(["a"] * 51)):
        assert (await client.send(f"GET /api/scheduler/search/executions?query={query}")).status == 400


async def test_a_server_can_be_held_and_released(client: Client, platform: Platform) -> None:
    for word in ("pause", "resume"):
        assert (await client.send(f"GET /api/scheduler/admin/{word}")).json() == {"status": "done"}
    assert (await client.send("GET /api/scheduler/admin/requeue")).json() == {"sampleIds": [], "recordIds.size": 0}
