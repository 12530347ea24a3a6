"""Completing a definition: the snapshot that a run starts with is plain and holds all task definitions (spec/engine.md §2.2 step 2)."""

from __future__ import annotations

from hashlib import sha256
from typing import TypeVar

import msgspec
from msgspec.structs import replace

from podium.engine.operators import plain
from podium.engine.run import Catalog
from podium.engine.schema import filled
from podium.errors import Invalid, NotFound
from podium.model.definition import SubWorkflowParams, TaskDef, WorkflowDef, WorkflowTask

Definition = TypeVar("Definition", WorkflowDef, TaskDef)

_encode = msgspec.json.Encoder(order="sorted").encode


def complete(definition: WorkflowDef, catalog: Catalog) -> WorkflowDef:
    """The definition with its operators compiled, task definitions and schemas filled in, and the versions of its children pinned.

    Raises NotFound for a child that has no definition, Invalid for a SIMPLE task without a name and for what `plain` refuses.
    """
    compiled = with_schemas(plain(definition), catalog)
    return replace(compiled, tasks=[_complete_task(task, catalog) for task in compiled.tasks])


def with_schemas(definition: Definition, catalog: Catalog) -> Definition:
    """The definition with the documents of the schemas that it names, if it wants them enforced."""
    if not definition.enforce_schema or (definition.input_schema is None and definition.output_schema is None):
        return definition
    return replace(
        definition,
        input_schema=filled(definition.input_schema, catalog),
        output_schema=filled(definition.output_schema, catalog),
    )


def registered(name: str, catalog: Catalog) -> TaskDef | None:
    """The task definition of a name, with the documents of its schemas."""
    known = catalog.task_definition(name)
    return None if known is None else with_schemas(known, catalog)


def definition_hash(definition: WorkflowDef) -> str:
    """A name for the content of a completed definition."""
    return sha256(_encode(definition)).hexdigest()[:32]


def _complete_task(task: WorkflowTask, catalog: Catalog) -> WorkflowTask:
    if task.type == "SIMPLE" and not (task.name or "").strip():
        raise Invalid("WorkflowTask name cannot be empty or null")

    def each(tasks: list[WorkflowTask]) -> list[WorkflowTask]:
        return [_complete_task(child, catalog) for child in tasks]

    return replace(
        task,
        task_definition=_task_definition(task, catalog),
        sub_workflow_param=_pinned(task.sub_workflow_param, catalog) if task.type == "SUB_WORKFLOW" else task.sub_workflow_param,
        decision_cases={case: each(tasks) for case, tasks in task.decision_cases.items()},
        default_case=each(task.default_case),
        fork_tasks=[each(branch) for branch in task.fork_tasks],
        loop_over=each(task.loop_over),
    )


def _task_definition(task: WorkflowTask, catalog: Catalog) -> TaskDef | None:
    if task.task_definition is not None or not (task.name or "").strip():
        return None if task.task_definition is None else with_schemas(task.task_definition, catalog)
    known = registered(task.name or "", catalog)
    if known is not None:
        return known
    if task.type == "SIMPLE":
        return TaskDef(name=task.name or "")
    return TaskDef(name=task.name or "", retry_count=0, response_timeout_seconds=0)


def _pinned(param: SubWorkflowParams | None, catalog: Catalog) -> SubWorkflowParams | None:
    if param is None or param.version is not None or param.workflow_definition is not None or not param.name or "${" in param.name:
        return param
    latest = catalog.workflow_definition(param.name, None)
    if latest is None:
        raise NotFound(f"The Task {param.name} defined as a sub-workflow has no workflow definition available ")
    return replace(param, version=latest.version)
