"""The ids that clients may compute."""

from __future__ import annotations

import hashlib
import uuid

from podium.testing.server import TestServer

CHILD = {"name": "child", "version": 1, "ownerEmail": "a@b.c", "tasks": [{"name": "w", "taskReferenceName": "w", "type": "WAIT"}]}
PARENT = {
    "name": "parent",
    "version": 1,
    "ownerEmail": "a@b.c",
    "tasks": [{"name": "s", "taskReferenceName": "s", "type": "SUB_WORKFLOW", "subWorkflowParam": {"name": "child", "version": 1}}],
}


async def test_the_id_of_a_child_can_be_computed_by_a_client() -> None:
    async with TestServer() as server:
        await server.client.put("/api/metadata/workflow", json=[CHILD, PARENT])
        parent_id = (await server.client.post("/api/workflow/parent", json={})).text
        await server.settle()
        task = (await server.client.get(f"/api/workflow/{parent_id}")).json()["tasks"][0]
    name = f"subworkflow:{parent_id}:{task['taskId']}:0"
    assert task["subWorkflowId"] == str(uuid.UUID(bytes=hashlib.md5(name.encode(), usedforsecurity=False).digest(), version=3))
