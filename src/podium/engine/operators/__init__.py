"""Operators: types of tasks that are compiled to plain ones before anything runs; this table is the list of what there is.

A body is compiled first, then the operator around it. What an operator moves to another place (a task into a child workflow) is known
by how expressions begin before and after; the expressions of the rest are rewritten when the scope is complete.
"""

from __future__ import annotations

import msgspec
from msgspec.structs import replace

from podium.engine.operators.for_each import concurrency, for_each
from podium.engine.operators.rewriting import rewrite
from podium.engine.operators.scope import Compiled, Operator, Scope, nodes_of, roots_of
from podium.engine.operators.try_catch import try_catch
from podium.errors import Invalid
from podium.model.definition import WorkflowDef, WorkflowTask
from podium.model.shape import too_deep

MOST_TASKS = 20_000

OPERATORS: dict[str, Operator] = {"FOR_EACH": for_each, "TRY_CATCH": try_catch}


def plain(definition: WorkflowDef) -> WorkflowDef:
    """The definition with every operator compiled to plain tasks; itself when it holds none.

    Raises Invalid for an expression that reads both from inside and outside of a block that runs as a workflow of its own, and for
    a definition that would become too large or too deep.
    """
    if not has_operators(definition):
        return definition
    if _weight(definition.tasks) > MOST_TASKS:
        raise Invalid(
            f"With its FOR_EACH compiled, the definition '{definition.name}' has more than {MOST_TASKS} tasks; lower the concurrency"
        )
    nodes = [*nodes_of(definition.tasks)]
    refs = frozenset(node.task_reference_name for node in nodes)
    scope = Scope(definition=definition, refs=refs, used=roots_of(definition), sequence=_sequence)
    compiled = _sequence(definition.tasks, scope)
    made = replace(
        definition,
        tasks=[rewrite(task, compiled.moves) for task in compiled.tasks],
        output_parameters=rewrite(definition.output_parameters, compiled.moves),
    )
    if too_deep(msgspec.to_builtins(made)):
        raise Invalid(f"Compiled, the definition '{definition.name}' is nested too deeply; put a part of it into a workflow of its own")
    return made


def has_operators(definition: WorkflowDef) -> bool:
    """Whether a task of it, or of a definition inside of it, is an operator."""
    for node in nodes_of(definition.tasks):
        child = node.sub_workflow_param.workflow_definition if node.sub_workflow_param is not None else None
        if node.type in OPERATORS or (isinstance(child, WorkflowDef) and has_operators(child)):
            return True
    return False


def _weight(tasks: list[WorkflowTask]) -> int:
    """About how many tasks these become: every lane of a FOR_EACH has its own body."""
    total = len(tasks)
    for task in tasks:
        param = task.sub_workflow_param
        child = param.workflow_definition.tasks if param is not None and isinstance(param.workflow_definition, WorkflowDef) else []
        inside = sum(map(_weight, (*task.decision_cases.values(), task.default_case, *task.fork_tasks, task.loop_over, child)))
        total += inside * (concurrency(task) if task.type == "FOR_EACH" else 1)
    return total


def _sequence(tasks: list[WorkflowTask], scope: Scope) -> Compiled:
    """A list of tasks without operators, and what they have moved."""
    made: list[WorkflowTask] = []
    moves: dict[str, str] = {}
    for task in tasks:
        operator = OPERATORS.get(task.type)
        compiled = operator(task, scope) if operator is not None else _container(task, scope)
        made += compiled.tasks
        moves |= compiled.moves
    return Compiled(made, moves)


def _container(task: WorkflowTask, scope: Scope) -> Compiled:
    """A plain task, with what it holds compiled."""
    moves: dict[str, str] = {}

    def inside(tasks: list[WorkflowTask]) -> list[WorkflowTask]:
        compiled = _sequence(tasks, scope)
        moves.update(compiled.moves)
        return compiled.tasks

    param = task.sub_workflow_param
    if param is not None and isinstance(param.workflow_definition, WorkflowDef):
        param = replace(param, workflow_definition=plain(param.workflow_definition))
    made = replace(
        task,
        sub_workflow_param=param,
        decision_cases={case: inside(tasks) for case, tasks in task.decision_cases.items()},
        default_case=inside(task.default_case),
        fork_tasks=[inside(branch) for branch in task.fork_tasks],
        loop_over=inside(task.loop_over),
    )
    return Compiled([made], moves)
