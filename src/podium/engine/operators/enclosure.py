"""Enclosure: puts a block of tasks into a child workflow, and hands in and out what it shares with its surroundings.

What the block reads from outside is handed in when it starts, each expression under a name of its own; the variables that it sets are
handed in and out; of its tasks those that others read are in its output.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from podium.engine.braces import Segment, closings, within
from podium.engine.operators.rewriting import replace_expressions, rewrite, root_of
from podium.engine.operators.scope import Compiled, Scope, nodes_of, roots_of
from podium.errors import Invalid
from podium.model.definition import SubWorkflowParams, WorkflowDef, WorkflowTask
from podium.model.json import Json, JsonObject

LATE = ("workflow.secrets.", "workflow.env.")  # values that are filled in wherever they are used
VARIABLES = "workflow.variables."

_NO_WORD = re.compile(r"\W+")


def enclose(ref: str, tasks: list[WorkflowTask], scope: Scope) -> Compiled:
    """A SUB_WORKFLOW task that runs the tasks, what must follow it, and where its tasks are found afterwards. Raises Invalid."""
    block = scope.sequence(tasks, scope)
    inner = [rewrite(task, block.moves) for task in block.tasks]
    refs = [node.task_reference_name for node in nodes_of(inner)]
    variables = _Variables(ref, inner)
    outer = _Outer(ref, frozenset(refs), scope.refs, keeps_variables=bool(variables.set_here))
    inner = [replace_expressions(task, outer.change) for task in inner]
    needed = scope.used | {root_of(path) for old, path in block.moves.items() if root_of(old) in scope.used}
    definition = WorkflowDef(
        name=f"{scope.definition.name}.{ref}",
        owner_app=scope.definition.owner_app,
        owner_email=scope.definition.owner_email,
        tasks=[*variables.handed_in(), *inner],
        output_parameters={"status": "${workflow.status}", "tasks": _outcome(refs, needed), **variables.output()},
    )
    child = WorkflowTask(
        name=ref,
        task_reference_name=ref,
        type="SUB_WORKFLOW",
        input_parameters={"outer": outer.values, **variables.input()},
        sub_workflow_param=SubWorkflowParams(name=definition.name, version=1, workflow_definition=definition),
    )
    inside = f"{ref}.output.tasks."
    moves = {name: inside + name for name in refs} | {old: inside + path for old, path in block.moves.items()}
    return Compiled([child, *variables.handed_out()], moves)


def _outcome(refs: Iterable[str], needed: frozenset[str]) -> JsonObject:
    """How each task ended, and the outputs that somebody reads."""
    found: dict[str, Json] = {}
    for ref in refs:
        fields = ["status", "reasonForIncompletion", *(["output"] if ref in needed else [])]
        found[ref] = {field: f"${{{ref}.{field}}}" for field in fields}
    return found


class _Outer:
    """What a block reads from outside of it."""

    def __init__(self, block: str, inside: frozenset[str], around: frozenset[str], *, keeps_variables: bool) -> None:
        self.values: dict[str, Json] = {}  # name -> expression, to be evaluated outside
        self._block = block
        self._inside = inside
        self._around = around - inside
        self._keeps_variables = keeps_variables
        self._names: dict[str, str] = {}

    def change(self, text: str) -> str:
        """A text of the block as it must be inside."""
        closing = closings(text)
        return self._changed(text, closing, 0, len(text))

    def _changed(self, text: str, closing: dict[int, int], start: int, end: int) -> str:
        parts, at = [], start
        for segment in within(text, closing, start, end):
            parts += [text[at : segment.start], self._segment(text, closing, segment)]
            at = segment.end
        return "".join([*parts, text[at:end]])

    def _segment(self, text: str, closing: dict[int, int], segment: Segment) -> str:
        written = text[segment.start : segment.end]
        inside = segment.inner(text)
        if not self._is_outside(inside):
            return "${" + self._changed(text, closing, segment.start + 2, segment.end - 1) + "}"
        if roots_of(written) & self._inside:
            message = f"{written} reads from inside and from outside of the block '{self._block}', which runs as a workflow of its own"
            raise Invalid(message)
        return f"${{workflow.input.outer.{self._name(inside)}}}"

    def _is_outside(self, inside: str) -> bool:
        if inside.startswith(LATE):
            return False
        if self._keeps_variables and inside.startswith(VARIABLES):
            return False
        root = root_of(inside)
        return root == "workflow" or root in self._around

    def _name(self, inside: str) -> str:
        """The name of an expression: made of its words, so that whoever looks at the child's input knows what it is."""
        known = self._names.get(inside)
        if known is None:
            words = _NO_WORD.sub("_", inside).strip("_")
            known = words if words not in self.values else f"{words}_{len(self.values)}"
            self._names[inside] = known
            self.values[known] = f"${{{inside}}}"
        return known


class _Variables:
    """The workflow variables that a block sets, and those that it reads beside them."""

    def __init__(self, ref: str, tasks: list[WorkflowTask]) -> None:
        self._ref = ref
        setters = [node for node in nodes_of(tasks) if node.type == "SET_VARIABLE"]
        self.set_here = list(dict.fromkeys(name for node in setters for name in node.input_parameters))
        self._known = list(dict.fromkeys([*self.set_here, *_variables_read(tasks)])) if self.set_here else []

    def input(self) -> JsonObject:
        """What the child is given."""
        return {"variables": {name: f"${{{VARIABLES}{name}}}" for name in self._known}} if self.set_here else {}

    def output(self) -> JsonObject:
        """What the child gives back."""
        return {"variables": {name: f"${{{VARIABLES}{name}}}" for name in self.set_here}} if self.set_here else {}

    def handed_in(self) -> list[WorkflowTask]:
        """The first task of the child."""
        return (
            [_setting(f"{self._ref}_given", {name: f"${{workflow.input.variables.{name}}}" for name in self._known})]
            if self.set_here
            else []
        )

    def handed_out(self) -> list[WorkflowTask]:
        """What follows the child."""
        values = {name: f"${{{self._ref}.output.variables.{name}}}" for name in self.set_here}
        return [_setting(f"{self._ref}_kept", values)] if self.set_here else []


def _setting(ref: str, values: dict[str, str]) -> WorkflowTask:
    return WorkflowTask(name=ref, task_reference_name=ref, type="SET_VARIABLE", input_parameters=dict(values))


def _variables_read(tasks: list[WorkflowTask]) -> list[str]:
    found: list[str] = []

    def look(text: str) -> str:
        found.extend(re.findall(r"\$\{workflow\.variables\.([^.\[}\s]+)", text))
        return text

    for task in tasks:
        replace_expressions(task, look)
    return found
