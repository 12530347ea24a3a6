"""A draft: a decision in the making, laid over a run that it does not edit.

Reads fall through to the run, changes collect here. What the world must do is not said by the rules: it is read off the changed tasks
when the draft is finished (`podium.engine.effects`).
"""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from podium.engine.conformity import refused_output
from podium.engine.graph import Node, Program
from podium.engine.ids import task_id as derive_task_id
from podium.engine.index import Index
from podium.engine.output_cache import kept_output
from podium.engine.outputs import output_so_far, plain
from podium.engine.question import Answers
from podium.engine.run import Catalog, Run
from podium.engine.scope import RunScope
from podium.engine.state_change import STARTED
from podium.model.cached_output import CachedOutput
from podium.model.definition import WorkflowDef
from podium.model.json import JsonObject
from podium.model.message import Message
from podium.model.payload import Payload
from podium.model.status import TaskStatus, WorkflowStatus
from podium.model.task import Task, TaskLog
from podium.model.workflow import Workflow


class Draft:
    """Everything that the commands of one decision have changed so far."""

    def __init__(self, run: Run, now: int, answers: Answers) -> None:
        self.run = run
        self.now = now
        self.answers = answers
        self.workflow: Workflow = run.workflow
        self.index: Index = run.index.layered()
        self.touched: dict[str, None] = {}  # ids of tasks that were put or dropped, in order
        self.dirty: dict[str, None] = {}  # ids of tasks that `advance` must look at
        self.messages: list[tuple[Message, int]] = []  # with the time before which they are not due; 0: now
        self.logs: list[TaskLog] = []
        self.consumed: list[str] = []
        self.commands: list[str] = []
        self.actor = ""
        self.definition: WorkflowDef | None = None  # when the run got a new one
        self.removed = False
        self.work = 0  # how many tasks were processed or executed
        self.turns = 0  # how many turns the present command has taken
        self.ticked = False  # every deadline that is due was handled
        self.processed: list[str] = []  # ids of the tasks that the last turn processed
        self.program = run.program
        self.cached: dict[tuple[str, str], CachedOutput] = {}  # outputs for later tasks, by definition name and key

    def use_program(self, program: Program) -> None:
        """Go on with another definition; only a run without tasks can."""
        self.program = program
        self.index = Index(program)

    @property
    def catalog(self) -> Catalog:
        """What exists beside the run."""
        return self.run.catalog

    @property
    def running(self) -> bool:
        """New tasks may be scheduled."""
        return self.workflow.status is WorkflowStatus.RUNNING

    @property
    def changed(self) -> bool:
        """There is something to commit."""
        collected = self.touched or self.messages or self.logs or self.consumed or self.removed
        woken = self.ticked and 0 < self.run.workflow.wake_at <= self.now  # even if there was nothing to do, the next time is another
        return bool(collected or woken) or self.workflow is not self.run.workflow

    # Reading

    def task(self, task_id: str) -> Task | None:
        """The task as it is now."""
        return self.index.tasks.get(task_id)

    def last(self, ref: str) -> Task | None:
        """The last attempt under a full reference name."""
        task_id = self.index.last.get(ref)
        return self.index.tasks[task_id] if task_id is not None else None

    def skipped(self, ref: str) -> bool:
        """The task with this full reference name is stepped over."""
        last = self.last(ref)
        return last is not None and last.status is TaskStatus.SKIPPED

    def node(self, task: Task) -> Node | None:
        """The compiled node of a task."""
        return self.index.node(task)

    def open_tasks(self) -> list[Task]:
        """All tasks that are not over, in order of creation."""
        return sorted((self.index.tasks[task_id] for task_id in self.index.open), key=lambda task: task.number)

    def shown(self, task: Task) -> Task:
        """The task with what it has gathered so far, if it is an open JOIN or DO_WHILE."""
        return output_so_far(self.index, task)

    def scope(self, task_id: str | None = None) -> RunScope:
        """What expressions read now."""
        return RunScope(self.workflow, self.index, self.catalog, task_id)

    def resolve(self, node: Node, task_id: str | None) -> JsonObject:
        """A node's input as it is now."""
        template = node.input
        value = template(self.scope(task_id if node.knows_task_id else None))
        if self.program.loops and not template.template.constant and self._reads_open_loop(template.template.roots):
            value = {key: plain(child) for key, child in value.items()}
        return value

    def _reads_open_loop(self, roots: frozenset[str]) -> bool:
        for root in roots:
            node = self.program.nodes.get(root)
            if root == "*" or (node is not None and node.type == "DO_WHILE"):
                return True
        return False

    # Changing

    def set_workflow(self, **changes: Any) -> None:
        """Change fields of the workflow."""
        status = changes.get("status")
        if status is not None and status is not self.workflow.status:
            changes.setdefault("previous_status", self.workflow.status)
        self.workflow = replace(self.workflow, **changes)

    def next_task_id(self) -> tuple[int, str]:
        """Number and id for a task that is about to be planned."""
        number = self.workflow.task_count + 1
        self.workflow = replace(self.workflow, task_count=number)
        return number, derive_task_id(self.workflow.workflow_id, number)

    def add(self, task: Task) -> Task:
        """Take in a planned task: it gets its place in the sequence and its times (spec/engine.md §3.3)."""
        seq = task.seq
        if seq == 0 and task.status is not TaskStatus.SKIPPED:
            seq = self.workflow.last_seq + 1
            self.workflow = replace(self.workflow, last_seq=seq)
        stamped = replace(
            task,
            seq=seq,
            scheduled_time=task.scheduled_time or self.now,
            first_scheduled_time=task.first_scheduled_time or self.now,
            update_time=self.now,
            end_time=self.now if task.status.terminal and not task.end_time else task.end_time,
        )
        return self._put(stamped)

    def change(self, task: Task, **changes: Any) -> Task:
        """Change fields of a task; its times follow (spec/engine.md §1.3). Answers the task as it is now."""
        status: TaskStatus = changes.get("status", task.status)
        if not status.terminal or not changes.get("update_time", task.update_time):
            changes["update_time"] = self.now
        if status.terminal:
            changes["end_time"] = changes.get("end_time", task.end_time) or self.now
            changes["ready_at"] = 0
            if status is TaskStatus.COMPLETED and task.status is not status and self.program.checked:
                return self._put(self._completed(task, replace(task, **changes)))
        return self._put(replace(task, **changes))

    def _completed(self, before: Task, task: Task) -> Task:
        """A task that was just completed: its output must satisfy its schema, and later tasks may take it over."""
        node = self.index.node(task)
        if node is None:
            return task
        refusal = refused_output(node, task.output)
        if refusal:
            return replace(task, **refusal)
        queued = before.ready_at or before.poll_count
        if node.key_rule is not None and queued and not task.output_path:
            kept = kept_output(node.key_rule, task.def_name, task.input.value, task.output, self.now)
            if kept is not None:
                self.cached[kept.def_name, kept.key] = kept
        return task

    def _put(self, task: Task) -> Task:
        self.index.put(task)
        if self.program.tells and (task.start_untold or not task.start_time):
            task = self._with_start_to_tell(task)
        self.touched[task.task_id] = None
        if task.unprocessed:
            self.dirty[task.task_id] = None
        return task

    def _with_start_to_tell(self, task: Task) -> Task:
        """A task whose start is to be published remembers so until it has started and a decision has told it."""
        node = self.index.node(task)
        untold = node is not None and STARTED in node.events and not task.start_time and not task.status.terminal
        if untold is not task.start_untold:
            task = replace(task, start_untold=untold)
            self.index.put(task)
        return task

    def tell_start(self, task: Task) -> None:
        """Have the start of a task published, that a claim has started."""
        self._put(task)

    def mark_executed(self, task: Task) -> Task:
        """What follows from a task that is over was decided."""
        return self._put(replace(task, executed=True))

    def restore(self, task: Task) -> None:
        """Take back a change: the task is as it was."""
        self._put(task)

    def drop(self, task: Task) -> None:
        """Delete a task."""
        self.index.drop(task)
        self.touched[task.task_id] = None
        self.dirty.pop(task.task_id, None)

    def look_at(self, task_id: str) -> None:
        """Have `advance` look at a task."""
        self.dirty[task_id] = None

    def look_at_pending(self) -> None:
        """Have `advance` look at all tasks that are over and not processed."""
        for task_id in self.index.pending:
            self.look_at(task_id)

    def leave_off(self) -> None:
        """Stop halfway: what was decided is committed, and a Tick goes on at once."""
        self.dirty = {}
        self.workflow = replace(self.workflow, unfinished=True)

    def send(self, message: Message, due: int = 0) -> None:
        """Have a message delivered after the commit, not before `due` (epoch ms)."""
        self.messages.append((message, due))

    def finish_task(self, task: Task, status: TaskStatus, output: JsonObject | None = None, reason: str | None = None) -> Task:
        """End a task; without an output it keeps the one it has."""
        changes: dict[str, Any] = {"status": status}
        if output is not None:
            changes["output"] = Payload.of(output)
        if reason is not None:
            changes["reason"] = reason
        return self.change(task, **changes)
