"""A turn of the decision: plan what follows, schedule it, execute what the server does itself.

Task types are written in these words: a `Spot` is where a node is planned, a `Turn` schedules what was planned.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from msgspec.structs import replace

from podium.engine.conformity import check_input
from podium.engine.domains import domain_of
from podium.engine.draft import Draft
from podium.engine.graph import Node
from podium.engine.output_cache import cached_output
from podium.engine.question import NeedsAnswer, Question
from podium.model.json import JsonObject
from podium.model.payload import Payload
from podium.model.status import TaskStatus, WorkflowStatus
from podium.model.task import Task

# Tasks whose mappers never name their definition: clients see the type as `taskDefName` (spec/engine.md §1.3).
NAMED_BY_TYPE = frozenset({"DECISION", "SWITCH", "FORK", "JOIN", "EXCLUSIVE_JOIN"})


class Terminated(Exception):
    """The workflow ends, unsuccessfully."""

    def __init__(self, reason: str, status: WorkflowStatus = WorkflowStatus.FAILED, task: Task | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.status = status
        self.task = task


@dataclass(frozen=True, slots=True)
class TaskType:
    """What the engine knows about one type of task.

    `plan`: the tasks that a node becomes, itself first (spec/engine.md §3.8). `execute`: for types that run inside the decision.
    `system`: the server runs it, no worker. `polled`: it waits in a queue (of the workers, or of the server's own loop).
    `control`: it is never retried (spec/engine.md §0.4).
    """

    plan: Callable[[Spot, Node], list[Task]]
    execute: Callable[[Turn, Task], None] | None = None
    system: bool = True
    polled: bool = False
    control: bool = False


class Turn:
    """One pass over the tasks that need to be looked at."""

    def __init__(self, draft: Draft, types: Mapping[str, TaskType]) -> None:
        self.draft = draft
        self.types = types
        self.depth = 0  # how many plans are being made inside of each other
        self.asked: list[Question] = []  # what these plans must know
        self.to_execute: dict[str, None] = {}  # ids of open tasks of the server's own, in order

    def type_of(self, task: Task) -> TaskType:
        """What is known about a task's stored type."""
        return self.types.get(task.task_type) or self.types["SIMPLE"]

    def spot(self, suffix: str, retry_count: int = 0) -> Spot:
        """A place to plan nodes at."""
        return Spot(self, suffix, retry_count)

    def schedule(self, tasks: Iterable[Task]) -> None:
        """Take in planned tasks; of one reference name only the first (spec/engine.md §3.1, §3.5)."""
        draft = self.draft
        for task in tasks:
            known = draft.last(task.ref)
            if known is not None and known.task_id != task.retried_task_id:
                continue
            added = check_input(draft, draft.add(self._with_domain(task)))
            if not added.status.terminal and self.type_of(added).execute is not None:
                self.to_execute[added.task_id] = None

    def _with_domain(self, task: Task) -> Task:
        workflow = self.draft.workflow
        if task.system or not workflow.task_to_domain:
            return task
        return replace(task, domain=domain_of(workflow.task_to_domain, task.task_type, self.draft.catalog) or task.domain)


class Spot:
    """Where a node is planned: in which iterations of which loops, and with how many retries behind it."""

    __slots__ = ("retry_count", "suffix", "turn")

    def __init__(self, turn: Turn, suffix: str, retry_count: int = 0) -> None:
        self.turn = turn
        self.suffix = suffix
        self.retry_count = retry_count

    @property
    def draft(self) -> Draft:
        """The decision in the making."""
        return self.turn.draft

    @property
    def iteration(self) -> int:
        """The iteration of the innermost loop; 0 outside of loops."""
        return int(self.suffix.rpartition("__")[2]) if self.suffix else 0

    def plan(self, node: Node) -> list[Task]:
        """The tasks that a node becomes here. Raises NeedsAnswer, with all questions of the whole plan."""
        turn = self.turn
        task_type = turn.types.get(node.type) or turn.types["USER_DEFINED"]
        turn.depth += 1
        try:
            planned = task_type.plan(self, node)
        finally:
            turn.depth -= 1
        if turn.asked and not turn.depth:
            raise NeedsAnswer(turn.asked)
        return planned

    def first(self, node: Node | None) -> Node | None:
        """The first node of a sequence that is not skipped."""
        while node is not None and self.draft.skipped(self.ref(node)):
            node = node.following
        return node

    def ref(self, node: Node) -> str:
        """A node's full reference name here."""
        return node.ref + self.suffix

    def task(self, node: Node, status: TaskStatus, task_input: JsonObject, identity: tuple[int, str], **fields: Any) -> Task:
        """A task of a node; `fields` are set on top of what all have in common (spec/engine.md §3.8)."""
        draft, workflow = self.draft, self.draft.workflow
        number, task_id = identity
        stored_type = fields.pop("task_type", node.type)
        start_time = 0 if status is TaskStatus.SCHEDULED else draft.now
        common: dict[str, Any] = {
            "workflow_id": workflow.workflow_id,
            "task_id": task_id,
            "number": number,
            "ref": self.ref(node),
            "base_ref": node.ref,
            "task_type": stored_type,
            "def_name": stored_type if stored_type in NAMED_BY_TYPE else node.task.name or stored_type,
            "status": status,
            "iteration": self.iteration,
            "retry_count": self.retry_count,
            "start_time": start_time,
            "end_time": draft.now if status.terminal else 0,
            "priority": workflow.priority,
            "correlation_id": workflow.correlation_id,
            "input": Payload.of(task_input),
            "system": True,
        }
        common.update(fields)
        return Task(**common)

    def queued(self, node: Node, task_input: JsonObject, identity: tuple[int, str], **fields: Any) -> Task:
        """A task that waits in a queue: SCHEDULED, available after the node's `startDelay`; or done, with an output that was kept."""
        known = self.turn.types.get(fields.get("task_type", node.type))
        delay = node.task.start_delay
        fields.setdefault("callback_after_seconds", delay)
        fields.setdefault("ready_at", self.draft.now + delay * 1000 if known is None or known.polled else 0)
        fields.setdefault("lease_ms", node.lease_ms)
        fields.setdefault("system", known is not None and known.system)
        task = self.task(node, TaskStatus.SCHEDULED, task_input, identity, **fields)
        output = cached_output(self, node, task.def_name, task_input) if node.key_rule is not None else None
        if output is None:
            return task
        return replace(task, status=TaskStatus.COMPLETED, output=output, ready_at=0, start_time=self.draft.now)
