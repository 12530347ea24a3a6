"""FORK_JOIN_DYNAMIC: runs branches whose number and kind are decided by data (spec/engine.md §3.8.6, spec/tasks.md §3.2)."""

from __future__ import annotations

from msgspec.structs import replace

from podium.engine.definitions import registered, with_schemas
from podium.engine.graph import Node, compile_branch
from podium.engine.java_text import java_text
from podium.engine.operators import OPERATORS
from podium.engine.tasks.join import plan_join
from podium.engine.turn import Spot, TaskType, Terminated
from podium.errors import Invalid
from podium.model.definition import SubWorkflowParams, WorkflowTask
from podium.model.json import Json, JsonObject
from podium.model.status import TaskStatus
from podium.model.task import Task
from podium.model.wire import shape, to_wire

NO_JOIN = "Dynamic join definition is not followed by a join task.  Check the workflow definition."


def plan(spot: Spot, node: Node) -> list[Task]:
    """The marker, every branch, and the JOIN that waits for them."""
    value = spot.draft.resolve(node, None)
    branches = [_defined(spot, branch) for branch in _branches(spot, node, value)]
    operator = next((branch for branch in branches if branch.type in OPERATORS), None)
    if operator is not None:
        raise Terminated(f"Task '{operator.task_reference_name}' of type {operator.type} cannot be forked dynamically; fork a SUB_WORKFLOW")
    join = node.following
    if join is None or join.type != "JOIN":
        raise Terminated(NO_JOIN)
    identity = spot.draft.next_task_id()
    planned, last_refs = _plan_branches(spot, node, branches)
    refs = [branch.task_reference_name for branch in branches]
    shown: dict[str, Json] = {**value, "forkedTasks": list(refs), "forkedTaskDefs": [to_wire(branch) for branch in branches]}
    goes_on_at_join = not spot.draft.skipped(spot.ref(join))
    marker = spot.task(node, TaskStatus.COMPLETED, shown, identity, task_type="FORK", executed=goes_on_at_join)
    parameters: JsonObject = {**join.task.input_parameters, "joinOn": list(last_refs)}
    return [marker, *planned, plan_join(spot, join, parameters)]


def _plan_branches(spot: Spot, node: Node, branches: list[WorkflowTask]) -> tuple[list[Task], list[str]]:
    """The tasks of all branches, and of each branch the reference of its last task, as `joinOn` names it."""
    planned: dict[str, list[Task]] = {}
    last_refs = []
    for branch in branches:
        first = compile_branch(branch, node)[branch.task_reference_name]
        tasks = spot.plan(first)
        _refuse_used(spot, node, tasks)
        head = replace(tasks[0], node=tasks[0].node or branch, fork_ref=spot.ref(node))
        # Of two branches with one reference the last alone runs, and the JOIN names it twice.
        planned.pop(head.ref, None)
        planned[head.ref] = [head, *tasks[1:]]
        last_refs.append(tasks[-1].base_ref)
    return [task for tasks in planned.values() for task in tasks], last_refs


def _refuse_used(spot: Spot, node: Node, tasks: list[Task]) -> None:
    known = spot.draft.last(tasks[0].ref)
    if known is not None and known.status is not TaskStatus.SCHEDULED:
        workflow = spot.draft.workflow
        raise Terminated(
            f"No dynamic tasks could be created for the Workflow: {workflow.name}.{workflow.version}/{workflow.workflow_id}, "
            f"Dynamic Fork Task: {node.ref} attempted to create a duplicate task reference name: {tasks[0].ref}"
        )


def _defined(spot: Spot, branch: WorkflowTask) -> WorkflowTask:
    """A branch with the registered task definition of its name, when there is one."""
    if branch.task_definition is not None:
        return replace(branch, task_definition=with_schemas(branch.task_definition, spot.draft.catalog))
    if not branch.name:
        return branch
    known = registered(branch.name, spot.draft.catalog)
    return branch if known is None else replace(branch, task_definition=known)


def _branches(spot: Spot, node: Node, value: JsonObject) -> list[WorkflowTask]:
    """The branches, by the first form that fits: a list of inputs, tasks with inputs, the older list object."""
    inputs = value.get("forkTaskInputs")
    if isinstance(inputs, list):
        return [_same_task(spot, node, value, element, number) for number, element in enumerate(inputs)]
    if node.task.dynamic_fork_join_tasks_param is not None:
        return _legacy(node, value)
    return _explicit(node, value)


def _same_task(spot: Spot, node: Node, value: JsonObject, element: Json, number: int) -> WorkflowTask:
    """One branch of many that run the same task with other inputs."""
    workflow = value.get("forkTaskWorkflow")
    kind = "SUB_WORKFLOW" if workflow else _text(value.get("forkTaskType")) or "SIMPLE"
    system = kind in spot.turn.types and kind not in ("SIMPLE", "USER_DEFINED") and not workflow
    name = _text(value.get("forkTaskName")) or (kind if system else node.ref)
    ref = f"_{node.ref}_{name}_{number}" if any(True for _ in spot.draft.index.forks) else f"_{name}_{number}"
    parameters: JsonObject = dict(element) if isinstance(element, dict) else {"input": element}
    base = _adopted(element)
    branch = replace(
        base,
        name=java_text(workflow) if workflow else name,
        type=kind,
        task_reference_name=ref,
        input_parameters={**parameters, "__index": number},
        optional=base.optional or node.task.optional,
    )
    return replace(branch, sub_workflow_param=_child(workflow, value, element)) if workflow else branch


def _adopted(element: Json) -> WorkflowTask:
    """An element whose keys happen to be fields of a definition task gives them to its branch."""
    if not isinstance(element, dict):
        return WorkflowTask()
    try:
        return shape(element, WorkflowTask)
    except Invalid:
        return WorkflowTask()


def _child(name: Json, value: JsonObject, element: Json) -> SubWorkflowParams:
    version = value.get("forkTaskWorkflowVersion")
    number = int(str(version)) if version is not None and str(version).isdecimal() else None
    domains = element.get("taskToDomain") if isinstance(element, dict) else None
    return SubWorkflowParams(name=java_text(name), version=number, task_to_domain=domains if isinstance(domains, dict) else None)


def _explicit(node: Node, value: JsonObject) -> list[WorkflowTask]:
    """A list of tasks, and a map from their references to inputs."""
    parameter = node.task.dynamic_fork_tasks_param or ""
    listed = value.get(parameter)
    tasks = _task_list(parameter, listed)
    inputs = value.get(node.task.dynamic_fork_tasks_input_param_name or "")
    if not isinstance(inputs, dict):
        raise Terminated(f"Input to the dynamically forked tasks is not a map -> expecting a map of K,V  but found {java_text(inputs)}")
    return [_with_input(task, inputs) for task in tasks]


def _task_list(parameter: str, listed: Json) -> list[WorkflowTask]:
    refused = f"Input '{parameter}' is invalid. Cannot deserialize a list of Workflow Tasks from '{java_text(listed)}'"
    if not isinstance(listed, list) or not all(isinstance(element, dict) for element in listed):
        raise Terminated(refused)
    try:
        tasks = shape(listed, list[WorkflowTask])
    except Invalid as error:
        raise Terminated(refused) from error
    if not all(task.task_reference_name for task in tasks):
        raise Terminated(refused)
    return tasks


def _with_input(task: WorkflowTask, inputs: JsonObject) -> WorkflowTask:
    given = inputs.get(task.task_reference_name)
    if given is None:
        return task
    if not isinstance(given, dict):
        raise Terminated(f"Tasks could not be dynamically forked due to invalid input: {java_text(given)}")
    return replace(task, input_parameters={**task.input_parameters, **given})


def _legacy(node: Node, value: JsonObject) -> list[WorkflowTask]:
    """The older form: `{"dynamicTasks": [{taskName, referenceName, input, type}]}`."""
    parameter = node.task.dynamic_fork_join_tasks_param or ""
    given = value.get(parameter)
    listed = given.get("dynamicTasks") if isinstance(given, dict) else None
    if not isinstance(listed, list):
        raise Terminated(
            f"Dynamic tasks could not be created. The value of {parameter} from task's input {java_text(value)} "
            "has no dynamic tasks to be scheduled"
        )
    return [_legacy_task(parameter, entry) for entry in listed]


def _legacy_task(parameter: str, entry: Json) -> WorkflowTask:
    if not isinstance(entry, dict) or not entry.get("referenceName"):
        raise Terminated(f"Input '{parameter}' is invalid. Cannot deserialize a list of Workflow Tasks from '{java_text(entry)}'")
    given = entry.get("input")
    return WorkflowTask(
        name=_text(entry.get("taskName")) or _text(entry["referenceName"]),
        task_reference_name=java_text(entry["referenceName"]),
        type=_text(entry.get("type")) or "SIMPLE",
        input_parameters=given if isinstance(given, dict) else {},
    )


def _text(value: Json) -> str:
    return "" if value is None else java_text(value).strip()


FORK_JOIN_DYNAMIC = TaskType(plan=plan, control=True)
