"""SUB_WORKFLOW: runs another workflow and waits for it (spec/engine.md §9)."""

from __future__ import annotations

from podium.engine.effects import whole_number
from podium.engine.graph import Node
from podium.engine.turn import Spot, TaskType, Terminated
from podium.errors import Invalid
from podium.model.definition import WorkflowDef
from podium.model.json import Json, JsonObject
from podium.model.shape import shape
from podium.model.status import TaskStatus
from podium.model.task import Task
from podium.model.wire import to_wire


def plan(spot: Spot, node: Node) -> list[Task]:
    """One task that names the child; starting it is a message of the same commit."""
    if node.task.sub_workflow_param is None:
        raise Terminated(
            f"Task {node.task.name} is defined as sub-workflow and is missing subWorkflowParams. Please check the workflow definition"
        )
    identity = spot.draft.next_task_id()
    value = _with_version(spot, task_input(spot, node))
    priority = node.task.sub_workflow_param.priority
    numeric = isinstance(priority, int | float) and not isinstance(priority, bool)
    return [
        spot.task(
            node,
            TaskStatus.SCHEDULED,
            value,
            identity,
            callback_after_seconds=node.task.start_delay,
            # An expression counts for the child alone: the task keeps the priority of its workflow.
            priority=int(priority) if isinstance(priority, int | float) and numeric else spot.draft.workflow.priority,
        )
    ]


def task_input(spot: Spot, node: Node) -> JsonObject:
    """Which child, and with what (spec/engine.md §9.1); all keys are there, perhaps null."""
    assert node.fields is not None
    value = node.fields(spot.draft.scope())
    assert isinstance(value, dict)
    resolved: dict[str, Json] = dict(value)
    resolved["workflowInput"] = spot.draft.resolve(node, None)
    param = node.task.sub_workflow_param
    given = param.workflow_definition if param is not None else None
    if isinstance(given, WorkflowDef):
        resolved["subWorkflowDefinition"] = to_wire(given)
        resolved["subWorkflowName"] = given.name
        resolved["subWorkflowVersion"] = None  # whatever the definition or the parameters say
    elif isinstance(resolved["subWorkflowDefinition"], dict):
        definition = resolved["subWorkflowDefinition"]
        _check_definition(definition)
        resolved["subWorkflowName"] = definition.get("name") or resolved["subWorkflowName"]
    return resolved


def _check_definition(definition: JsonObject) -> None:
    """What an expression gave must be a workflow definition."""
    try:
        shape(definition, WorkflowDef)
    except Invalid as error:
        raise Terminated(f"subWorkflowParam.workflowDefinition is not a workflow definition: {error.message}") from error


def _with_version(spot: Spot, value: JsonObject) -> JsonObject:
    """A child without definition or version must exist by name now; when no version was given, it is the latest."""
    name, version = value.get("subWorkflowName"), value.get("subWorkflowVersion")
    if value.get("subWorkflowDefinition") is not None or whole_number(version):
        return value
    latest = None if name is None else spot.draft.catalog.workflow_definition(str(name), None)
    if latest is None:
        raise Terminated(f"The Task {name} defined as a sub-workflow has no workflow definition available ")
    return {**value, "subWorkflowVersion": latest.version} if version is None else value


SUB_WORKFLOW = TaskType(plan=plan)
