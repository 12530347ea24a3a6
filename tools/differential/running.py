"""Running a case on a server: one report at a time, each only when the server has done all it can by itself."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from tools.differential.behaviour import COMPLETED, HELD, report
from tools.differential.generator import Case
from tools.differential.servers import Server

Workflow = dict[str, Any]
Task = dict[str, Any]
Answer = dict[str, Any]  # {"refused": status} or {"workflows": {place: workflow}, "reports": [[ref, attempt, status], …]}

OPEN: Final = frozenset({"SCHEDULED", "IN_PROGRESS"})
OPEN_WORKFLOW: Final = frozenset({"RUNNING", "PAUSED"})
SERVERS_OWN: Final = frozenset(
    {
        *("JOIN", "EXCLUSIVE_JOIN", "SUB_WORKFLOW", "START_WORKFLOW", "WAIT", "FORK", "SWITCH", "DECISION", "DO_WHILE"),
        *("INLINE", "SET_VARIABLE", "NOOP", "TERMINATE", "JSON_JQ_TRANSFORM", "HUMAN"),
    }
)
CORRELATION: Final = "differential"
LONGEST_SECONDS: Final = 150.0
HANDED_OUT_WITHIN_SECONDS: Final = 3.0


async def run(server: Server, case: Case) -> Answer:
    """Register, start, play the workers, and return all that is there in the end."""
    for method, path, body in _registrations(case):
        status, answer = await server.ask(method, path, body)
        if status != 200:
            return {"refused": status, "at": path, "said": answer}
    start = {"name": case.name, "version": 1, "input": case.input, "correlationId": CORRELATION}
    status, answer = await server.ask("POST", "/api/workflow", start)
    if status != 200:
        return {"refused": status, "at": "/api/workflow", "said": answer}
    return await Run(server, case.seed, str(answer)).play()


def _registrations(case: Case) -> Iterator[tuple[str, str, Any]]:
    if case.task_definitions:
        yield "POST", "/api/metadata/taskdefs", case.task_definitions
    for definition in case.workflow_definitions:
        yield "PUT", "/api/metadata/workflow", [definition]


class Run:
    """One workflow and its children on one server."""

    def __init__(self, server: Server, seed: int, workflow_id: str) -> None:
        self._server = server
        self._seed = seed
        self._root = workflow_id
        self._workflows: dict[str, Workflow] = {}
        self._seen: list[Any] = []
        self._changed_at = server.now()
        self._held: set[str] = set()
        self._reports: list[list[Any]] = []

    async def play(self) -> Answer:
        """Until everything is over, or nothing happens any more."""
        end = self._server.now() + LONGEST_SECONDS
        while self._server.now() < end:
            await self._look()
            if self._quiet() < self._patience():
                await self._server.rest()
            elif self._over():
                break
            elif await self._report():
                self._changed_at = self._server.now()
            elif self._quiet() > self._server.pace.stuck:
                break
            else:
                await self._server.rest()
        answer = {"workflows": self._workflows, "reports": self._reports}
        if not self._over():
            await self._server.ask("DELETE", f"/api/workflow/{self._root}")  # so that its tasks are in nobody's way
        return answer

    def _quiet(self) -> float:
        return self._server.now() - self._changed_at

    def _patience(self) -> float:
        return self._server.pace.due if self._due() else self._server.pace.settled

    def _over(self) -> bool:
        return all(one["status"] not in OPEN_WORKFLOW for one in self._workflows.values())

    async def _look(self) -> None:
        self._workflows = {}
        await self._fetch("root", self._root)
        seen = [
            [
                one["status"],
                [(task["taskId"], task["status"], task.get("iteration"), len(task.get("outputData") or ())) for task in one["tasks"]],
            ]
            for one in self._workflows.values()
        ]
        if seen != self._seen:
            self._seen, self._changed_at = seen, self._server.now()

    async def _fetch(self, place: str, workflow_id: str) -> None:
        status, found = await self._server.ask("GET", f"/api/workflow/{workflow_id}?includeTasks=true")
        if status != 200:
            return
        self._workflows[place] = found
        for task in found["tasks"]:
            if task.get("subWorkflowId"):
                await self._fetch(f"{place}>{attempt_name(task)}", task["subWorkflowId"])

    def _due(self) -> bool:
        """Whether the server will do something by itself."""
        statuses = {one["workflowId"]: one["status"] for one in self._workflows.values()}
        running = [one for one in self._workflows.values() if one["status"] == "RUNNING"]
        return any(not one["tasks"] or any(_is_due(task, one, statuses) for task in one["tasks"]) for one in running)

    async def _report(self) -> bool:
        """Let one worker report; whether there was one."""
        running = [one for one in self._workflows.values() if one["status"] == "RUNNING"]
        tasks = sorted((task for one in running for task in one["tasks"]), key=lambda task: (task["referenceTaskName"], task["taskType"]))
        for task in tasks:
            taken = await self._taken(task)
            if taken:
                await self._send(taken)
                return True
        return False

    async def _taken(self, task: Task) -> Task | None:
        """The task in the hands of its worker, or of a person; None when it is not for them."""
        if task["taskType"] == "HUMAN":
            return task if task["status"] == "IN_PROGRESS" else None
        if task["status"] != "SCHEDULED" or task["taskType"] in SERVERS_OWN:
            return None
        known = {one["workflowId"] for one in self._workflows.values()}
        until = self._server.now() + HANDED_OUT_WITHIN_SECONDS
        while self._server.now() < until:
            status, polled = await self._server.ask("GET", f"/api/tasks/poll/{task['taskType']}?workerid=w")
            if status == 200 and polled and polled["workflowInstanceId"] in known:
                return dict(polled)
            await self._server.rest()
        return None

    async def _send(self, task: Task) -> None:
        ref, attempt = task["referenceTaskName"], task.get("retryCount", 0)
        said = report(self._seed, ref, task.get("iteration", 0), attempt)
        status = COMPLETED if said.status == HELD and task["taskId"] in self._held else said.status
        self._held.add(task["taskId"])
        body = {"workflowInstanceId": task["workflowInstanceId"], "taskId": task["taskId"], "status": status, "outputData": said.output}
        if said.reason:
            body["reasonForIncompletion"] = said.reason
        self._reports.append([ref, attempt, status])
        await self._server.ask("POST", "/api/tasks", body)


def attempt_name(task: Task) -> str:
    """A name of an attempt within its workflow."""
    return f"{task['referenceTaskName']}#{task.get('retryCount', 0)}"


def _is_due(task: Task, workflow: Workflow, statuses: dict[str, str]) -> bool:
    kind, status = task["taskType"], task["status"]
    if status not in OPEN:
        return False
    if kind in ("WAIT", "START_WORKFLOW"):
        return True
    if kind == "SUB_WORKFLOW":
        return status == "SCHEDULED" or statuses.get(task.get("subWorkflowId", ""), "RUNNING") != "RUNNING"
    return kind == "JOIN" and status == "IN_PROGRESS" and _may_join(task, workflow)


def _may_join(join: Task, workflow: Workflow) -> bool:
    """Whether all that a JOIN waits for has ended."""
    last = {task["referenceTaskName"]: task for task in workflow["tasks"]}
    suffix = f"__{join['iteration']}" if join.get("iteration") else ""
    awaited = [last.get(ref + suffix) or last.get(ref) for ref in join["inputData"].get("joinOn") or ()]
    return all(task and task["status"] not in OPEN for task in awaited)
