"""Validation by type: what each type of task demands of the node that uses it (spec/tasks.md §1.5)."""

from __future__ import annotations

import re
from collections.abc import Callable

from podium.engine.evaluators.javascript import javascript_problem
from podium.errors import Problem
from podium.model.definition import TaskDef, WorkflowTask
from podium.model.json import Json

TaskDefinitions = Callable[[str], TaskDef | None]
Findings = list[tuple[str, str]]  # (field of the node, message)
Rule = Callable[[WorkflowTask, TaskDefinitions], Findings]

TERMINATION_STATUSES = frozenset({"COMPLETED", "FAILED", "TERMINATED"})
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
        if name in task.input_parameters or _in_template(name, task, task_definitions):
            return []
        return [(f"inputParameters.{name}", _required(f"inputParameters.{name}", task))]

    return rule


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


def _wait(task: WorkflowTask, _: TaskDefinitions) -> Findings:
    duration, until = task.input_parameters.get("duration"), task.input_parameters.get("until")
    if duration is not None and until is not None:
        return [("inputParameters", "Both 'duration' and 'until' specified. Please provide only one input")]
    if duration is not None and not _readable(duration, _DURATION):
        return [("inputParameters.duration", "Either date or duration is passed as null ")]
    if until is not None and not _readable(until, _DATE):
        return [("inputParameters.until", "Unable to parse date ")]
    return []


def _readable(value: Json, form: re.Pattern[str]) -> bool:
    """A literal must have the form; what an expression comes to is seen when it runs."""
    text = str(value).strip()
    return text.startswith("${") or form.fullmatch(text) is not None


_RULES: dict[str, Rule] = {
    "EVENT": _event,
    "DECISION": _decision,
    "SWITCH": _switch,
    "DYNAMIC": _dynamic,
    "FORK_JOIN": _fork,
    "FORK_JOIN_DYNAMIC": _dynamic_fork,
    "HTTP": _http,
    "KAFKA_PUBLISH": _input("kafka_request"),
    "JSON_JQ_TRANSFORM": _input("queryExpression"),
    "TERMINATE": _terminate,
    "DO_WHILE": _do_while,
    "SUB_WORKFLOW": _sub_workflow,
    "WAIT": _wait,
}
