"""The graph: a definition's tree of tasks, compiled once, so that each step is a look-up.

A node knows what follows it, which container holds it and which loop it is in. Its input is a compiled template. A definition
is compiled once per content hash; the tasks of a dynamic fork are compiled as small graphs of their own when they are forked.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

from podium.engine.deadlines import lease_ms
from podium.engine.inputs import InputTemplate, compile_input
from podium.engine.output_cache import KeyRule, key_rule
from podium.engine.rate_limit import RateRule, rate_rule
from podium.engine.schema import Schema, compile_schema
from podium.engine.state_change import StateEvents, state_events
from podium.engine.template import Template, compile_template
from podium.model.definition import TaskDef, WorkflowDef, WorkflowTask
from podium.model.json import JsonObject

# Types whose input is resolved without the template of the task definition (spec/engine.md §3.12.7).
_WITHOUT_DEFINITION = frozenset(
    {"WAIT", "HUMAN", "EVENT", "TERMINATE", "SWITCH", "DECISION", "FORK_JOIN", "FORK_JOIN_DYNAMIC", "SET_VARIABLE", "START_WORKFLOW"}
    | {"NOOP", "SUB_WORKFLOW", "JOIN", "EXCLUSIVE_JOIN", "PULL_WORKFLOW_MESSAGES"}
)
# Types whose input is resolved before a task id exists, so that `${CPEWF_TASK_ID}` stays as it is.
_WITHOUT_TASK_ID = frozenset(
    {"SWITCH", "DECISION", "FORK_JOIN", "FORK_JOIN_DYNAMIC", "SET_VARIABLE", "START_WORKFLOW", "NOOP", "SUB_WORKFLOW"}
)
SWITCHES = frozenset({"SWITCH", "DECISION"})
FORKS = frozenset({"FORK_JOIN", "FORK_JOIN_DYNAMIC"})


class Node:
    """One entry of a definition, and what surrounds it."""

    __slots__ = (
        *("children", "events", "fields", "following", "input", "input_schema", "key_rule", "knows_task_id", "lease_ms"),
        *("loop", "output_schema", "parent", "policy", "ref", "successor", "task", "type"),
    )

    def __init__(self, task: WorkflowTask, parent: Node | None, loop: Node | None) -> None:
        self.task = task
        self.ref = task.task_reference_name
        self.type = task.type
        self.parent = parent  # the SWITCH, FORK or DO_WHILE that holds it
        self.loop = loop  # the innermost DO_WHILE around it
        self.following: Node | None = None  # the next element of its sequence
        self.successor: Node | None = None  # what is scheduled when it is done
        self.children: dict[str, Node] = {}  # first nodes: case name -> node, branch number -> node, "" -> default case or loop body
        self.policy: TaskDef | None = task.task_definition
        self.lease_ms = lease_ms(self.policy, 0)
        self.knows_task_id = task.type not in _WITHOUT_TASK_ID
        definition = None if task.type in _WITHOUT_DEFINITION or self.policy is None else self.policy.input_template
        self.input: InputTemplate = compile_input(task.input_parameters, definition)
        self.fields: Template | None = _extra(task)  # what else of the node holds expressions
        self.input_schema, self.output_schema = _schemas(self.policy)
        self.events: StateEvents = state_events(task)
        self.key_rule: KeyRule | None = key_rule(task, self.policy)  # under which key its output is kept for others

    def replaced(self, task: WorkflowTask) -> Node:
        """Another definition task in the same place."""
        made = Node(task, self.parent, self.loop)
        made.children, made.following, made.successor = self.children, self.following, self.successor
        return made

    def body(self) -> Iterator[Node]:
        """The first level of a loop: the nodes of its body in order."""
        node = self.children.get("")
        while node is not None:
            yield node
            node = node.following


class Program:
    """A compiled definition; immutable, and shared by all of its runs."""

    __slots__ = (
        *("checked", "definition", "definition_hash", "dynamic", "first", "input_schema", "joins"),
        *("loops", "nodes", "output", "output_schema", "rate_rule", "tells"),
    )

    def __init__(self, definition: WorkflowDef, definition_hash: str) -> None:
        self.definition = definition
        self.definition_hash = definition_hash
        self.nodes: dict[str, Node] = {}
        self.first = _sequence(definition.tasks, None, None, self.nodes)
        self.output: Template | None = compile_template(definition.output_parameters) if definition.output_parameters else None
        self.input_schema, self.output_schema = _schemas(definition)
        self.rate_rule: RateRule | None = rate_rule(definition)
        types = {node.type for node in self.nodes.values()}
        # What a run of it may come to hold; the branches of a dynamic fork may be anything.
        self.joins = bool(types & {"JOIN", "EXCLUSIVE_JOIN", "FORK_JOIN_DYNAMIC"})
        self.loops = bool(types & {"DO_WHILE", "FORK_JOIN_DYNAMIC"})
        self.dynamic = bool(types & {"DYNAMIC", "FORK_JOIN_DYNAMIC"})
        self.tells = self.dynamic or any(node.events for node in self.nodes.values())
        self.checked = self.dynamic or any(node.input_schema or node.output_schema or node.key_rule for node in self.nodes.values())


def compile_definition(definition: WorkflowDef, definition_hash: str) -> Program:
    """The graph of a completed definition."""
    return Program(definition, definition_hash)


def compile_branch(task: WorkflowTask, fork: Node) -> dict[str, Node]:
    """The nodes of one task of a dynamic fork by reference name, the task itself first; nothing follows the task."""
    nodes: dict[str, Node] = {}
    _sequence([task], fork, fork.loop, nodes)
    return nodes


def _schemas(definition: WorkflowDef | TaskDef | None) -> tuple[Schema | None, Schema | None]:
    """The schemas of input and output, as far as they are enforced."""
    if definition is None or not definition.enforce_schema:
        return None, None
    return compile_schema(definition.input_schema), compile_schema(definition.output_schema)


def _extra(task: WorkflowTask) -> Template | None:
    """Fields outside of `inputParameters` that are resolved: the items of a loop, the sink of an event, a child's parameters."""
    if task.type == "DO_WHILE" and task.items and task.items.strip():
        return compile_template(task.items)
    if task.type == "EVENT":
        return compile_template(task.sink)
    param = task.sub_workflow_param
    if task.type == "SUB_WORKFLOW" and param is not None:
        given = param.workflow_definition
        fields: JsonObject = {
            "subWorkflowName": param.name,
            "subWorkflowVersion": param.version,
            "subWorkflowTaskToDomain": param.task_to_domain,
            "priority": param.priority,
            "idempotencyKey": param.idempotency_key,
            "idempotencyStrategy": param.idempotency_strategy,
            "subWorkflowDefinition": given if isinstance(given, str) else None,
        }
        return compile_template(fields)
    return None


def _sequence(tasks: Sequence[WorkflowTask], parent: Node | None, loop: Node | None, nodes: dict[str, Node]) -> Node | None:
    """Compile a list of tasks; the first node of it."""
    made = [Node(task, parent, loop) for task in tasks]
    for node, after in pairwise(made):
        node.following = after
    for node in made:
        nodes.setdefault(node.ref, node)
        node.successor = _successor(node)
        _children(node, nodes)
    return made[0] if made else None


def _successor(node: Node) -> Node | None:
    """What is scheduled when a node is done (spec/engine.md §3.5): parents are compiled before their children."""
    if node.following is not None:
        return node.following
    parent = node.parent
    return parent.successor if parent is not None and parent.type in SWITCHES else None


def _children(node: Node, nodes: dict[str, Node]) -> None:
    """Compile what a container holds."""
    task = node.task
    if node.type in SWITCHES:
        for case, tasks in task.decision_cases.items():
            _child(node, "=" + case, tasks, node.loop, nodes)
        _child(node, "", task.default_case, node.loop, nodes)
    elif node.type == "FORK_JOIN":
        for number, tasks in enumerate(task.fork_tasks):
            _child(node, str(number), tasks, node.loop, nodes)
    elif node.type == "DO_WHILE":
        _child(node, "", task.loop_over, node, nodes)


def _child(node: Node, key: str, tasks: Sequence[WorkflowTask], loop: Node | None, nodes: dict[str, Node]) -> None:
    first = _sequence(tasks, node, loop, nodes)
    if first is not None:
        node.children[key] = first
