"""/metadata: definitions of workflows and tasks (spec/api.md §2.4)."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar, cast

import msgspec

from podium.api.answer import Answer, json_answer, nothing
from podium.api.parameter import boolean, optional_integer, optional_text, texts
from podium.api.routing import Call, Route
from podium.engine.operators import plain
from podium.engine.validation import refuse, validate_task_definition, validate_workflow_definition
from podium.errors import Invalid, NotFound, Problem
from podium.model.body import BulkResponse, WorkflowDefSummary
from podium.model.definition import TaskDef, WorkflowDef
from podium.model.shape import invalid

T = TypeVar("T")

OVERWRITE = boolean("overwrite", default=False, about="Replace the version if it is there already")
REPLACE = boolean("overwrite", default=True, about="Replace versions that are there already")
NEW_VERSION = boolean("newVersion", default=False, about="Store as the version after the latest")
VERSION = optional_integer("version", "Without it, the latest")
PLAIN = "plain"
EXPORT = optional_text("export", f"{PLAIN}: with its FOR_EACH and TRY_CATCH compiled to tasks that Conductor knows")
CLASSIFIER = texts("classifier", "Only definitions of these classifiers")
LARGEST_VERSION = 2**31 - 1


def checked(call: Call, type_: type[T], check: Callable[[T], list[Problem]]) -> T:
    """The body. Raises Invalid with all that is wrong with it: what cannot be read, and what the rules forbid in the rest."""
    try:
        value = call.body(type_)
    except Invalid as error:
        readable = error.fields.get("readable")
        if readable is None:
            raise
        unread = tuple(problem.path for problem in error.problems)
        forbidden = [problem for problem in check(cast("T", readable)) if not problem.path.startswith(unread)]
        raise invalid([*error.problems, *forbidden]) from error
    refuse(check(value))
    return value


def _each(check: Callable[[T, str], list[Problem]], kind: str) -> Callable[[list[T]], list[Problem]]:
    """A check of a list of definitions, which must not be empty."""

    def check_all(definitions: list[T]) -> list[Problem]:
        problems = [problem for i, one in enumerate(definitions) for problem in check(one, f"$[{i}]")]
        return problems if definitions else [Problem("$", f"{kind} list cannot be empty")]

    return check_all


async def create_workflow_definition(call: Call) -> Answer:
    """POST /metadata/workflow."""
    registry = call.platform.registry
    definition = checked(call, WorkflowDef, lambda one: validate_workflow_definition(one, registry))
    if call.query(NEW_VERSION):
        definition = _renumbered(call, definition)
    await registry.put_workflow_definitions([definition], overwrite=call.query(OVERWRITE))
    return nothing()


async def put_workflow_definitions(call: Call) -> Answer:
    """PUT /metadata/workflow."""
    registry = call.platform.registry

    def check(definition: WorkflowDef, path: str) -> list[Problem]:
        return validate_workflow_definition(definition, registry, path)

    definitions = checked(call, list[WorkflowDef], _each(check, "WorkflowDef"))
    if call.query(NEW_VERSION):
        definitions = [_renumbered(call, definition) for definition in definitions]
    await registry.put_workflow_definitions(definitions, overwrite=call.query(REPLACE))
    return json_answer(BulkResponse(bulk_successful_results=[definition.name for definition in definitions]))


async def validate(call: Call) -> Answer:
    """POST /metadata/workflow/validate."""
    checked(call, WorkflowDef, lambda one: validate_workflow_definition(one, call.platform.registry))
    return nothing()


async def workflow_definitions(call: Call) -> Answer:
    """GET /metadata/workflow."""
    wanted = call.query(CLASSIFIER)
    found = call.platform.registry.all_workflow_definitions()
    return json_answer([one for one in found if not wanted or classifier(one) in wanted])


async def workflow_definition(call: Call) -> Answer:
    """GET /metadata/workflow/{name}."""
    name, version = call.path["name"], call.query(VERSION)
    exported = call.query(EXPORT)
    if exported not in {None, PLAIN}:
        message = f"export: expected {PLAIN}, found '{(exported or '')[:100]}'"
        raise Invalid(message, [Problem("export", message)])
    definition = call.platform.registry.workflow_definition(name, version)
    if definition is None:
        message = f"No such workflow found by name: {name}, version: {version}"
        raise NotFound(message)
    return json_answer(plain(definition) if exported else definition)


async def workflow_names(call: Call) -> Answer:
    """GET /metadata/workflow/names."""
    return json_answer(sorted({one.name for one in call.platform.registry.all_workflow_definitions()}))


async def names_and_versions(call: Call) -> Answer:
    """GET /metadata/workflow/names-and-versions."""
    found: dict[str, list[WorkflowDefSummary]] = {}
    for one in sorted(call.platform.registry.all_workflow_definitions(), key=lambda one: (one.name, one.version)):
        found.setdefault(one.name, []).append(_summary(one, with_update_time=True))
    return json_answer(found)


async def workflow_versions(call: Call) -> Answer:
    """GET /metadata/workflow/{name}/versions."""
    versions = call.platform.registry.workflow_versions(call.path["name"])
    return json_answer([_summary(one) for one in sorted(versions, key=lambda one: one.version)])


async def latest_versions(call: Call) -> Answer:
    """GET /metadata/workflow/latest-versions."""
    latest = {one.name: one for one in sorted(call.platform.registry.all_workflow_definitions(), key=lambda one: (one.name, one.version))}
    return json_answer(list(latest.values()))


async def delete_workflow_definition(call: Call) -> Answer:
    """DELETE /metadata/workflow/{name}/{version}."""
    await call.platform.registry.delete_workflow_definition(call.path["name"], version_number(call.path["version"]))
    return nothing()


async def create_task_definitions(call: Call) -> Answer:
    """POST /metadata/taskdefs."""
    definitions = checked(call, list[TaskDef], _each(validate_task_definition, "TaskDef"))
    await call.platform.registry.put_task_definitions(definitions, call.actor)
    return nothing()


async def put_task_definition(call: Call) -> Answer:
    """PUT /metadata/taskdefs: an upsert, because one SDK registers with PUT alone."""
    definition = checked(call, TaskDef, validate_task_definition)
    await call.platform.registry.put_task_definitions([definition], call.actor)
    return nothing()


async def task_definitions(call: Call) -> Answer:
    """GET /metadata/taskdefs."""
    return json_answer(call.platform.registry.all_task_definitions())


async def task_definition(call: Call) -> Answer:
    """GET /metadata/taskdefs/{tasktype}."""
    name = call.path["tasktype"]
    definition = call.platform.registry.task_definition(name)
    if definition is None:
        message = f"No such taskType found by name: {name}"
        raise NotFound(message)
    return json_answer(definition)


async def delete_task_definition(call: Call) -> Answer:
    """DELETE /metadata/taskdefs/{tasktype}."""
    await call.platform.registry.delete_task_definition(call.path["tasktype"])
    return nothing()


def classifier(definition: WorkflowDef) -> str:
    """What kind of workflow it is, for searches (spec/api.md §3.1)."""
    named = definition.metadata.get("classifier")
    if isinstance(named, str) and named:
        return named
    return "agent" if {"agent_sdk", "agentDef"} & definition.metadata.keys() else "workflow"


def _renumbered(call: Call, definition: WorkflowDef) -> WorkflowDef:
    latest = call.platform.registry.workflow_definition(definition.name, None)
    return msgspec.structs.replace(definition, version=1 if latest is None else latest.version + 1)


def _summary(definition: WorkflowDef, *, with_update_time: bool = False) -> WorkflowDefSummary:
    return WorkflowDefSummary(
        name=definition.name,
        version=definition.version,
        create_time=definition.create_time,
        update_time=definition.update_time if with_update_time else None,
    )


def version_number(text: str) -> int:
    """The version in a path. Raises Invalid."""
    if text.removeprefix("-").isdecimal() and text.isascii() and len(text) <= len(str(LARGEST_VERSION)) + 1:
        return int(text)
    message = f"version: expected a whole number, found '{text[:100]}'"
    raise Invalid(message, [Problem("version", message, text[:100])])


ROUTES = (
    Route(
        "POST",
        "/metadata/workflow",
        create_workflow_definition,
        "Create a workflow definition",
        query=(OVERWRITE, NEW_VERSION),
        body=WorkflowDef,
    ),
    Route(
        "PUT",
        "/metadata/workflow",
        put_workflow_definitions,
        "Create or replace workflow definitions",
        query=(REPLACE, NEW_VERSION),
        body=list[WorkflowDef],
        response=BulkResponse,
    ),
    Route("POST", "/metadata/workflow/validate", validate, "Check a workflow definition without storing it", body=WorkflowDef),
    Route("GET", "/metadata/workflow", workflow_definitions, "All workflow definitions", query=(CLASSIFIER,), response=list[WorkflowDef]),
    Route("GET", "/metadata/workflow/names", workflow_names, "Names of all workflow definitions", response=list[str]),
    Route(
        "GET",
        "/metadata/workflow/names-and-versions",
        names_and_versions,
        "Versions of all workflow definitions, by name",
        response=dict[str, list[WorkflowDefSummary]],
    ),
    Route("GET", "/metadata/workflow/latest-versions", latest_versions, "The latest version of each name", response=list[WorkflowDef]),
    Route(
        "GET", "/metadata/workflow/{name}", workflow_definition, "One workflow definition", query=(VERSION, EXPORT), response=WorkflowDef
    ),
    Route("GET", "/metadata/workflow/{name}/versions", workflow_versions, "Versions of one name", response=list[WorkflowDefSummary]),
    Route("DELETE", "/metadata/workflow/{name}/{version}", delete_workflow_definition, "Delete a version; its runs keep their copy"),
    Route("POST", "/metadata/taskdefs", create_task_definitions, "Create or replace task definitions", body=list[TaskDef]),
    Route("PUT", "/metadata/taskdefs", put_task_definition, "Create or replace one task definition", body=TaskDef),
    Route("GET", "/metadata/taskdefs", task_definitions, "All task definitions", response=list[TaskDef]),
    Route("GET", "/metadata/taskdefs/{tasktype}", task_definition, "One task definition", response=TaskDef),
    Route("DELETE", "/metadata/taskdefs/{tasktype}", delete_task_definition, "Delete a task definition"),
)
