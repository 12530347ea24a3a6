"""Validation: what makes a definition one that can be registered and run (spec/tasks.md §1.5, spec/api.md §3.1-3.3).

Every function returns all problems it finds, each at its JSON path. Nothing is evaluated: placeholders are still unresolved.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Protocol

from podium.engine.operators import OPERATORS, plain
from podium.engine.operators.scope import nodes_of
from podium.engine.schema import schema_problem
from podium.engine.template import check_expression, expressions
from podium.engine.validation_type import type_problems
from podium.errors import Invalid, Problem
from podium.model.definition import SchemaDef, SchemaType, TaskDef, WorkflowDef, WorkflowTask
from podium.model.event import EventHandler
from podium.model.shape import MAX_PROBLEMS, nearest, step_text

REFUSED = "Validation failed, check below errors for detail."
SYSTEM_NAMES = frozenset({"CPEWF_TASK_ID", "NETFLIX_ENV", "NETFLIX_STACK"})
SCHEMA_VERSION = 2
NAMES_COMPARED = 200  # a suggestion for a misspelt name is looked for among so many

TaskAt = tuple[WorkflowTask, str, bool]  # a node, its JSON path, and whether the rules of its type are checked


class KnownNames(Protocol):
    """What validation must know beside the definition; a Catalog is one."""

    def task_definition(self, name: str) -> TaskDef | None:
        """The registered task definition."""

    def variable(self, name: str) -> str | None:
        """A process variable that definitions may name as `${NAME}`."""


def refuse(problems: list[Problem]) -> None:
    """Raise Invalid with all problems, if there are any (spec/api.md §1.5)."""
    if problems:
        raise Invalid(REFUSED, problems[:MAX_PROBLEMS])


def validate_workflow_definition(definition: WorkflowDef, catalog: KnownNames, path: str = "$") -> list[Problem]:
    """Everything that forbids to register a workflow definition, or to start it when it came with the start."""
    problems: list[Problem] = []
    if not definition.name.strip():
        problems.append(Problem(f"{path}.name", "WorkflowDef name cannot be null or empty", definition.name))
    if definition.schema_version != SCHEMA_VERSION:
        message = f"workflowDef schemaVersion: {SCHEMA_VERSION} is only supported"
        problems.append(Problem(f"{path}.schemaVersion", message, definition.schema_version))
    if not definition.tasks:
        problems.append(Problem(f"{path}.tasks", "WorkflowTask list cannot be empty"))
    problems += _schema_problems(definition, path)
    problems += _retention_problems(definition, path)
    nodes = list(_all_tasks(definition.tasks, f"{path}.tasks", checked=True))
    for task, place, checked in nodes:
        problems += _node_problems(task, place)
        if checked:
            problems += type_problems(task, place, catalog.task_definition)
    problems += _duplicates(nodes, definition.name)
    if not problems:
        problems += _operator_problems(definition, path)
    return problems + _reference_problems(definition, [task.task_reference_name for task, _, _ in nodes], catalog, path)


def _retention_problems(definition: WorkflowDef, path: str) -> Iterator[Problem]:
    """How long to keep executions must be numbers (spec/platform.md §8.4)."""
    for key, kind, wanted in (("retentionDays", int | float, "a number of days"), ("retentionCount", int, "a whole number of executions")):
        value = definition.metadata.get(key)
        if value is not None and (not isinstance(value, kind) or isinstance(value, bool) or value < 0):
            shown = value if isinstance(value, str | int | float) else None
            yield Problem(f"{path}.metadata.{key}", f"must be {wanted}, 0 or more; 0 keeps them for ever", shown)


def validate_task_definition(definition: TaskDef, path: str = "$") -> list[Problem]:
    """Everything that forbids to register a task definition (spec/api.md §3.3, spec/engine.md §4.4)."""
    problems: list[Problem] = []
    if not definition.name.strip():
        problems.append(Problem(f"{path}.name", "TaskDef name cannot be null or empty", definition.name))
    for wire, value, least in _bounds(definition):
        if value is not None and value < least:
            message = f"TaskDef {wire}: {value} must be >= {least}"
            problems.append(Problem(f"{path}.{wire}", message, value))
    return problems + _timeout_problems(definition, path) + _schema_problems(definition, path)


def validate_schema(schema: SchemaDef, path: str = "$") -> list[Problem]:
    """Everything that forbids to register a schema (spec/api.md §3.13)."""
    problems: list[Problem] = []
    if not (schema.name or "").strip():
        problems.append(Problem(f"{path}.name", f"{path}.name: expected the name of the schema, found nothing", schema.name))
    if schema.version is not None and schema.version < 1:
        problems.append(Problem(f"{path}.version", f"{path}.version: expected at least 1, found {schema.version}", schema.version))
    if schema.type is None:
        problems.append(Problem(f"{path}.type", f"{path}.type: expected one of {', '.join(SchemaType)}, found nothing"))
    if schema.type is SchemaType.JSON and schema.data is None and not schema.external_ref:
        problems.append(Problem(f"{path}.data", f"{path}.data: expected a JSON schema, found nothing"))
    return problems + _document_problems(schema, path)


def _document_problems(schema: SchemaDef | None, path: str) -> list[Problem]:
    if schema is None or schema.data is None or schema.type not in (None, SchemaType.JSON):
        return []
    wrong = schema_problem(schema.data)
    return [] if wrong is None else [Problem(f"{path}.data", f"{path}.data: expected a JSON schema, found one that is wrong: {wrong}")]


def _schema_problems(definition: WorkflowDef | TaskDef, path: str) -> list[Problem]:
    given = _document_problems(definition.input_schema, f"{path}.inputSchema")
    return given + _document_problems(definition.output_schema, f"{path}.outputSchema")


def validate_event_handler(handler: EventHandler, path: str = "$", *, has_actions: bool = True) -> list[Problem]:
    """Everything that forbids to register an event handler (spec/api.md §3.12).

    An empty list of actions is allowed, because the JavaScript client sends it; a missing one (`has_actions` false) is not.
    """
    problems: list[Problem] = []
    if not (handler.name or "").strip():
        problems.append(Problem(f"{path}.name", "Missing event handler name", handler.name))
    if not (handler.event or "").strip():
        problems.append(Problem(f"{path}.event", "Missing event location", handler.event))
    if not has_actions:
        problems.append(Problem(f"{path}.actions", "No actions specified. Please specify at-least one action"))
    for number, action in enumerate(handler.actions):
        if action.action is not None and action.action not in ACTIONS:
            message = f"expected one of {', '.join(ACTIONS)}, found '{action.action}'{nearest(action.action, list(ACTIONS))}"
            problems.append(Problem(f"{path}.actions[{number}].action", message, action.action))
    return problems


ACTIONS = ("start_workflow", "complete_task", "fail_task", "terminate_workflow", "update_workflow_variables", "start_agent")


def _all_tasks(tasks: list[WorkflowTask], path: str, *, checked: bool) -> Iterator[TaskAt]:
    """Every node of the tree with its path, containers before their contents. The bodies of loops are not checked by type."""
    for number, task in enumerate(tasks):
        place = f"{path}[{number}]"
        yield task, place, checked
        for case, branch in task.decision_cases.items():
            yield from _all_tasks(branch, f"{place}.decisionCases['{case}']", checked=checked)
        yield from _all_tasks(task.default_case, f"{place}.defaultCase", checked=checked)
        for index, branch in enumerate(task.fork_tasks):
            yield from _all_tasks(branch, f"{place}.forkTasks[{index}]", checked=checked)
        yield from _all_tasks(task.loop_over, f"{place}.loopOver", checked=checked and task.type in OPERATORS)


def _node_problems(task: WorkflowTask, place: str) -> list[Problem]:
    """What every node must have, whatever its type."""
    problems: list[Problem] = []
    if not (task.name or "").strip():
        problems.append(Problem(f"{place}.name", "WorkflowTask name cannot be empty or null", task.name))
    if not task.task_reference_name.strip():
        message = "WorkflowTask taskReferenceName name cannot be empty or null"
        problems.append(Problem(f"{place}.taskReferenceName", message, task.task_reference_name))
    if task.start_delay < 0:
        problems.append(Problem(f"{place}.startDelay", f"startDelay: {task.start_delay} must be >= 0", task.start_delay))
    return problems


def _duplicates(nodes: list[TaskAt], workflow: str) -> list[Problem]:
    seen: set[str] = set()
    problems: list[Problem] = []
    for task, place, _ in nodes:
        ref = task.task_reference_name
        if ref and ref in seen:
            message = f"taskReferenceName: {ref} should be unique across tasks for a given workflowDefinition: {workflow}"
            problems.append(Problem(f"{place}.taskReferenceName", message, ref))
        seen.add(ref)
    return problems


def _operator_problems(definition: WorkflowDef, path: str) -> list[Problem]:
    """What forbids to compile the operators of a definition that is well otherwise: names that their tasks need, and mixed expressions."""
    try:
        compiled = plain(definition)
    except Invalid as error:
        return [Problem(f"{path}.tasks", error.message)]
    if compiled is definition:
        return []
    taken = _duplicates([(task, f"{path}.tasks", False) for task in nodes_of(compiled.tasks)], definition.name)
    return [
        Problem(f"{path}.tasks", f"{problem.invalid_value} is the name of a task that an operator needs", problem.invalid_value)
        for problem in taken
    ]


def _reference_problems(definition: WorkflowDef, refs: list[str], catalog: KnownNames, path: str) -> list[Problem]:
    """The expressions in the inputs of top-level tasks: each must be a path, and begin with something that exists."""
    return list(islice(_wrong_references(definition, refs, catalog, path), MAX_PROBLEMS))


def _wrong_references(definition: WorkflowDef, refs: list[str], catalog: KnownNames, path: str) -> Iterator[Problem]:
    known = {*refs, *SYSTEM_NAMES, "workflow"}
    for number, task in enumerate(definition.tasks):
        for key, value in task.input_parameters.items():
            for location, text in expressions(value):
                at = f"{path}.tasks[{number}].inputParameters" + "".join(map(step_text, (key, *location)))
                if check_expression(text) is not None:
                    yield Problem(at, f"key: {key} input parameter value: {text} is not valid", text)
                elif (root := text.split(".", 1)[0]) not in known and catalog.variable(text) is None:
                    message = (
                        f"taskReferenceName: {root} for given task: {task.name} input value: {text} of input parameter: {key} "
                        f"is not defined in workflow definition.{nearest(root, [*refs[:NAMES_COMPARED], 'workflow'])}"
                    )
                    yield Problem(at, message, text)


def _bounds(definition: TaskDef) -> tuple[tuple[str, int | None, int], ...]:
    """(name on the wire, value, least value)."""
    return (
        ("retryCount", definition.retry_count, 0),
        ("backoffScaleFactor", definition.backoff_scale_factor, 1),
        ("responseTimeoutSeconds", definition.response_timeout_seconds, 1),
        ("pollTimeoutSeconds", definition.poll_timeout_seconds, 0),
        ("maxRetryDelaySeconds", definition.max_retry_delay_seconds, 0),
        ("backoffJitterMs", definition.backoff_jitter_ms, 0),
        ("totalTimeoutSeconds", definition.total_timeout_seconds, 0),
    )


def _timeout_problems(definition: TaskDef, path: str) -> list[Problem]:
    timeout, response, total = definition.timeout_seconds, definition.response_timeout_seconds, definition.total_timeout_seconds
    problems: list[Problem] = []
    if 0 < timeout < response:
        message = f"TaskDef: {definition.name} responseTimeoutSeconds: {response} must be less than timeoutSeconds: {timeout}"
        problems.append(Problem(f"{path}.responseTimeoutSeconds", message))
    if timeout > 0 and 0 < total < timeout:
        message = f"TaskDef: {definition.name} timeoutSeconds: {timeout} must be less than or equal to totalTimeoutSeconds: {total}"
        problems.append(Problem(f"{path}.timeoutSeconds", message))
    return problems
