"""A small world around the engine: runs in memory, a clock that the test owns, workers, and messages that deliver themselves."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from podium.engine.decide import Outcome, claim
from podium.engine.definitions import complete, definition_hash
from podium.engine.graph import compile_definition
from podium.engine.ids import name_uuid
from podium.engine.run import Run
from podium.errors import CallerError, NotFound
from podium.model import command as words
from podium.model.command import AnyCommand
from podium.model.decision import Decision
from podium.model.definition import SchemaDef, SchemaType, TaskDef, WorkflowDef
from podium.model.json import JsonObject
from podium.model.message import (
    AdmitNext,
    Message,
    OutboxRow,
    Publish,
    RetryChild,
    RevivedChild,
    StartChild,
    StartFailureWorkflow,
    StartOther,
    TellParent,
    TerminateChild,
)
from podium.model.payload import Payload
from podium.model.shape import shape
from podium.model.status import TaskStatus, WorkflowStatus
from podium.model.task import Task
from tests.engine.flow import Flow
from tests.engine.given import Node, defined
from tests.engine.knowledge import Knowledge

NOW = 1_700_000_000_000
SECOND = 1_000


class Shelf:
    """A catalog: what is registered in this world."""

    def __init__(self) -> None:
        self.tasks: dict[str, TaskDef] = {}
        self.workflows: dict[str, dict[int, WorkflowDef]] = {}
        self.polled_domains: set[tuple[str, str]] = set()
        self.variables: dict[str, str] = {}
        self.events: set[str] = set()
        self.environments: dict[str, str] = {}
        self.schemas: dict[str, dict[int, SchemaDef]] = {}
        self.secrets: dict[str, str] = {}

    def task_definition(self, name: str) -> TaskDef | None:
        return self.tasks.get(name)

    def workflow_definition(self, name: str, version: int | None) -> WorkflowDef | None:
        versions = self.workflows.get(name, {})
        return versions.get(max(versions, default=0) if version is None else version)

    def schema(self, name: str, version: int | None) -> SchemaDef | None:
        versions = self.schemas.get(name, {})
        return versions.get(max(versions, default=0) if version is None else version)

    def active_domain(self, task_type: str, domains: Sequence[str]) -> str | None:
        named = [domain.strip() for domain in domains]
        for domain in named:
            if (task_type, domain) in self.polled_domains:
                return domain
        last = named[-1] if named else None
        return None if last is None or last.upper() == "NO_DOMAIN" else last

    def environment(self, name: str) -> str | None:
        return self.environments.get(name)

    def secret(self, name: str, starter: str) -> str | None:
        return self.secrets.get(name)

    def variable(self, name: str) -> str | None:
        return self.variables.get(name)

    def heard(self, event: str) -> bool:
        return event in self.events


class World:
    """Runs, their clock, and everybody around them. `check` is called with every run that a decision has changed."""

    def __init__(self, check: Callable[[World, Run, Decision], None] | None = None) -> None:
        self.now = NOW
        self.shelf = Shelf()
        self.knowledge = Knowledge()
        self.runs: dict[str, Run] = {}
        self.outbox: list[OutboxRow] = []
        self.published: list[Publish] = []
        self.sent: list[Message] = []
        self.delivered: list[OutboxRow] = []
        self.logs: list[str] = []
        self.last: Outcome | None = None
        self.holding = False  # messages stay in the outbox
        self._check = check

    # What is registered

    def task(self, name: str, **fields: Any) -> TaskDef:
        """Register a task definition; fields by their names on the wire."""
        definition = shape({"name": name, **fields}, TaskDef)
        self.shelf.tasks[name] = definition
        return definition

    def workflow(self, name: str, *tasks: Node | list[Node], version: int = 1, **fields: Any) -> WorkflowDef:
        """Register a workflow definition; fields by their names on the wire."""
        definition = defined(name, *tasks, version=version, **fields)
        self.shelf.workflows.setdefault(name, {})[version] = definition
        return definition

    def schema(self, name: str, data: JsonObject, version: int = 1) -> None:
        """Register a JSON schema."""
        self.shelf.schemas.setdefault(name, {})[version] = SchemaDef(name=name, version=version, type=SchemaType.JSON, data=data)

    # Starting

    def start(self, *tasks: Node | list[Node], input_: Node | None = None, started: Node | None = None, **fields: Any) -> Flow:
        """Start a definition made of these tasks. `started` is more of the start; `fields` are more of the definition."""
        return self.start_definition(defined("flow", *tasks, **fields), input_ or {}, **(started or {}))

    def start_named(self, name: str, version: int | None = None, input_: JsonObject | None = None, **started: Any) -> Flow:
        """Start a registered definition."""
        definition = self.shelf.workflow_definition(name, version)
        if definition is None:
            raise NotFound(f"No such workflow defined. name={name}, version={version}")
        return self.start_definition(definition, input_ or {}, **started)

    def start_definition(self, definition: WorkflowDef, input_: JsonObject, workflow_id: str | None = None, **fields: Any) -> Flow:
        """Start a definition."""
        completed = complete(definition, self.shelf)
        hashed = definition_hash(completed)
        workflow_id = workflow_id or f"w{len(self.runs) + 1}"
        command = words.StartWorkflow(workflow_id=workflow_id, definition=completed, definition_hash=hashed, input=input_, **fields)
        run = Run.unborn(command, compile_definition(completed, hashed), self.shelf, self.now)
        self._decide(run, [command], workflow_id)
        self.settle()
        return Flow(self, workflow_id)

    def flow(self, workflow_id: str) -> Flow:
        """One of the runs."""
        return Flow(self, workflow_id)

    def of_name(self, name: str) -> list[Flow]:
        """All runs of a definition, in order of their start."""
        return [Flow(self, key) for key, run in self.runs.items() if run.workflow.name == name]

    # Commands

    def do(self, *commands: AnyCommand) -> Any:
        """Have commands decided as one decision, and everything delivered; the value of the last. Raises what it raises."""
        run = self.runs[commands[0].workflow_id]
        outcome = self._decide(run, commands, commands[0].workflow_id)
        self.settle()
        return outcome.results[-1].value

    def _decide(self, run: Run, commands: Sequence[AnyCommand], workflow_id: str) -> Outcome:
        self.last = outcome = self.knowledge.decide(run, commands, self.now)
        decision = outcome.decision
        if decision is not None:
            self.runs[workflow_id] = run
            run.apply(decision)
            self.knowledge.take(decision)
            self.outbox += decision.messages
            self.outbox = [row for row in self.outbox if row.outbox_id not in decision.consumed]
            self.sent += [row.message for row in decision.messages]
            self.logs += [line.log for line in decision.logs]
            if decision.removed:
                del self.runs[workflow_id]
            if self._check is not None:
                self._check(self, run, decision)
        error = outcome.results[-1].error
        if error is not None:
            raise error
        return outcome

    # Messages

    def settle(self) -> None:
        """Go on with what was left off halfway, deliver every message that is due, and what they cause."""
        while not self.holding and (left := next((key for key, run in self.runs.items() if goes_on(run)), None)) is not None:
            self._decide(self.runs[left], [words.Tick(workflow_id=left)], left)
        while not self.holding and (row := next((row for row in self.outbox if row.due <= self.now), None)) is not None:
            self.outbox.remove(row)
            self.delivered.append(row)
            self.deliver(row)

    def deliver(self, row: OutboxRow) -> None:
        """Deliver one message; a refusal means that nothing is left to do."""
        try:
            _DELIVERIES[type(row.message)](self, row.message, row.outbox_id)
        except CallerError:
            return

    def _send(self, command: AnyCommand) -> None:
        run = self.runs.get(command.workflow_id)
        if run is None:
            raise NotFound(f"No such workflow found by id: {command.workflow_id}")
        self._decide(run, [command], command.workflow_id)

    def _start_child(self, message: StartChild, outbox_id: str) -> None:
        parent = self.runs[message.workflow_id]
        task = parent.task(message.task_id)
        if task is None or task.status is not TaskStatus.SCHEDULED:
            return
        if message.child_id in self.runs:
            self._send(_told(self.runs[message.child_id]))
            return
        definition = message.definition
        if definition is None and message.name is not None:
            definition = self.shelf.workflow_definition(message.name, message.version or None)
        if definition is None:
            reason = f"No such workflow defined. name={message.name}, version={message.version}"
            self._send(words.ChildNotStarted(workflow_id=message.workflow_id, message_id=outbox_id, task_id=message.task_id, reason=reason))
            return
        try:
            self._begin(
                definition,
                message.input,
                message.child_id,
                correlation_id=message.correlation_id,
                task_to_domain=message.task_to_domain,
                priority=message.priority,
                parent_workflow_id=message.workflow_id,
                parent_task_id=message.task_id,
            )
        except CallerError as refusal:
            told = words.ChildNotStarted(
                workflow_id=message.workflow_id, message_id=outbox_id, task_id=message.task_id, reason=refusal.message
            )
            self._send(told)

    def _begin(self, definition: WorkflowDef, input_: JsonObject, workflow_id: str, **fields: Any) -> None:
        held, self.holding = self.holding, True
        try:
            self.start_definition(definition, input_, workflow_id, **fields)
        finally:
            self.holding = held

    def _start_other(self, message: StartOther, outbox_id: str) -> None:
        definition = self.shelf.workflow_definition(str(message.request["name"]), None)
        common: dict[str, Any] = {"workflow_id": message.workflow_id, "message_id": outbox_id, "task_id": message.task_id}
        if definition is None:
            self._send(words.ChildNotStarted(reason="No such workflow defined.", **common))
            return
        given = message.request.get("input")
        self._begin(definition, given if isinstance(given, dict) else {}, message.other_id)
        self._send(words.OtherStarted(other_id=message.other_id, **common))

    def _start_failure(self, message: StartFailureWorkflow, _: str) -> None:
        failed = self.runs[message.workflow_id].workflow
        definition = self.shelf.workflow_definition(message.name, message.version)
        assert definition is not None
        value: JsonObject = {**failed.input.value, "workflowId": failed.workflow_id, "reason": failed.reason}
        self._begin(definition, value, message.failure_id, correlation_id=failed.correlation_id)

    def _tell_parent(self, message: TellParent, outbox_id: str) -> None:
        fields = {name: getattr(message, name) for name in message.__struct_fields__}
        self._send(words.ChildChanged(message_id=outbox_id, **fields))

    def _revived(self, message: RevivedChild, outbox_id: str) -> None:
        fields = {name: getattr(message, name) for name in message.__struct_fields__}
        self._send(words.ChildRevived(message_id=outbox_id, **fields))
        child_run = self.runs.get(message.child_id)
        if child_run is not None and child_run.workflow.status.terminal:
            self._send(_told(child_run))  # the message came late, or once more: the task is open, and hears of the end again

    def _terminate_child(self, message: TerminateChild, outbox_id: str) -> None:
        run = self.runs.get(message.child_id)
        if run is not None and not run.workflow.status.terminal:
            self._send(words.TerminateWorkflow(workflow_id=message.child_id, message_id=outbox_id, reason=message.reason))

    def _retry_child(self, message: RetryChild, outbox_id: str) -> None:
        self._send(words.RetryWorkflow(workflow_id=message.child_id, message_id=outbox_id, resume_subworkflow_tasks=True))

    def _admit_next(self, message: AdmitNext, _: str) -> None:
        while (waiting := self.knowledge.standing(message.key).waiting) is not None:
            outcome = self._decide(self.runs[waiting], [words.AdmitWorkflow(workflow_id=waiting)], waiting)
            if not outcome.results[0].value:
                return

    def _publish(self, message: Publish, _: str) -> None:
        self.published.append(message)

    # Workers

    def ready(self, task_type: str | None = None, domain: str | None = None) -> list[Task]:
        """Tasks that a worker would get now, in the order of delivery."""
        found = (task for run in self.runs.values() for task in run.index.tasks.values())
        waiting = (task for task in found if 0 < task.ready_at <= self.now and task_type in (None, task.task_type))
        return sorted((t for t in waiting if task_type is None or t.domain == domain), key=lambda t: (-t.priority, t.ready_at))

    def poll(self, task_type: str, worker: str = "worker", domain: str | None = None) -> Task:
        """Claim the next task of a queue; there must be one."""
        ready = self.ready(task_type, domain)
        assert ready, f"nothing waits in {task_type}"
        return self.claim(ready[0], worker)

    def claim(self, task: Task, worker: str = "worker") -> Task:
        """Claim a ready task, as the store does."""
        run = self.runs[task.workflow_id]
        claimed = claim(task, worker, self.now)
        lease = self.now + task.lease_ms if task.lease_ms else 0
        wakes = [when for when in (run.workflow.wake_at, lease) if when]
        run.claimed(claimed, run.workflow.revision + 1, min(wakes, default=0))
        return claimed

    def report(self, task: Task, status: str = "COMPLETED", /, output: JsonObject | None = None, **fields: Any) -> Any:
        """A worker's report about a task."""
        made = words.UpdateTask(
            workflow_id=task.workflow_id,
            task_id=task.task_id,
            status=TaskStatus(status),
            output=Payload.of(output or {}),
            **fields,
        )
        return self.do(made)

    # Time

    def wakes(self) -> list[int]:
        """When somebody has something to do: ticks and messages that are due later."""
        due = [run.workflow.wake_at for run in self.runs.values() if run.workflow.wake_at]
        return sorted([*due, *(row.due for row in self.outbox)])

    def advance(self, seconds: float) -> None:
        """Let time pass; every tick and every message comes when it is due."""
        end = self.now + int(seconds * SECOND)
        while (soonest := next(iter(self.wakes()), 0)) and soonest <= end:
            self.now = max(self.now, soonest)
            self.tick()
            assert next(iter(self.wakes()), end + 1) > self.now, "a tick left something that is due"
        self.now = end

    def tick(self) -> None:
        """Tick the runs that are due now, and deliver what is due."""
        for workflow_id, run in list(self.runs.items()):
            if 0 < run.workflow.wake_at <= self.now:
                self._decide(run, [words.Tick(workflow_id=workflow_id)], workflow_id)
        self.settle()


_DELIVERIES: dict[type[Message], Callable[[World, Any, str], None]] = {
    StartChild: World._start_child,
    StartOther: World._start_other,
    StartFailureWorkflow: World._start_failure,
    TellParent: World._tell_parent,
    RevivedChild: World._revived,
    TerminateChild: World._terminate_child,
    RetryChild: World._retry_child,
    Publish: World._publish,
    AdmitNext: World._admit_next,
}


def goes_on(run: Run) -> bool:
    """A long decision was left off halfway: a Tick goes on with it at once."""
    return run.workflow.unfinished and run.workflow.status is WorkflowStatus.RUNNING


def _told(run: Run) -> words.ChildChanged:
    workflow = run.workflow
    assert workflow.parent_workflow_id is not None
    assert workflow.parent_task_id is not None
    return words.ChildChanged(
        workflow_id=workflow.parent_workflow_id,
        task_id=workflow.parent_task_id,
        child_id=workflow.workflow_id,
        child_name=workflow.name,
        child_version=workflow.version,
        status=workflow.status,
        output=workflow.output.value if workflow.status.terminal else {},
        reason=workflow.reason,
    )


def expected_child_id(parent: Flow, ref: str, retry_count: int = 0) -> str:
    """The id that the spec pins for a child (spec/engine.md §2.5)."""
    return name_uuid(f"subworkflow:{parent.id}:{parent.task(ref).task_id}:{retry_count}")
