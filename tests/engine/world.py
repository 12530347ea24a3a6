"""A small world around the engine: runs in memory, a clock that the test owns, workers, and messages that deliver themselves."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from msgspec.structs import replace

from podium.engine.decide import Outcome, claim, decide
from podium.engine.definitions import complete, definition_hash
from podium.engine.graph import Program, compile_definition
from podium.engine.ids import name_uuid
from podium.engine.run import Run
from podium.errors import CallerError, NotFound
from podium.model import command as words
from podium.model.command import AnyCommand
from podium.model.decision import Decision
from podium.model.definition import TaskDef, WorkflowDef
from podium.model.json import Json, JsonObject
from podium.model.message import (
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
from podium.model.workflow import StoredRun

NOW = 1_700_000_000_000
SECOND = 1_000
Node = dict[str, Any]


# Definitions, in as few words as possible


def node(ref: str, type_: str = "SIMPLE", **fields: Any) -> Node:
    """A definition task whose name is its reference."""
    return {"name": ref, "taskReferenceName": ref, "type": type_, **fields}


def switch(ref: str, value: Json, cases: dict[str, list[Node]], default: Sequence[Node] = (), **fields: Any) -> Node:
    """A SWITCH on a value (mostly an expression)."""
    parameters = {"on": value}
    decided = {"evaluatorType": "value-param", "expression": "on", "decisionCases": cases, "defaultCase": list(default)}
    return node(ref, "SWITCH", inputParameters=parameters, **decided, **fields)


def fork(ref: str, *branches: Sequence[Node], join_on: Sequence[str] | None = None, **join: Any) -> list[Node]:
    """A FORK_JOIN and its JOIN, `<ref>_join`, which waits for the last task of every branch unless told otherwise."""
    refs = [branch[-1]["taskReferenceName"] for branch in branches if branch] if join_on is None else list(join_on)
    forked = node(ref, "FORK_JOIN", forkTasks=[list(branch) for branch in branches])
    return [forked, node(f"{ref}_join", "JOIN", joinOn=refs, **join)]


def dynamic_fork(ref: str, parameters: JsonObject, **join: Any) -> list[Node]:
    """A FORK_JOIN_DYNAMIC over its inputs `tasks` and `inputs` (or any of its other forms), and its JOIN, `<ref>_join`."""
    named = {"dynamicForkTasksParam": "tasks", "dynamicForkTasksInputParamName": "inputs"}
    return [node(ref, "FORK_JOIN_DYNAMIC", inputParameters=parameters, **named), node(f"{ref}_join", "JOIN", joinOn=[], **join)]


def loop(ref: str, times: int, *body: Node, **fields: Any) -> Node:
    """A DO_WHILE that goes round `times` times."""
    return node(ref, "DO_WHILE", **{"loopCondition": f"$.{ref}['iteration'] < {times}", "loopOver": list(body), **fields})


def child(ref: str, name: str, parameters: JsonObject | None = None, **fields: Any) -> Node:
    """A SUB_WORKFLOW task."""
    return node(ref, "SUB_WORKFLOW", **{"subWorkflowParam": {"name": name}, "inputParameters": parameters or {}, **fields})


def inline(ref: str, expression: str, **parameters: Json) -> Node:
    """An INLINE task."""
    return node(ref, "INLINE", inputParameters={"evaluatorType": "graaljs", "expression": expression, **parameters})


def wait(ref: str, duration: str | None = None, **fields: Any) -> Node:
    """A WAIT task."""
    return node(ref, "WAIT", inputParameters={"duration": duration} if duration else {}, **fields)


def setting(ref: str, **variables: Json) -> Node:
    """A SET_VARIABLE task."""
    return node(ref, "SET_VARIABLE", inputParameters=variables)


def ending(ref: str, status: str = "COMPLETED", **parameters: Json) -> Node:
    """A TERMINATE task."""
    return node(ref, "TERMINATE", inputParameters={"terminationStatus": status, **parameters})


class Shelf:
    """A catalog: what is registered in this world."""

    def __init__(self) -> None:
        self.tasks: dict[str, TaskDef] = {}
        self.workflows: dict[str, dict[int, WorkflowDef]] = {}
        self.polled_domains: set[tuple[str, str]] = set()
        self.variables: dict[str, str] = {}
        self.environments: dict[str, str] = {}

    def task_definition(self, name: str) -> TaskDef | None:
        return self.tasks.get(name)

    def workflow_definition(self, name: str, version: int | None) -> WorkflowDef | None:
        versions = self.workflows.get(name, {})
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

    def variable(self, name: str) -> str | None:
        return self.variables.get(name)


class World:
    """Runs, their clock, and everybody around them. `check` is called with every run that a decision has changed."""

    def __init__(self, check: Callable[[World, Run, Decision], None] | None = None) -> None:
        self.now = NOW
        self.shelf = Shelf()
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

    # Starting

    def start(self, *tasks: Node | list[Node], input_: JsonObject | None = None, started: JsonObject | None = None, **fields: Any) -> Flow:
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
        self.last = outcome = decide(run, commands, self.now)
        decision = outcome.decision
        if decision is not None:
            self.runs[workflow_id] = run
            run.apply(decision)
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
        """Deliver every message that is due, and what they cause."""
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

    def _begin(self, definition: WorkflowDef, input_: JsonObject, workflow_id: str, **fields: Any) -> None:
        held, self.holding = self.holding, True
        self.start_definition(definition, input_, workflow_id, **fields)
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
}


class Flow:
    """One run, as a test reads and drives it."""

    def __init__(self, world: World, workflow_id: str) -> None:
        self.world = world
        self.id = workflow_id

    @property
    def run(self) -> Run:
        return self.world.runs[self.id]

    @property
    def program(self) -> Program:
        return self.run.program

    @property
    def status(self) -> str:
        return self.run.workflow.status.value

    @property
    def reason(self) -> str | None:
        return self.run.workflow.reason

    @property
    def output(self) -> JsonObject:
        return self.run.workflow.output.value

    @property
    def variables(self) -> JsonObject:
        return self.run.workflow.variables.value

    @property
    def tasks(self) -> list[Task]:
        """All tasks in the order of the wire, as readers see them."""
        return [self.run.shown(task) for task in self.run.listed()]

    @property
    def refs(self) -> list[str]:
        return [task.ref for task in self.tasks]

    @property
    def standing(self) -> list[str]:
        """`ref STATUS` of every task."""
        return [f"{task.ref} {task.status}" for task in self.tasks]

    def attempts(self, ref: str) -> list[Task]:
        """All attempts under a full reference name."""
        return [task for task in self.tasks if task.ref == ref]

    def task(self, ref: str) -> Task:
        """The last attempt under a full reference name."""
        return self.attempts(ref)[-1]

    def child(self, ref: str) -> Flow:
        """The child of a SUB_WORKFLOW task."""
        child_id = self.task(ref).sub_workflow_id
        assert child_id is not None
        return Flow(self.world, child_id)

    # Driving

    def complete(self, ref: str, output: JsonObject | None = None) -> Flow:
        """Complete the last attempt of a reference."""
        return self.report(ref, "COMPLETED", output)

    def fail(self, ref: str, reason: str | None = None, status: str = "FAILED") -> Flow:
        """Fail the last attempt of a reference."""
        return self.report(ref, status, reason=reason)

    def report(self, ref: str, status: str, output: JsonObject | None = None, **fields: Any) -> Flow:
        """Report about the last attempt of a reference."""
        self.world.report(self.task(ref), status, output, **fields)
        return self

    def complete_all(self, *refs: str) -> Flow:
        """Complete these, one after the other."""
        for ref in refs:
            self.complete(ref)
        return self

    def do(self, kind: type[Any], **fields: Any) -> Any:
        """A command for this run."""
        return self.world.do(kind(workflow_id=self.id, **fields))

    def pause(self) -> Flow:
        self.do(words.PauseWorkflow)
        return self

    def resume(self) -> Flow:
        self.do(words.ResumeWorkflow)
        return self

    def terminate(self, reason: str | None = None) -> Flow:
        self.do(words.TerminateWorkflow, reason=reason)
        return self

    def retry(self, *, resume: bool = False) -> Flow:
        self.do(words.RetryWorkflow, resume_subworkflow_tasks=resume)
        return self

    def restart(self) -> Flow:
        self.do(words.RestartWorkflow)
        return self

    def rerun(self, ref: str | None = None, **fields: Any) -> Flow:
        """Rerun from the last attempt of a reference, or from the start."""
        self.do(words.RerunWorkflow, task_id=self.task(ref).task_id if ref is not None else None, **fields)
        return self

    def skip(self, ref: str, **fields: Any) -> Flow:
        self.do(words.SkipTask, ref=ref, **fields)
        return self

    def stored(self) -> StoredRun:
        """The run as a store would hold it."""
        return StoredRun(
            workflow=self.run.workflow,
            tasks=sorted(self.run.index.tasks.values(), key=lambda task: task.number),
            definition=self.run.program.definition,
        )


def defined(name: str, *tasks: Node | list[Node], **fields: Any) -> WorkflowDef:
    """A definition; lists of tasks are laid out flat."""
    return shape({"name": name, "tasks": flat(tasks), **fields}, WorkflowDef)


def flat(tasks: Iterable[Node | list[Node]]) -> list[Node]:
    """Tasks and lists of tasks as one list."""
    found: deque[Node] = deque()
    for task in tasks:
        if isinstance(task, list):
            found.extend(task)
        else:
            found.append(task)
    return list(found)


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


def changed(task: Task, **fields: Any) -> Task:
    """A changed copy."""
    return replace(task, **fields)


TERMINAL = frozenset(status for status in WorkflowStatus if status.terminal)
