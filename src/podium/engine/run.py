"""A run: a workflow with its tasks and its definition, all that a decision may read.

Nobody edits a run but its owner, the executor: it takes in decisions after their commit, and rows that others changed.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Sequence
from typing import Protocol

from msgspec.structs import replace

from podium.engine.graph import Program, compile_definition
from podium.engine.index import Index
from podium.engine.outputs import output_so_far
from podium.model.command import StartWorkflow
from podium.model.decision import Decision
from podium.model.definition import SchemaDef, TaskDef, WorkflowDef, WorkflowTask
from podium.model.payload import Payload
from podium.model.task import Task
from podium.model.workflow import StoredRun, Workflow

TASK_BYTES = 3_000  # a rough measure of what a task, or a message, costs in memory, small payloads included


class Catalog(Protocol):
    """What exists beside the run: definitions, domains, the environment. In memory, so that a decision never waits for it."""

    def task_definition(self, name: str) -> TaskDef | None:
        """The registered task definition."""

    def workflow_definition(self, name: str, version: int | None) -> WorkflowDef | None:
        """The registered workflow definition; the latest when no version is given."""

    def schema(self, name: str, version: int | None) -> SchemaDef | None:
        """The registered schema; the latest when no version is given."""

    def active_domain(self, task_type: str, domains: Sequence[str]) -> str | None:
        """The domain to use of a list (spec/engine.md §2.7)."""

    def environment(self, name: str) -> str | None:
        """A value for `${workflow.env.NAME}`."""

    def secret(self, name: str, starter: str) -> str | None:
        """A value for `${workflow.secrets.NAME}` in the tasks of a workflow that `starter` started."""

    def variable(self, name: str) -> str | None:
        """A process variable that the settings expose as `${NAME}`."""

    def heard(self, event: str) -> bool:
        """Whether an event handler is there for exactly this event."""


class Run:
    """One workflow in memory."""

    __slots__ = ("catalog", "index", "program", "workflow")

    def __init__(self, workflow: Workflow, program: Program, catalog: Catalog) -> None:
        self.workflow = workflow
        self.program = program
        self.catalog = catalog
        self.index = Index(program)

    @classmethod
    def of(cls, stored: StoredRun, program: Program, catalog: Catalog) -> Run:
        """The run that the store holds."""
        run = cls(stored.workflow, program, catalog)
        for task in stored.tasks:
            run.index.put(task)
        return run

    @classmethod
    def unborn(cls, command: StartWorkflow, program: Program, catalog: Catalog, now: int) -> Run:
        """A run that is about to start: revision 0, no tasks (spec/engine.md §2.2 step 5)."""
        definition = program.definition
        value = dict(command.input)
        if value:
            value.update({k: v for k, v in definition.input_template.items() if value.get(k) is None})
        workflow = Workflow(
            workflow_id=command.workflow_id,
            name=definition.name,
            version=definition.version,
            definition_hash=command.definition_hash,
            priority=command.priority,
            create_time=now,
            correlation_id=command.correlation_id,
            parent_workflow_id=command.parent_workflow_id,
            parent_task_id=command.parent_task_id,
            event=command.event,
            owner_app=command.owner_app,
            created_by=command.created_by,
            task_to_domain=command.task_to_domain,
            idempotency_key=command.idempotency_key,
            classifier=classifier(definition),
            input=Payload.of(value),
            variables=Payload.of(definition.variables),
            input_path=command.input_path if not value else None,
        )
        return cls(workflow, program, catalog)

    @property
    def size(self) -> int:
        """About how many bytes the run takes in memory."""
        return TASK_BYTES * (1 + len(self.index.tasks) + len(self.workflow.messages))

    def task(self, task_id: str) -> Task | None:
        """The task with this id."""
        return self.index.tasks.get(task_id)

    def listed(self) -> list[Task]:
        """All tasks in the order of the wire: by `seq`, so that SKIPPED ones come first."""
        return sorted(self.index.tasks.values(), key=lambda task: task.seq)

    def node_of(self, task: Task) -> WorkflowTask:
        """The definition task of a task, with its task definition filled in."""
        node = self.index.node(task)
        if node is not None:
            return node.task
        return task.node or WorkflowTask(name=task.def_name, task_reference_name=task.base_ref, type=task.task_type)

    def shown(self, task: Task) -> Task:
        """The task as readers see it: an open JOIN or DO_WHILE with the output gathered so far."""
        return output_so_far(self.index, task)

    def due_tasks(self, now: int) -> list[Task]:
        """Open tasks with a deadline at or before `now`, in order of their creation. Costs what is due, not what is there."""
        tasks = self.index.tasks
        found = {task_id for task_id in self._heap_until(now) if task_id in self.index.open}
        return sorted((tasks[task_id] for task_id in found), key=lambda task: task.number)

    def _heap_until(self, now: int) -> Iterator[str]:
        heap, places = self.index.deadlines, [0]
        while places:
            place = places.pop()
            if place < len(heap) and heap[place][0] <= now:
                yield heap[place][1]
                places += (2 * place + 1, 2 * place + 2)

    def next_deadline(self, after: int, changed: frozenset[str] | set[str]) -> int:
        """The earliest deadline later than `after` of a task that is not in `changed`; 0 when there is none."""
        heap = self.index.deadlines
        frontier = [(heap[0][0], 0)] if heap else []
        while frontier:
            when, place = heapq.heappop(frontier)
            if when > after and self._holds(place, changed):
                return when
            for child in (2 * place + 1, 2 * place + 2):
                if child < len(heap):
                    heapq.heappush(frontier, (heap[child][0], child))
        return 0

    def _holds(self, place: int, changed: frozenset[str] | set[str]) -> bool:
        when, task_id = self.index.deadlines[place]
        return task_id in self.index.open and task_id not in changed and self.index.deadline(self.index.tasks[task_id]) == when

    def apply(self, decision: Decision) -> None:
        """Take in a decision after its commit."""
        self.workflow = decision.workflow
        if decision.definition is not None and decision.workflow.definition_hash != self.program.definition_hash:
            self.program = compile_definition(decision.definition, decision.workflow.definition_hash)
            self.index = Index(self.program)
        self._drop([change.before for change in decision.tasks if change.after is None and change.before is not None])
        for change in decision.tasks:
            if change.after is not None:
                self.index.put(change.after)
        self._forget_old_deadlines()

    def adopt(self, decision: Decision, drafted: Index, claimed: Sequence[Task] = ()) -> None:
        """The same at less cost: with the index that the decision was made on, and the tasks that were claimed afterwards."""
        self.workflow = decision.workflow
        if drafted.layers:
            self.index.adopt(drafted)
        else:
            self.program, self.index = drafted.program, drafted  # begun anew, with another definition
        for task in claimed:
            self.index.put(task)
        self._forget_old_deadlines()

    def refresh(self, stored: StoredRun) -> None:
        """Take in rows that others changed."""
        self.workflow = stored.workflow
        self._drop([task for task_id in stored.removed if (task := self.index.tasks.get(task_id)) is not None])
        for task in stored.tasks:
            self.index.put(task)
        self._forget_old_deadlines()

    def claimed(self, task: Task, revision: int, wake_at: int) -> None:
        """Take in a claim that the store has made."""
        self.workflow = replace(self.workflow, revision=revision, wake_at=wake_at)
        self.index.put(task)

    def _drop(self, tasks: list[Task]) -> None:
        # Newest first, and before anything is put: a task finds the loop that it leaves only while that loop
        # is there and the last of its reference.
        for task in sorted(tasks, key=lambda task: task.number, reverse=True):
            self.index.drop(task)

    def _forget_old_deadlines(self) -> None:
        heap = self.index.deadlines
        while heap and not self._holds(0, frozenset()):
            heapq.heappop(heap)


def classifier(definition: WorkflowDef) -> str:
    """What search calls this kind of workflow (spec/api.md §3.1)."""
    metadata = definition.metadata
    named = metadata.get("classifier")
    if isinstance(named, str) and named:
        return named
    return "agent" if "agent_sdk" in metadata or "agentDef" in metadata else "workflow"
