"""Scope: what an operator must know of the workflow around it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence

import msgspec

from podium.engine.operators.rewriting import Moves, root_of
from podium.engine.template import expressions
from podium.model.definition import WorkflowDef, WorkflowTask
from podium.model.json import Json


class Compiled(msgspec.Struct, frozen=True):
    """Plain tasks, and how expressions that read what is now elsewhere must begin."""

    tasks: list[WorkflowTask]
    moves: Moves = {}


class Scope(msgspec.Struct, frozen=True, kw_only=True):
    """One workflow, whose expressions see each other's tasks."""

    definition: WorkflowDef
    refs: frozenset[str]  # all reference names in it, as registered
    used: frozenset[str]  # with what its expressions begin
    sequence: Callable[[list[WorkflowTask], Scope], Compiled]  # compiles a list of tasks


SCRIPTED = re.compile(r"""\$(?:\.([\w$]+)|\[(?:'|\\")([^'"\\]+))""")

Operator = Callable[[WorkflowTask, Scope], Compiled]


def nodes_of(tasks: Sequence[WorkflowTask]) -> Iterator[WorkflowTask]:
    """All tasks of a tree, containers before their contents."""
    for task in tasks:
        yield task
        for branch in (*task.decision_cases.values(), task.default_case, *task.fork_tasks, task.loop_over):
            yield from nodes_of(branch)


def roots_of(value: object) -> frozenset[str]:
    """With what the expressions in a definition, in its tasks or in a text begin, and what its scripts read (`$.ref`)."""
    json: Json = msgspec.to_builtins(value)
    read = SCRIPTED.findall(msgspec.json.encode(json).decode())
    return frozenset(root_of(found.text) for found in expressions(json)) | {plain or quoted for plain, quoted in read}


def generated(task: WorkflowTask, made: WorkflowTask) -> WorkflowTask:
    """A task that says for which operator it is there."""
    note: Mapping[str, Json] = {"operator": {"type": task.type, "taskReferenceName": task.task_reference_name}}
    return msgspec.structs.replace(made, metadata={**made.metadata, **note})


def computed(ref: str, expression: str, **parameters: Json) -> WorkflowTask:
    """A task that computes `${ref.output.result}` with a script."""
    given: dict[str, Json] = {**parameters, "evaluatorType": "javascript", "expression": expression}
    return WorkflowTask(name=ref, task_reference_name=ref, type="INLINE", input_parameters=given)


def when(ref: str, value: str, case: str, tasks: list[WorkflowTask]) -> WorkflowTask:
    """Tasks that run if a value is the text `case`."""
    return WorkflowTask(
        name=ref,
        task_reference_name=ref,
        type="SWITCH",
        evaluator_type="value-param",
        expression="value",
        input_parameters={"value": value},
        decision_cases={case: tasks},
    )
