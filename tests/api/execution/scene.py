"""A whole server and short ways to ask it."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx2

from podium.testing.server import TestServer

POLL_MS = 100


def worker(ref: str = "a", name: str = "t", **fields: Any) -> dict[str, Any]:
    """A node for a worker."""
    return {"name": name, "taskReferenceName": ref, "type": "SIMPLE", **fields}


def wait(ref: str = "wait") -> dict[str, Any]:
    """A node that waits for a signal."""
    return {"name": ref, "taskReferenceName": ref, "type": "WAIT"}


def inline(ref: str = "i", expression: str = "2") -> dict[str, Any]:
    """A node that the server computes."""
    return {
        "name": ref,
        "taskReferenceName": ref,
        "type": "INLINE",
        "inputParameters": {"evaluatorType": "javascript", "expression": expression},
    }


def child(ref: str, name: str, version: int = 1) -> dict[str, Any]:
    """A node that runs another workflow."""
    return {"name": ref, "taskReferenceName": ref, "type": "SUB_WORKFLOW", "subWorkflowParam": {"name": name, "version": version}}


class Scene:
    """One server, seen from outside."""

    def __init__(self, server: TestServer) -> None:
        self.server = server

    async def call(self, call: str, body: object = None, **request: Any) -> httpx2.Response:
        """`METHOD /path?query`, below /api, with a JSON body."""
        method, _, path = call.partition(" ")
        if body is not None:
            request["json"] = body
        return await self.server.client.request(method, "/api" + path, **request)

    async def json(self, call: str, body: object = None) -> Any:
        """The JSON that a call answers."""
        answer = await self.call(call, body)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def later(self, call: str, body: object = None, *, milliseconds: int = POLL_MS) -> httpx2.Response:
        """The answer of a call that may wait, for which time passes."""
        answer = asyncio.ensure_future(self.call(call, body))
        await self.server.settle()
        while not answer.done():
            await self.server.advance(milliseconds)
        return await answer

    async def register(self, *nodes: dict[str, Any], name: str = "w", **fields: Any) -> None:
        """A workflow definition of these nodes; worker tasks are not retried."""
        await self.call("POST /metadata/taskdefs", [{"name": "t", "retryCount": 0}])
        definition = {"name": name, "version": 1, "tasks": list(nodes) or [worker()], **fields}
        answer = await self.call("PUT /metadata/workflow", [definition])
        assert answer.status_code == 200, answer.text

    async def start(self, name: str = "w", query: str = "", input: object = None) -> str:
        """Start a workflow; its id."""
        answer = await self.call(f"POST /workflow/{name}{query}", input or {})
        assert answer.status_code == 200, answer.text
        await self.server.settle()
        return answer.text

    async def poll(self, query: str = "?workerid=me", name: str = "t") -> dict[str, Any] | None:
        """The next task of a queue, if there is one."""
        answer = await self.later(f"GET /tasks/poll/{name}{query}")
        assert answer.status_code in {200, 204}, answer.text
        return answer.json() if answer.status_code == 200 else None

    async def taken(self, query: str = "?workerid=me", name: str = "t") -> dict[str, Any]:
        """The next task of a queue, which is there."""
        task = await self.poll(query, name)
        assert task is not None
        return task

    async def report(self, task: dict[str, Any], status: str = "COMPLETED", **fields: Any) -> httpx2.Response:
        """Report on a task."""
        return await self.call("POST /tasks", result_of(task, status, **fields))

    async def workflow(self, workflow_id: str) -> Any:
        """A workflow with its tasks."""
        return await self.json(f"GET /workflow/{workflow_id}")

    async def status(self, workflow_id: str) -> str:
        """Where a workflow stands."""
        return str((await self.json(f"GET /workflow/{workflow_id}/status"))["status"])


def result_of(task: dict[str, Any], status: str = "COMPLETED", **fields: Any) -> dict[str, Any]:
    """What a worker sends about a task."""
    return {"workflowInstanceId": task["workflowInstanceId"], "taskId": task["taskId"], "status": status, **fields}
