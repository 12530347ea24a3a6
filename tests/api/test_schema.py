"""/schema, and what it does to definitions and starts."""

from __future__ import annotations

from pathlib import Path

import pytest

from podium.testing.server import TestServer
from tests.api.door import Client

NUMBER = {"type": "object", "required": ["n"], "properties": {"n": {"type": "integer"}}}
SCHEMA = {"name": "s", "version": 1, "type": "JSON", "data": NUMBER}


async def test_a_schema_is_kept_by_name_and_version(client: Client) -> None:
    assert (await client.send("POST /api/schema", [SCHEMA, {**SCHEMA, "version": 3}])).status == 200
    assert (await client.send("GET /api/schema/s")).json()["version"] == 3
    one = (await client.send("GET /api/schema/s/1")).json()
    assert (one["data"], one["createdBy"]) == (NUMBER, "anonymous")
    assert (await client.send("GET /api/schema/s/2")).status == 404
    assert (await client.send("GET /api/schema/t")).status == 404
    assert (await client.send("GET /api/schema/s/first")).status == 400


async def test_one_schema_need_not_stand_in_a_list(client: Client) -> None:
    assert (await client.send("POST /api/schema", {**SCHEMA, "version": None})).status == 200
    assert [one["version"] for one in (await client.send("GET /api/schema")).json()] == [1]


async def test_a_new_version_follows_the_latest(client: Client) -> None:
    for _ in range(2):
        await client.send("POST /api/schema?newVersion=true", [SCHEMA])
    found = (await client.send("GET /api/schema?short=true")).json()
    assert [(one["name"], one["version"], "data" in one) for one in found] == [("s", 1, False), ("s", 2, False)]


async def test_a_version_or_all_can_be_deleted(client: Client) -> None:
    await client.send("POST /api/schema", [{**SCHEMA, "version": version} for version in (1, 2, 3)])
    assert (await client.send("DELETE /api/schema/s/3")).status == 200
    assert (await client.send("DELETE /api/schema/s/3")).status == 404
    assert (await client.send("GET /api/schema/s")).json()["version"] == 2
    assert (await client.send("DELETE /api/schema/s")).status == 200
    assert (await client.send("DELETE /api/schema/s")).status == 404


async def test_the_schemas_of_the_cluster_are_the_same(client: Client) -> None:
    assert (await client.send("POST /api/global_schema", [SCHEMA])).status == 200
    assert (await client.send("GET /api/global_schema/s")).json()["data"] == NUMBER


@pytest.mark.parametrize(
    ("change", "path"),
    [
        ({"name": " "}, "$[0].name"),
        ({"type": None}, "$[0].type"),
        ({"type": "XML"}, "$[0].type"),
        ({"version": 0}, "$[0].version"),
        ({"data": None}, "$[0].data"),
        ({"data": {"type": "strin"}}, "$[0].data"),
        ({"data": {"$ref": "http://127.0.0.1:9/s"}}, "$[0].data"),
    ],
)
async def test_a_wrong_schema_is_refused_with_its_place(client: Client, change: dict[str, object], path: str) -> None:
    reply = await client.send("POST /api/schema", [{**SCHEMA, **change}])
    assert (reply.status, [problem["path"] for problem in reply.json()["validationErrors"]]) == (400, [path])
    assert (await client.send("GET /api/schema")).json() == []


async def test_definitions_with_wrong_schemas_are_refused_with_their_place(client: Client) -> None:
    wrong = {"inputSchema": {"data": {"type": "strin"}}}
    tasks = [{"name": "a", "taskReferenceName": "a"}]
    reply = await client.send("POST /api/metadata/workflow", {"name": "w", "tasks": tasks, **wrong})
    assert (reply.status, reply.json()["validationErrors"][0]["path"]) == (400, "$.inputSchema.data")
    reply = await client.send("POST /api/metadata/taskdefs", [{"name": "a", **wrong}])
    assert (reply.status, reply.json()["validationErrors"][0]["path"]) == (400, "$[0].inputSchema.data")


async def test_a_start_is_held_to_the_schema_as_it_is_now(client: Client) -> None:
    tasks = [{"name": "a", "taskReferenceName": "a"}]
    await client.send("POST /api/metadata/workflow", {"name": "w", "tasks": tasks, "inputSchema": {"name": "s"}})
    reply = await client.send("POST /api/workflow", {"name": "w", "input": {}})
    assert (reply.status, reply.json()["message"]) == (400, "$.input: expected the schema s in any version, found none registered")
    await client.send("POST /api/schema", [SCHEMA])
    reply = await client.send("POST /api/workflow", {"name": "w", "input": {"n": "x"}})
    assert (reply.status, reply.json()["validationErrors"][0]["path"]) == (400, "$.input.n")
    assert (await client.send("GET /api/workflow/search")).json()["totalHits"] == 0
    assert (await client.send("POST /api/workflow", {"name": "w", "input": {"n": 1}})).status == 200


async def test_schemas_survive_a_restart(tmp_path: Path) -> None:
    async with TestServer(database=tmp_path / "p.db") as server:
        await server.client.post("/api/schema", json=[SCHEMA])
    async with TestServer(database=tmp_path / "p.db") as server:
        assert (await server.client.get("/api/schema/s")).json()["data"] == NUMBER
