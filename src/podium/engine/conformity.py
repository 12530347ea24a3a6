"""Conformity: what happens to an input or output that does not satisfy its schema (spec/platform.md §5.2)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from podium.errors import Problem
from podium.model.json import Json
from podium.model.payload import Payload
from podium.model.shape import invalid
from podium.model.status import TaskStatus
from podium.model.task import Task

if TYPE_CHECKING:
    from podium.engine.draft import Draft
    from podium.engine.graph import Node, Program

SHOWN_PROBLEMS = 5  # in a reason; a reason is read by people
# Their tasks hold or gather others, and are there before anything can be said about them.
_CONTAINERS = frozenset({"FORK", "FORK_JOIN", "FORK_JOIN_DYNAMIC", "JOIN", "EXCLUSIVE_JOIN", "SWITCH", "DECISION", "DO_WHILE"})


def refuse_input(program: Program, value: Json) -> None:
    """Raise Invalid when a workflow's input does not satisfy the schema of its definition."""
    problems = program.input_schema.violations(value, "$.input") if program.input_schema is not None else []
    if problems:
        raise invalid(problems)


def wrong_output(program: Program, value: Json) -> str | None:
    """Why a workflow's output does not do; None when it does."""
    return _reason("output", program.output_schema.violations(value)) if program.output_schema is not None else None


def check_input(draft: Draft, task: Task) -> Task:
    """A task that was just scheduled; if its input does not satisfy its schema it has failed, and no worker sees it."""
    if not draft.program.checked or task.status is not TaskStatus.SCHEDULED or task.task_type in _CONTAINERS:
        return task
    node = draft.node(task)
    reason = (
        _reason("input", node.input_schema.violations(task.input.value)) if node is not None and node.input_schema is not None else None
    )
    return task if reason is None else draft.finish_task(task, TaskStatus.FAILED_WITH_TERMINAL_ERROR, None, reason)


def refused_output(node: Node, output: Payload) -> dict[str, Any]:
    """What becomes of a task that ends with this output, if it does not satisfy its schema; nothing when it does."""
    reason = _reason("output", node.output_schema.violations(output.value)) if node.output_schema is not None else None
    return {} if reason is None else {"status": TaskStatus.FAILED_WITH_TERMINAL_ERROR, "reason": reason}


def _reason(what: str, problems: list[Problem]) -> str | None:
    if not problems:
        return None
    more = f" (and {len(problems) - SHOWN_PROBLEMS} more)" if len(problems) > SHOWN_PROBLEMS else ""
    return f"The {what} does not satisfy its schema: " + "; ".join(problem.message for problem in problems[:SHOWN_PROBLEMS]) + more
