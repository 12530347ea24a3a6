"""Load on a server that is killed now and then: clients that start workflows, workers that do their tasks."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx2

from tests.e2e.process import ServerProcess


def client(server: ServerProcess) -> httpx2.AsyncClient:
    return httpx2.AsyncClient(base_url=server.address + "/api", trust_env=False, timeout=20)


class Load:
    """What was started, and what was reported and answered, while the server came and went."""

    def __init__(self, server: ServerProcess, definition: str, workflows: int) -> None:
        self.http = client(server)
        self.definition = definition
        self.workflows = workflows
        self.started: list[str] = []
        self.reported: list[tuple[str, str]] = []  # (workflow id, task id) of reports that were answered
        self.over = asyncio.Event()
        self.up = asyncio.Event()  # the server is there
        self.up.set()
        self.progress = asyncio.Event()

    async def call(self, method: str, path: str, body: object = None) -> httpx2.Response | None:
        """The answer; None when the server was not there."""
        try:
            return await self.http.request(method, path, json=body)
        except httpx2.TransportError:
            await self.up.wait()
            return None

    async def start_workflows(self) -> None:
        while len(self.started) < self.workflows:
            answer = await self.call("POST", f"/workflow/{self.definition}", {})
            if answer is not None and answer.status_code == 200:
                self.started.append(answer.text)

    async def work(self, queue: str) -> None:
        while not self.over.is_set():
            answer = await self.call("GET", f"/tasks/poll/batch/{queue}?count=5&timeout=200")
            for task in answer.json() if answer is not None and answer.status_code == 200 else []:
                await self.report(task)

    async def report(self, task: dict[str, Any]) -> None:
        report = {"workflowInstanceId": task["workflowInstanceId"], "taskId": task["taskId"], "status": "COMPLETED"}
        answer = await self.call("POST", "/tasks", report)
        if answer is not None and answer.status_code == 200:
            self.reported.append((task["workflowInstanceId"], task["taskId"]))
            self.progress.set()

    async def until(self, reports: int) -> None:
        while len(self.reported) < reports:
            self.progress.clear()
            await self.progress.wait()

    async def survive(self, server: ServerProcess) -> None:
        """Kill -9 and a new start."""
        self.up.clear()
        await asyncio.to_thread(server.kill)
        await asyncio.to_thread(server.start)
        self.up.set()

    async def all_completed(self) -> None:
        for workflow_id in self.started:
            while True:
                answer = await self.call("GET", f"/workflow/{workflow_id}?includeTasks=false")
                if answer is None or answer.status_code != 200:
                    continue
                run = answer.json()
                if run["status"] == "COMPLETED":
                    break
                assert run["status"] == "RUNNING", run
