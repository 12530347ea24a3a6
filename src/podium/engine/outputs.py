"""Outputs that are gathered from other tasks: those of JOINs and loops.

While a JOIN or a DO_WHILE is open its gathered output is not written again and again (that would cost the square of its size): it is
put together when somebody looks, and stored once, when the task ends.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from msgspec.structs import replace

from podium.engine.index import Index, awaited
from podium.model.json import Json, JsonObject
from podium.model.payload import Payload
from podium.model.task import Task


def output_so_far(index: Index, task: Task) -> Task:
    """The task with the output gathered so far, if it is an open JOIN or DO_WHILE."""
    if task.status.terminal:
        return task
    if task.task_type == "JOIN":
        return replace(task, output=Payload.of(join_output(index, task)))
    if task.task_type == "DO_WHILE":
        return replace(task, output=Payload.of(loop_output(index, task, task.iteration - 1)))
    return task


def join_output(index: Index, task: Task) -> JsonObject:
    """Output by reference name of every joined task that has one (spec/engine.md §3.8)."""
    found = ((ref, index.last.get(ref)) for ref in awaited(task))
    outputs = ((ref, index.tasks[task_id].output) for ref, task_id in found if task_id is not None)
    return {ref: output.value for ref, output in outputs if not output.empty}


def loop_output(index: Index, task: Task, last: int) -> JsonObject:
    """What a loop shows: its own keys, and the outputs of each iteration up to `last` under its number (spec/engine.md §3.7).

    An iteration is shown when it is over: an open loop, and one that is canceled, leaves out the iteration it is in.
    """
    own = task.output.value
    kept = ((number, iteration_output(index, task.task_id, number)) for number in range(1, last + 1))
    return {**{str(number): output for number, output in kept if output is not None}, **own}


def iteration_output(index: Index, loop_id: str, number: int) -> JsonObject | None:
    """Outputs by bare reference name of one iteration, up to the first unsuccessful task; None when its tasks are gone."""
    tasks = iteration_tasks(index, loop_id, number)
    if not tasks:
        return None
    output: dict[str, Json] = {}
    for task in tasks:
        output[task.base_ref] = {} if task.task_type == "TERMINATE" else output_so_far(index, task).output.value
        if task.status.failed:
            break
    return output


def iteration_tasks(index: Index, loop_id: str, number: int) -> list[Task]:
    """The tasks of one iteration in order of creation, of each reference its last attempt; without the branches of dynamic forks.

    What dynamic branches give is in the output of their JOIN.
    """
    ids = (index.loop_tasks[loop_id, number, n] for n in range(index.loop_count.get((loop_id, number), 0)))
    found = (index.tasks.get(task_id) for task_id in ids)
    return [t for t in found if t is not None and index.last.get(t.ref) == t.task_id and not _forked_dynamically(index, t)]


def _forked_dynamically(index: Index, task: Task) -> bool:
    node = index.node(task)
    parent = node.parent if node is not None else None
    while parent is not None and node is not None and parent is not node.loop:
        if parent.type == "FORK_JOIN_DYNAMIC":
            return True
        parent = parent.parent
    return False


class LoopOutput(dict[str, Json]):
    """The output of an open loop for expressions: looks like the whole, and finds only what is asked for.

    A body that reads `${loop.output.iteration}` must not cost more the longer the loop runs. `last` is the last iteration to be found.
    """

    def __init__(self, index: Index, task: Task, last: int) -> None:
        super().__init__(task.output.value)
        self._last = last
        self._index = index
        self._task = task

    def whole(self) -> JsonObject:
        """A plain copy of all of it."""
        return loop_output(self._index, self._task, self._last)

    def __missing__(self, key: str) -> Json:
        output = iteration_output(self._index, self._task.task_id, int(key)) if key in self else None
        if output is None:
            raise KeyError(key)
        return output

    def get(self, key: str, default: Json = None) -> Json:  # type: ignore[override]
        """The value, or the default."""
        return self[key] if key in self else default  # noqa: SIM401 - that would call this method

    def __contains__(self, key: object) -> bool:
        if dict.__contains__(self, key):
            return True
        if not isinstance(key, str) or not key.isdecimal() or int(key) > self._last:
            return False
        return (self._task.task_id, int(key), 0) in self._index.loop_tasks

    def keys(self) -> Any:
        """All keys."""
        return self.whole().keys()

    def values(self) -> Any:
        """All values."""
        return self.whole().values()

    def items(self) -> Any:
        """All pairs."""
        return self.whole().items()

    def __iter__(self) -> Iterator[str]:
        return iter(self.whole())

    def __len__(self) -> int:
        return len(self.whole())


def plain(value: Json) -> Json:
    """The value with every LoopOutput in it made a plain object."""
    if isinstance(value, LoopOutput):
        return value.whole()
    if isinstance(value, dict):
        return {key: plain(child) for key, child in value.items()}
    if isinstance(value, list):
        return [plain(child) for child in value]
    return value
