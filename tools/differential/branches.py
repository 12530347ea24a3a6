"""Random dynamic forks: one task for many inputs, a list of tasks with their inputs, or the old list that holds both."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

from tools.differential.values import Values

Node = dict[str, Any]
OWNER_ODDS = 0.8  # how many of the branches' tasks have a definition


class Names(Protocol):
    """Where names and task definitions come from."""

    @property
    def prefix(self) -> str:
        """What names begin with."""

    def ref(self, letter: str) -> str:
        """A reference name that nobody has."""

    def define(self, name: str, **settings: Any) -> None:
        """Register a task definition."""


def dynamic_fork(values: Values, names: Names, ref: str, child: Callable[[], str] | None) -> Node:
    """The fields of a FORK_JOIN_DYNAMIC called `ref`; `child` makes a definition for its branches, where one may be."""
    workers = [f"{names.prefix}_{names.ref('g')}" for _ in range(2)]
    for name in workers:
        if values.chance(OWNER_ODDS):
            names.define(name, retryCount=values.dice.choice((0, 1, 2)))
    count = values.dice.randint(0, 3)
    form = values.dice.choice("ABC")
    if form == "A":
        return _one_task(values, workers, count, child)
    return _tasks_and_inputs(values, workers, ref, count) if form == "B" else _joined_list(values, workers, ref, count)


def _one_task(values: Values, workers: list[str], count: int, child: Callable[[], str] | None) -> Node:
    inputs: tuple[Any, ...] = (
        {"p": values.value()},
        "x",
        5,
        {"a": 1, "optional": True},
        {"u": "${workflow.input.a}"},
        [1, 2],
        True,
        {"__index": 9},
        {},
    )
    given: Node = {"forkTaskInputs": values.dice.choices(inputs, k=count), "forkTaskName": values.dice.choice(workers)}
    thrown = values.dice.random()
    if thrown < 0.25:
        given["forkTaskType"] = values.dice.choice(("SIMPLE", "NOOP", "INLINE", "SET_VARIABLE"))
    elif thrown < 0.4 and child:
        given["forkTaskWorkflow"] = child()
    if values.chance(0.2):
        given |= values.parameters(0, 1)
    return {"inputParameters": given}


def _tasks_and_inputs(values: Values, workers: list[str], ref: str, count: int) -> Node:
    tasks: Any = [_task(values, values.dice.choice(workers), f"{ref}b{number}") for number in range(count)]
    inputs: Any = {task["taskReferenceName"]: {"p": values.value()} for task in tasks if values.chance(0.7)}
    if values.chance(0.06):
        tasks = values.dice.choice((None, "x", [{"name": "q"}], {}, [1]))
    if values.chance(0.06):
        inputs = values.dice.choice((None, "x", [], {f"{ref}b0": 3}))
    given = {"dt": tasks, "di": inputs, **values.parameters(0, 1)}
    return {"dynamicForkTasksParam": "dt", "dynamicForkTasksInputParamName": "di", "inputParameters": given}


def _task(values: Values, worker: str, ref: str) -> Node:
    case = [{"name": worker, "taskReferenceName": f"{ref}i", "type": "SIMPLE"}]
    script = {"evaluatorType": "javascript", "expression": "({n: 3, i: $.p})"}
    choice = {"evaluatorType": "value-param", "expression": "p", "inputParameters": {"p": "a"}, "decisionCases": {"a": case}}
    kinds: tuple[Node, ...] = (
        {"name": worker, "type": "SIMPLE"},
        {"name": worker},
        {"name": ref, "type": "INLINE", "inputParameters": script},
        {"name": ref, "type": "SWITCH", **choice},
        {"name": ref, "type": "NOOP"},
    )
    (kind,) = values.dice.choices(kinds, (6, 1, 1, 1, 1))
    task = {**kind, "taskReferenceName": ref}
    if values.chance(0.3):
        task["inputParameters"] = {**kind.get("inputParameters", {}), "own": 1, "p": values.dice.choice(("a", 2))}
    if values.chance(0.15):
        task["optional"] = True
    if values.chance(0.1):
        task["retryCount"] = 1
    return task


def _joined_list(values: Values, workers: list[str], ref: str, count: int) -> Node:
    listed: Any = {"dynamicTasks": [_listed(values, values.dice.choice(workers), f"{ref}c{number}") for number in range(count)]}
    if values.chance(0.06):
        listed = values.dice.choice((None, {}, {"dynamicTasks": None}))
    return {"dynamicForkJoinTasksParam": "dj", "inputParameters": {"dj": listed}}


def _listed(values: Values, worker: str, ref: str) -> Node:
    typed = {"type": "SIMPLE"} if values.chance(0.5) else {}
    return {"taskName": worker, "referenceName": ref, "input": {"p": values.value()}, **typed}
