"""Given: definitions in as few words as possible."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from podium.model.definition import WorkflowDef
from podium.model.json import Json
from podium.model.shape import shape

Node = dict[str, Any]


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


def dynamic_fork(ref: str, parameters: Node, **join: Any) -> list[Node]:
    """A FORK_JOIN_DYNAMIC over its inputs `tasks` and `inputs` (or any of its other forms), and its JOIN, `<ref>_join`."""
    named = {"dynamicForkTasksParam": "tasks", "dynamicForkTasksInputParamName": "inputs"}
    return [node(ref, "FORK_JOIN_DYNAMIC", inputParameters=parameters, **named), node(f"{ref}_join", "JOIN", joinOn=[], **join)]


def loop(ref: str, times: int, *body: Node, **fields: Any) -> Node:
    """A DO_WHILE that goes round `times` times."""
    return node(ref, "DO_WHILE", **{"loopCondition": f"$.{ref}['iteration'] < {times}", "loopOver": list(body), **fields})


def child(ref: str, name: str, parameters: Any = None, **fields: Any) -> Node:
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


def ending(ref: str, status: Any = "COMPLETED", **parameters: Any) -> Node:
    """A TERMINATE task."""
    return node(ref, "TERMINATE", inputParameters={"terminationStatus": status, **parameters})


def defined(name: str, *tasks: Node | list[Node], **fields: Any) -> WorkflowDef:
    """A definition; lists of tasks are laid out flat."""
    given: dict[str, Any] = {"name": name, "tasks": flat(tasks), **fields}
    return shape(given, WorkflowDef)


def flat(tasks: Iterable[Node | list[Node]]) -> list[Node]:
    """Tasks and lists of tasks as one list."""
    return [one for task in tasks for one in (task if isinstance(task, list) else [task])]
