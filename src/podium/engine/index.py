"""Indexes over the tasks of a run, and layers over them, so that a decision costs what it changes.

Every index is a flat dictionary with immutable values. A draft works on *layers*: dictionaries that fall through to those of the run
and keep their own changes, deletions included. The code that keeps the indexes right is the same for both.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterator
from typing import Any, Generic, TypeVar, cast

from podium.engine.deadlines import task_deadline
from podium.engine.graph import Node, Program, compile_branch
from podium.model.definition import WorkflowTask
from podium.model.status import TaskStatus
from podium.model.task import Task

K = TypeVar("K")
V = TypeVar("V")
_GONE: Any = object()

WAITING_TYPES = frozenset({"JOIN", "EXCLUSIVE_JOIN"})


class Layer(Generic[K, V]):
    """A dictionary over another: reads fall through, writes and deletions stay here."""

    __slots__ = ("base", "own")

    def __init__(self, base: dict[K, V] | Layer[K, V]) -> None:
        self.base = base
        self.own: dict[K, V] = {}

    def get(self, key: K, default: Any = None) -> Any:
        """The value, or the default."""
        value = self.own.get(key, self)
        if value is self:
            return self.base.get(key, default)
        return default if value is _GONE else value

    def __getitem__(self, key: K) -> V:
        value = self.get(key, _GONE)
        if value is _GONE:
            raise KeyError(key)
        return cast("V", value)

    def __contains__(self, key: K) -> bool:
        return self.get(key, _GONE) is not _GONE

    def __setitem__(self, key: K, value: V) -> None:
        self.own[key] = value

    def pop(self, key: K, default: Any = None) -> Any:
        """Take a key out; its value, or the default."""
        value = self.get(key, default)
        self.own[key] = _GONE
        return value

    def merge(self) -> None:
        """Write what is kept here into the dictionary below."""
        base = cast("dict[K, V]", self.base)
        for key, value in self.own.items():
            if value is _GONE:
                base.pop(key, None)
            else:
                base[key] = value

    def __iter__(self) -> Iterator[K]:
        own = self.own
        yield from (key for key in self.base if key not in own)
        yield from (key for key, value in own.items() if value is not _GONE)

    def values(self) -> Iterator[V]:
        """The values, those of the base first."""
        return (self[key] for key in self)


class Index:
    """What is known about the tasks of one run without looking through them."""

    # Slots: a decision reads these some two hundred times.
    __slots__ = (
        *("branches", "deadlines", "forks", "last", "latest", "layers", "loop_count", "loop_open", "loop_tasks", "missing"),
        *("missing_count", "open", "open_count", "pending", "program", "tasks", "unsuccessful", "waiting"),
    )

    def __init__(self, program: Program) -> None:
        self.program = program
        self.tasks: dict[str, Task] = {}  # in order of creation
        self.last: dict[str, str] = {}  # full ref -> id of its last attempt
        self.latest: dict[str, str] = {}  # ref in the definition -> id of its last attempt in its last iteration
        self.open: dict[str, None] = {}  # ids of tasks that are not over
        self.pending: dict[str, None] = {}  # ids of tasks that are over and not processed, as while paused
        self.unsuccessful: dict[str, None] = {}  # ids of attempts that did not end well
        # Dynamic forks and DYNAMIC tasks
        self.branches: dict[str, Node] = {}  # full ref -> node, for dynamically forked tasks
        self.forks: dict[str, None] = {}  # ids of FORK_JOIN_DYNAMIC tasks
        # JOINs
        self.waiting: dict[str, tuple[str, ...]] = {}  # full ref -> ids of open JOINs that wait for it
        self.missing: dict[tuple[str, str], None] = {}  # (id of an open JOIN, full ref that is not finished)
        self.missing_count: dict[str, int] = {}  # id of an open JOIN -> how many refs are not finished
        # Loops
        self.loop_tasks: dict[tuple[str, int, int], str] = {}  # (id of DO_WHILE, iteration, n) -> task id
        self.loop_count: dict[tuple[str, int], int] = {}  # (id of DO_WHILE, iteration) -> how many tasks
        self.loop_open: dict[str, int] = {}  # id of DO_WHILE -> how many of its tasks are not finished
        self.deadlines: list[tuple[int, str]] = []  # heap of (epoch ms, task id); of a layer: only its own
        self.open_count = 0
        self.layers: list[Layer[Any, Any]] = []  # those of its tables that lie over another index's

    def layered(self) -> Index:
        """An index that starts as this one and keeps its changes to itself.

        Tables that stay empty because the definition has no such node are shared: nobody writes them.
        """
        layer = Index.__new__(Index)  # not through __init__: that would make tables that are not needed
        program = layer.program = self.program
        layer.deadlines, layer.open_count, layer.layers = [], self.open_count, []
        over = layer._over  # noqa: SLF001 - it is one of us
        layer.tasks, layer.last, layer.latest = over(self.tasks), over(self.last), over(self.latest)
        layer.open, layer.pending, layer.unsuccessful = over(self.open), over(self.pending), over(self.unsuccessful)
        layer.branches, layer.forks = self.branches, self.forks
        if program.dynamic:
            layer.branches, layer.forks = over(self.branches), over(self.forks)
        layer.waiting, layer.missing, layer.missing_count = self.waiting, self.missing, self.missing_count
        if program.joins:
            layer.waiting, layer.missing, layer.missing_count = over(self.waiting), over(self.missing), over(self.missing_count)
        layer.loop_tasks, layer.loop_count, layer.loop_open = self.loop_tasks, self.loop_count, self.loop_open
        if program.loops:
            layer.loop_tasks, layer.loop_count, layer.loop_open = over(self.loop_tasks), over(self.loop_count), over(self.loop_open)
        return layer

    def _over(self, table: Any) -> Any:
        """A layer of this index over a table of another; it stands for the table itself."""
        layer: Layer[Any, Any] = Layer(table)
        self.layers.append(layer)
        return layer

    def adopt(self, drafted: Index) -> None:
        """Take over everything that an index laid over this one has changed."""
        for layer in drafted.layers:
            if layer.own:
                layer.merge()
        self.open_count = drafted.open_count
        for deadline in drafted.deadlines:
            heapq.heappush(self.deadlines, deadline)

    def node(self, task: Task) -> Node | None:
        """The compiled node of a task; None when no definition holds it."""
        if task.node is None and task.base_ref in self.program.nodes:
            return self.program.nodes[task.base_ref]
        ref = task.ref
        while len(ref) >= len(task.base_ref):
            if (node := self.branches.get(ref)) is not None:
                return node
            ref = ref.rpartition("__")[0]
        return None

    def loop_of(self, task: Task) -> str | None:
        """The id of the DO_WHILE task that a task is in."""
        node = self.node(task)
        if node is None or node.loop is None:
            return None
        return self.last.get(node.loop.ref + task.suffix.rpartition("__")[0])

    def deadline(self, task: Task) -> int:
        """When something about a task is due (epoch ms); 0: never."""
        node = self.node(task)
        return task_deadline(task, node.policy if node is not None else None)

    def put(self, task: Task) -> None:
        """Insert or replace a task."""
        known = self.tasks.get(task.task_id)
        self.tasks[task.task_id] = task
        if known is None:
            self._arrive(task)
        self._mark_status(known, task)
        if self.program.loops:
            self._count_in_loop(known, task)
        if self.program.joins:
            self._tell_joins(task)
            if task.task_type in WAITING_TYPES:
                self._track_join(known, task)

    def drop(self, task: Task) -> None:
        """Delete a task."""
        task_id = task.task_id
        self.tasks.pop(task_id, None)
        self.pending.pop(task_id, None)
        self.unsuccessful.pop(task_id, None)
        self.forks.pop(task_id, None)
        if self.open.pop(task_id, task_id) is None:
            self.open_count -= 1
        if task.task_type in WAITING_TYPES:
            self._untrack_join(task)
        self._count_in_loop(task, None)
        self._leave_loop(task)
        if self.last.get(task.ref) == task_id:
            self._step_back(self.last, task.ref, lambda other: other.ref)
            for join_id in self.waiting.get(task.ref, ()):
                self._set_missing(join_id, task.ref, missing=not self._is_finished(task.ref))
        if self.latest.get(task.base_ref) == task_id:
            self._step_back(self.latest, task.base_ref, lambda other: other.base_ref)

    def _step_back(self, table: dict[str, str], key: str, key_of: Callable[[Task], str]) -> None:
        # Only a rerun drops the last attempt of a reference, so the search through all tasks is rare.
        before = [other for other in self.tasks.values() if key_of(other) == key]
        if before:
            table[key] = max(before, key=lambda other: (other.seq, other.number)).task_id
        else:
            table.pop(key, None)

    def _arrive(self, task: Task) -> None:
        if task.node is not None:
            self._add_own_node(task, task.node)
        self.last[task.ref] = task.task_id
        if task.status is not TaskStatus.SKIPPED or task.base_ref not in self.latest:
            self.latest[task.base_ref] = task.task_id
        node = self.node(task)
        if node is not None and node.type == "FORK_JOIN_DYNAMIC":
            self.forks[task.task_id] = None
        loop = self.loop_of(task) if self.program.loops else None
        if loop is not None:
            place = (loop, iteration_in_loop(task))
            count = self.loop_count.get(place, 0)
            self.loop_tasks[(*place, count)] = task.task_id
            self.loop_count[place] = count + 1

    def _add_own_node(self, task: Task, definition: WorkflowTask) -> None:
        if task.fork_ref is None:
            place = self.program.nodes.get(task.base_ref) or self.branches.get(task.ref)
            if place is not None:
                self.branches[task.ref] = place.replaced(definition)
            return
        fork_id = self.last.get(task.fork_ref)
        fork = self.node(self.tasks[fork_id]) if fork_id is not None else None
        if fork is None:
            return
        for ref, node in compile_branch(definition, fork).items():
            self.branches[ref + task.suffix] = node

    def _mark_status(self, known: Task | None, task: Task) -> None:
        if known is None or known.status is not task.status:
            self._mark_new_status(known, task)
        if task.unprocessed:
            self.pending[task.task_id] = None
        elif known is not None and known.unprocessed:
            self.pending.pop(task.task_id, None)
        if not task.status.terminal and (when := self.deadline(task)):
            heapq.heappush(self.deadlines, (when, task.task_id))

    def _mark_new_status(self, known: Task | None, task: Task) -> None:
        terminal = task.status.terminal
        was_open = known is not None and not known.status.terminal
        if terminal and was_open:
            self.open.pop(task.task_id, None)
            self.open_count -= 1
        elif not terminal and not was_open:
            self.open[task.task_id] = None
            self.open_count += 1
        if task.status.failed:
            self.unsuccessful[task.task_id] = None
        elif known is not None and known.status.failed:
            self.unsuccessful.pop(task.task_id, None)

    def _count_in_loop(self, known: Task | None, task: Task | None) -> None:
        change = int(task is not None and not _settled(task)) - int(known is not None and not _settled(known))
        if change and (either := task or known) is not None and (loop := self.loop_of(either)) is not None:
            self.loop_open[loop] = self.loop_open.get(loop, 0) + change

    def _leave_loop(self, task: Task) -> None:
        # Tasks are dropped newest first, so that it is the last of its iteration.
        loop = self.loop_of(task)
        if loop is None:
            return
        place = (loop, iteration_in_loop(task))
        end = self.loop_count.get(place, 0)
        found = next((n for n in range(end - 1, -1, -1) if self.loop_tasks[(*place, n)] == task.task_id), None)
        if found is None:
            return
        for n in range(found, end - 1):
            self.loop_tasks[(*place, n)] = self.loop_tasks[(*place, n + 1)]
        self.loop_tasks.pop((*place, end - 1), None)
        if end > 1:
            self.loop_count[place] = end - 1
        else:
            self.loop_count.pop(place, None)

    def _is_finished(self, ref: str) -> bool:
        last = self.last.get(ref)
        return last is not None and self.tasks[last].finished

    def _tell_joins(self, task: Task) -> None:
        if self.last.get(task.ref) != task.task_id:
            return
        for join_id in self.waiting.get(task.ref, ()):
            self._set_missing(join_id, task.ref, missing=not task.finished)

    def _set_missing(self, join_id: str, ref: str, *, missing: bool) -> None:
        known = (join_id, ref) in self.missing
        if missing and not known:
            self.missing[join_id, ref] = None
        elif known and not missing:
            self.missing.pop((join_id, ref), None)
        self.missing_count[join_id] = self.missing_count.get(join_id, 0) + int(missing) - int(known)

    def _track_join(self, known: Task | None, task: Task) -> None:
        if task.status.terminal:
            if known is not None and not known.status.terminal:
                self._untrack_join(known)
            return
        if known is not None and not known.status.terminal:
            return
        self.missing_count[task.task_id] = 0
        for ref in awaited(task):
            joins = self.waiting.get(ref, ())
            if task.task_id not in joins:
                self.waiting[ref] = (*joins, task.task_id)
            self._set_missing(task.task_id, ref, missing=not self._is_finished(ref))

    def _untrack_join(self, task: Task) -> None:
        for ref in awaited(task):
            others = tuple(join_id for join_id in self.waiting.get(ref, ()) if join_id != task.task_id)
            if others:
                self.waiting[ref] = others
            else:
                self.waiting.pop(ref, None)
            self.missing.pop((task.task_id, ref), None)
        self.missing_count.pop(task.task_id, None)


def _settled(task: Task) -> bool:
    return task.finished or task.retried


def iteration_in_loop(task: Task) -> int:
    """In which iteration of the loop around it a task is; 0 outside of loops. `Task.iteration` of a DO_WHILE is its own instead."""
    suffix = task.suffix
    return int(suffix.rpartition("__")[2]) if suffix else 0


def awaited(task: Task) -> list[str]:
    """The full reference names that a JOIN or EXCLUSIVE_JOIN waits for, in order, each once (spec/engine.md §3.7, §3.8)."""
    value = task.input.value
    named = value.get("joinOn")
    refs = [f"{ref}{task.suffix}" for ref in named] if isinstance(named, list) else []
    defaults = value.get("defaultExclusiveJoinTask")
    if task.task_type == "EXCLUSIVE_JOIN" and isinstance(defaults, list):
        refs += [str(ref) for ref in defaults]
    return list(dict.fromkeys(refs))
