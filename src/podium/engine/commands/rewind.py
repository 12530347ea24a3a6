"""Rewind: takes back what came after a task, so that a run can go on from there (spec/engine.md §7.6)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from msgspec.structs import replace

from podium.engine.advance import plan_successor
from podium.engine.commands.revive import open_again, reopen
from podium.engine.draft import Draft
from podium.engine.graph import FORKS, SWITCHES, Node
from podium.engine.index import awaited
from podium.engine.tasks.join import plan_join
from podium.engine.turn import Turn
from podium.model.payload import Payload
from podium.model.task import Task

_CONTAINERS = frozenset({"JOIN", "EXCLUSIVE_JOIN", "DO_WHILE"})


def drop_later(draft: Draft, target: Task) -> list[Task]:
    """Delete what came after a task, the newest first, and answer it.

    Branches that ran beside it stay, if their fork was dynamic or the task is a SUB_WORKFLOW; what is deleted of others comes again.
    """
    forks = [fork for fork in _forks_around(draft, target) if target.task_type == "SUB_WORKFLOW" or fork[0].type == "FORK_JOIN_DYNAMIC"]
    later = [task for task in draft.index.tasks.values() if task.seq > target.seq and not _beside(draft, task, forks)]
    later.sort(key=lambda task: -task.number)
    for task in later:
        draft.drop(task)
    return later


def restore(turn: Turn, target: Task, dropped: list[Task]) -> None:
    """Open what waits for the target or for something that was dropped, and schedule again what nothing else would."""
    draft = turn.draft
    _reopen_loops(draft, [target, *dropped])
    for task in list(draft.index.tasks.values()):
        if task.task_id == target.task_id or draft.index.last[task.ref] != task.task_id or not task.status.failed:
            continue
        if task.task_type in _CONTAINERS:
            reopen(draft, task)
        else:
            open_again(draft, task)
    while _reopen_joins(draft):
        pass
    for task in list(draft.index.tasks.values()):
        if task.status.terminal and not task.retried:
            _schedule_missing(turn, task, dropped)


Place = tuple[Node, list[str], str]  # a fork, the iterations that it is in, and the branch of it


def _forks_around(draft: Draft, task: Task) -> Iterator[Place]:
    """The forks around a task, with the branch that the task is in."""
    node = draft.node(task)
    while node is not None and (fork := node.parent) is not None:
        if fork.type in FORKS:
            yield fork, _iterations(task, fork), _branch(fork, node)
        node = fork


def _beside(draft: Draft, task: Task, forks: list[Place]) -> bool:
    """The task is in another branch of one of the forks, or joins one of them."""
    own = {(fork.ref, *iterations): branch for fork, iterations, branch in _forks_around(draft, task)}
    node = draft.node(task)
    for fork, iterations, branch in forks:
        if own.get((fork.ref, *iterations), branch) != branch:
            return True
        if node is not None and node is fork.following and _iterations(task, node) == iterations:
            return True
    return False


def _iterations(task: Task, node: Node) -> list[str]:
    """In which iterations of the loops around a node a task stands."""
    depth, loop = 0, node.loop
    while loop is not None:
        depth, loop = depth + 1, loop.loop
    return task.suffix.split("__")[1 : depth + 1]


def _branch(fork: Node, node: Node) -> str:
    """The branch of a fork that holds a node directly: its key, or the reference of a dynamically forked task."""
    for key, first in fork.children.items():
        one: Node | None = first
        while one is not None:
            if one is node:
                return key
            one = one.following
    return node.ref


def _reopen_loops(draft: Draft, tasks: Iterable[Task]) -> None:
    """The loops around tasks are open again, each in the last iteration that has tasks."""
    for loop_id in dict.fromkeys(draft.index.loop_of(task) for task in tasks):
        loop = draft.task(loop_id) if loop_id is not None else None
        if loop is None:
            continue
        number = loop.iteration
        while number and not draft.index.loop_count.get((loop.task_id, number)):
            number -= 1
        if loop.status.terminal:
            loop = reopen(draft, loop)
        if number != loop.iteration:
            own = {**loop.output.value, "iteration": number}
            loop = draft.change(loop, iteration=number, output=Payload.of(own))
        draft.look_at(loop.task_id)
        _reopen_loops(draft, [loop])


def _reopen_joins(draft: Draft) -> bool:
    """Finished JOINs that wait for something again are open; whether there were any."""
    found = False
    for task in list(draft.index.tasks.values()):
        if (
            task.task_type == "JOIN"
            and task.status.terminal
            and not task.status.failed
            and not all(_over(draft, ref) for ref in awaited(task))
        ):
            reopen(draft, task)
            found = True
    return found


def _over(draft: Draft, ref: str) -> bool:
    last = draft.last(ref)
    return last is not None and last.status.terminal


def _schedule_missing(turn: Turn, task: Task, dropped: list[Task]) -> None:
    """Plan what a finished task had caused, if that is gone."""
    draft = turn.draft
    node = draft.node(task)
    if node is None:
        return
    if task.task_type == "FORK" and node.type == "FORK_JOIN_DYNAMIC":
        _fork_again(turn, task, node, dropped)
        return
    spot = turn.spot(task.suffix)
    for head in _heads(task, node):
        first = spot.first(head)
        if first is not None and draft.last(spot.ref(first)) is None:
            turn.schedule(spot.plan(first))
    if task.executed:  # else `advance` does it
        turn.schedule(plan_successor(turn, task))


def _heads(task: Task, node: Node) -> list[Node]:
    """The first nodes that a container has scheduled along with itself."""
    if task.task_type == "FORK":
        return list(node.children.values())
    if node.type in SWITCHES and "hasChildren" in task.input.value:
        case = f"={task.input.value['case']}"
        return [node.children[case if case in node.children else ""]]
    return []


def _fork_again(turn: Turn, fork: Task, node: Node, dropped: list[Task]) -> None:
    """Branches of a dynamic fork, and its JOIN, as they were."""
    spot = turn.spot(fork.suffix)
    for old in reversed(dropped):
        if turn.draft.last(old.ref) is not None:
            continue
        branch = turn.draft.index.branches.get(old.ref) if old.fork_ref == fork.ref else None
        if branch is not None:
            first, *rest = spot.plan(branch)
            turn.schedule([replace(first, node=old.node, fork_ref=old.fork_ref), *rest])
        elif node.following is not None and old.ref == spot.ref(node.following):
            turn.schedule([plan_join(spot, node.following, old.input.value)])
