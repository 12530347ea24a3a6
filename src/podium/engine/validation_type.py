"""Validation by type: what each type of task demands of the node that uses it (spec/tasks.md §1.5)."""

from __future__ import annotations

import re
from collections.abc import Callable

from podium.engine.evaluators.javascript import javascript_problem
from podium.engine.operators.for_each import MOST_LANES, concurrency, items
from podium.engine.operators.try_catch import CATCH, FINALLY, TRY
from podium.engine.path import PathError, compile_path
from podium.engine.tasks.join import statuses_of
from podium.engine.tasks.wait_for_webhook import matches_of
from podium.errors import Problem
from podium.model.definition import TaskDef, WorkflowTask
from podium.model.json import Json, JsonObject
from podium.model.status import TaskStatus

TaskDefinitions = Callable[[str], TaskDef | None]
Findings = list[tuple[str, str]]  # (field of the node, message)
Rule = Callable[[WorkflowTask, TaskDefinitions], Findings]

TERMINATION_STATUSES = frozenset({"COMPLETED", "FAILED", "TERMINATED"})
POLLING_STRATEGIES = ("FIXED", "LINEAR_BACKOFF", "EXPONENTIAL_BACKOFF")
EXECUTION_STRATEGIES = ("FIRE_FIRST", "FIRE_ALL")
STATEMENT_TYPES = ("SELECT", "UPDATE", "PROCEDURE")
UPDATE_STATUSES = ("COMPLETED", "FAILED", "FAILED_WITH_TERMINAL_ERROR")
ENDS = frozenset(status.value for status in TaskStatus if status.terminal)
JAVASCRIPT = "javascript"

# On text without blanks around it; no blank can belong to two parts, so that matching takes linear time.
_DURATION = re.compile(
    r"(\d+\s*(days?|d)\s*)?(\d+\s*(hours?|hrs?|h)\s*)?(\d+\s*(minutes?|mins?|m)\s*)?(\d+\s*(seconds?|secs?|s)\s*)?",
    re.IGNORECASE | re.ASCII,
)
_DATE = re.compile(r"\d{1,9}-\d{1,9}-\d{1,9}( \d{1,9}:\d{1,9}( [A-Za-z][\w/+:-]*)?)?", re.ASCII)


def type_problems(task: WorkflowTask, path: str, task_definitions: TaskDefinitions) -> list[Problem]:
    """What the node lacks for its type; nothing for a type without rules."""
    rule = _RULES.get(task.type)
    return [Problem(f"{path}.{field}", message) for field, message in rule(task, task_definitions)] if rule else []


def _required(field: str, task: WorkflowTask) -> str:
    return f"{field} field is required for taskType: {task.type} taskName: {task.name}"


def _event(task: WorkflowTask, _: TaskDefinitions) -> Findings:
    return [("sink", _required("sink", task))] if task.sink is None else []


def _decision(task: WorkflowTask, _: TaskDefinitions) -> Findings:
    findings = _cases(task)
    if task.case_value_param is None and task.case_expression is None:
        findings.insert(0, ("caseValueParam", _required("caseValueParam or caseExpression", task)))
    if task.case_expression is not None and (wrong := javascript_problem(task.case_expression)):
        findings.append(("caseExpression", _unreadable(wrong, task)))
    return findings


def _join(task: WorkflowTask, _: TaskDefinitions) -> Findings:
    strange = sorted(statuses_of(task.join_status) - ENDS)
    expected = f"expected statuses with which tasks end, of {', '.join(sorted(ENDS))}"
    return [("joinStatus", f"joinStatus: {expected}; found '{name[:100]}'") for name in strange]


def _switch(task: WorkflowTask, _: TaskDefinitions) -> Findings:
    findings: Findings = []
    if task.evaluator_type is None:
        findings.append(("evaluatorType", _required("evaluatorType", task)))
    if task.expression is None:
        findings.append(("expression", _required("expression", task)))
    elif task.evaluator_type == JAVASCRIPT and (wrong := javascript_problem(task.expression)):
        findings.append(("expression", _unreadable(wrong, task)))
    return findings + _cases(task)


def _cases(task: WorkflowTask) -> Findings:
    if task.decision_cases:
        return []
    return [("decisionCases", f"decisionCases should have atleast one task for taskType: {task.type} taskName: {task.name}")]


def _unreadable(wrong: str, task: WorkflowTask) -> str:
    return f"Expression is not well formatted: {wrong}, taskType: {task.type} taskName {task.name}"


def _dynamic(task: WorkflowTask, _: TaskDefinitions) -> Findings:
    return [("dynamicTaskNameParam", _required("dynamicTaskNameParam", task))] if task.dynamic_task_name_param is None else []


def _fork(task: WorkflowTask, _: TaskDefinitions) -> Findings:
    return [] if task.fork_tasks else [("forkTasks", _required("forkTasks", task))]


def _dynamic_fork(task: WorkflowTask, _: TaskDefinitions) -> Findings:
    if "forkTaskInputs" in task.input_parameters:
        return []
    pair = (task.dynamic_fork_tasks_param, task.dynamic_fork_tasks_input_param_name)
    if task.dynamic_fork_join_tasks_param is not None:
        if pair == (None, None):
            return []
        message = (
            "dynamicForkJoinTasksParam or combination of dynamicForkTasksInputParamName and dynamicForkTasksParam "
            f"cam be used for taskType: {task.type} taskName: {task.name}"
        )
        return [("dynamicForkJoinTasksParam", message)]
    fields = ("dynamicForkTasksParam", "dynamicForkTasksInputParamName")
    return [(field, _required(field, task)) for field, value in zip(fields, pair, strict=True) if value is None]


def _http(task: WorkflowTask, task_definitions: TaskDefinitions) -> Findings:
    if {"http_request", "uri", "method"} & task.input_parameters.keys() or _in_template("http_request", task, task_definitions):
        return []
    return [("inputParameters", _required("inputParameters.http_request or inputParameters.uri", task))]


def _input(name: str) -> Rule:
    """The rule that an input parameter is there, on the node or in the template of its task definition."""

    def rule(task: WorkflowTask, task_definitions: TaskDefinitions) -> Findings:
        if _given(name, task, task_definitions):
            return []
        return [(f"inputParameters.{name}", _required(f"inputParameters.{name}", task))]

    return rule


def _given(name: str, task: WorkflowTask, task_definitions: TaskDefinitions) -> bool:
    return name in task.input_parameters or _in_template(name, task, task_definitions)


def _in_template(name: str, task: WorkflowTask, task_definitions: TaskDefinitions) -> bool:
    definition = task.task_definition or task_definitions(task.name or "")
    return definition is not None and name in definition.input_template


def _terminate(task: WorkflowTask, _: TaskDefinitions) -> Findings:
    findings: Findings = []
    if task.optional:
        findings.append(("optional", f"terminate task cannot be optional, taskName: {task.name}"))
    status = task.input_parameters.get("terminationStatus")
    if not isinstance(status, str) or status not in TERMINATION_STATUSES:
        message = f"terminate task must have an terminationStatus parameter and must be set to COMPLETED or FAILED, taskName: {task.name}"
        findings.append(("inputParameters.terminationStatus", message))
    return findings


def _do_while(task: WorkflowTask, _: TaskDefinitions) -> Findings:
    findings: Findings = []
    if task.loop_condition is None:
        findings.append(("loopCondition", _required("loopCondition", task)))
    if not task.loop_over:
        findings.append(("loopOver", _required("loopOver", task)))
    return findings


def _sub_workflow(task: WorkflowTask, _: TaskDefinitions) -> Findings:
    return [("subWorkflowParam", _required("subWorkflowParam", task))] if task.sub_workflow_param is None else []


def _inputs(*names: str) -> Rule:
    """The rule that all of these input parameters are there."""
    rules = [_input(name) for name in names]
    return lambda task, task_definitions: [found for rule in rules for found in rule(task, task_definitions)]


def _one_of(task: WorkflowTask, field: str, known: tuple[str, ...], within: JsonObject | None = None) -> Findings:
    """A literal must be one of the known words; what an expression comes to is seen when it runs."""
    value = (task.input_parameters if within is None else within).get(field)
    if value is None or value in known or (isinstance(value, str) and "${" in value):
        return []
    return [(f"inputParameters.{field}", f"{field} must be one of {', '.join(known)}, taskName: {task.name}")]


def _http_poll(task: WorkflowTask, task_definitions: TaskDefinitions) -> Findings:
    findings = _http(task, task_definitions)
    request = task.input_parameters.get("http_request")
    if isinstance(request, dict) and "terminationCondition" in request:
        condition = request["terminationCondition"]
    elif (
        _given("terminationCondition", task, task_definitions)
        or isinstance(request, str)
        or _in_template("http_request", task, task_definitions)
    ):
        condition = task.input_parameters.get("terminationCondition")
    else:
        return [*findings, ("inputParameters", _required("inputParameters.http_request.terminationCondition", task))]
    if isinstance(condition, str) and "${" not in condition and (wrong := javascript_problem(condition)):
        findings.append(("inputParameters", _unreadable(wrong, task)))
    strategies = request if isinstance(request, dict) and "pollingStrategy" in request else task.input_parameters
    return findings + _one_of(task, "pollingStrategy", POLLING_STRATEGIES, strategies)


def _business_rule(task: WorkflowTask, task_definitions: TaskDefinitions) -> Findings:
    return _input("ruleFileLocation")(task, task_definitions) + _one_of(task, "executionStrategy", EXECUTION_STRATEGIES)


def _jdbc(task: WorkflowTask, task_definitions: TaskDefinitions) -> Findings:
    findings = _inputs("statement", "type")(task, task_definitions) + _one_of(task, "type", STATEMENT_TYPES)
    if not any(_given(name, task, task_definitions) for name in ("connectionId", "integrationName")):
        findings.append(("inputParameters", _required("inputParameters.connectionId or inputParameters.integrationName", task)))
    return findings


def _update_task(task: WorkflowTask, task_definitions: TaskDefinitions) -> Findings:
    findings = _input("taskStatus")(task, task_definitions) + _one_of(task, "taskStatus", UPDATE_STATUSES)
    if not _given("taskId", task, task_definitions):
        findings += _inputs("workflowId", "taskRefName")(task, task_definitions)
    return findings


def _wait_for_webhook(task: WorkflowTask, _: TaskDefinitions) -> Findings:
    matches = task.input_parameters.get("matches")
    if matches is not None and not isinstance(matches, dict) and not str(matches).startswith("${"):
        return [("inputParameters.matches", f"matches must be a map from paths to values, taskName: {task.name}")]
    findings: Findings = []
    for path in matches_of(task.input_parameters):
        try:
            compile_path(path)
        except PathError:
            findings.append(("inputParameters.matches", f"'{path}' is not a path, taskName: {task.name}"))
    return findings


def _wait(task: WorkflowTask, _: TaskDefinitions) -> Findings:
    duration, until = task.input_parameters.get("duration"), task.input_parameters.get("until")
    if duration is not None and until is not None:
        return [("inputParameters", "Both 'duration' and 'until' specified. Please provide only one input")]
    if duration is not None and not _readable(duration, _DURATION):
        return [("inputParameters.duration", "Either date or duration is passed as null ")]
    if until is not None and not _readable(until, _DATE):
        return [("inputParameters.until", "Unable to parse date ")]
    return []


def _for_each(task: WorkflowTask, _: TaskDefinitions) -> Findings:
    findings = _not_optional(task)
    if items(task) is None:
        findings.append(("inputParameters.items", _required("items or inputParameters.items", task)))
    if not task.loop_over:
        findings.append(("loopOver", _required("loopOver", task)))
    given = task.input_parameters.get("concurrency", 1)
    if given != concurrency(task) or isinstance(given, bool):
        message = f"concurrency must be a whole number from 1 to {MOST_LANES}, not an expression: {given}, taskName: {task.name}"
        findings.append(("inputParameters.concurrency", message))
    return findings


def _try_catch(task: WorkflowTask, _: TaskDefinitions) -> Findings:
    findings, cases = _not_optional(task), task.decision_cases
    if not cases.get(TRY):
        findings.append((f"decisionCases['{TRY}']", _required(f"decisionCases['{TRY}']", task)))
    if not cases.get(CATCH) and not cases.get(FINALLY):
        findings.append(("decisionCases", _required(f"decisionCases['{CATCH}'] or ['{FINALLY}']", task)))
    for case in cases.keys() - {TRY, CATCH, FINALLY}:
        findings.append((f"decisionCases['{case}']", f"a TRY_CATCH has {TRY}, {CATCH} and {FINALLY}, not '{case}', taskName: {task.name}"))
    return findings


def _not_optional(task: WorkflowTask) -> Findings:
    if not task.optional:
        return []
    return [("optional", f"{task.type} cannot be optional: what fails in it is caught by a TRY_CATCH, taskName: {task.name}")]


def _readable(value: Json, form: re.Pattern[str]) -> bool:
    """A literal must have the form; what an expression comes to is seen when it runs."""
    text = str(value).strip()
    return text.startswith("${") or form.fullmatch(text) is not None


_RULES: dict[str, Rule] = {
    "EVENT": _event,
    "FOR_EACH": _for_each,
    "TRY_CATCH": _try_catch,
    "DECISION": _decision,
    "SWITCH": _switch,
    "BUSINESS_RULE": _business_rule,
    "DYNAMIC": _dynamic,
    "FORK_JOIN": _fork,
    "FORK_JOIN_DYNAMIC": _dynamic_fork,
    "JOIN": _join,
    "GET_WORKFLOW": _input("id"),
    "HTTP": _http,
    "HTTP_POLL": _http_poll,
    "JDBC": _jdbc,
    "KAFKA_PUBLISH": _input("kafka_request"),
    "JSON_JQ_TRANSFORM": _input("queryExpression"),
    "TERMINATE": _terminate,
    "TERMINATE_WORKFLOW": _input("workflowId"),
    "UPDATE_TASK": _update_task,
    "DO_WHILE": _do_while,
    "SUB_WORKFLOW": _sub_workflow,
    "WAIT": _wait,
    "WAIT_FOR_WEBHOOK": _wait_for_webhook,
}
