"""Random definitions: valid ones, with every operator, nested; the same seed makes the same case."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

from tools.differential import scripts
from tools.differential.branches import dynamic_fork
from tools.differential.values import CHILD, CHOICE, INPUT, JOIN, LOOP, OTHER, SCRIPT, WORKER, Values

Node = dict[str, Any]
Nodes = list[Node]

OWNER: Final = "differential@example.com"
BUDGET, CHILD_BUDGET = 12, 4  # nodes after which containers are no longer made
DEEPEST_CONTAINER, DEEPEST_CHILD = 3, 2


@dataclass(frozen=True)
class Case:
    """What is registered and started on both servers."""

    seed: int
    task_definitions: list[dict[str, Any]]
    workflow_definitions: list[dict[str, Any]]  # children before those that start them
    name: str
    input: dict[str, Any]


def make(seed: int) -> Case:
    """The case of a seed."""
    dice = random.Random(seed)
    registry = Registry(f"d{seed}")
    root = Generator(Values(dice), registry).workflow(f"d{seed}_root", 1, 4)
    given = {} if dice.random() < 0.1 else INPUT
    return Case(seed, registry.task_definitions, [*registry.children.values(), root], root["name"], given)


@dataclass
class Registry:
    """What a case has collected so far; names begin with its prefix, so that cases share nothing."""

    prefix: str
    task_definitions: list[dict[str, Any]] = field(default_factory=list)
    children: dict[str, dict[str, Any]] = field(default_factory=dict)
    last: int = 0

    def ref(self, letter: str) -> str:
        """A reference name that nobody has."""
        self.last += 1
        return f"{letter}{self.last}"

    def define(self, name: str, **settings: Any) -> None:
        """Register a task definition; settings differ from one attempt without delay."""
        plain = {"retryCount": 0, "retryDelaySeconds": 0, "timeoutSeconds": 0, "responseTimeoutSeconds": 600}
        self.task_definitions.append({"name": name, "ownerEmail": OWNER, **plain, **settings})


class Generator:
    """Makes the nodes of one workflow definition."""

    def __init__(self, values: Values, registry: Registry, *, is_child: bool = False) -> None:
        self.values = values
        self.dice = values.dice
        self.registry = registry
        self._is_child = is_child
        self._in_loop = False
        self._budget = CHILD_BUDGET if is_child else BUDGET

    def workflow(self, name: str, least: int, most: int) -> Node:
        """A definition with so many nodes at its top."""
        tasks = self.sequence(1 if self._is_child else 0, least, most)
        definition: Node = {"name": name, "version": 1, "schemaVersion": 2, "ownerEmail": OWNER, "timeoutSeconds": 0, "tasks": tasks}
        self.values.odd = True
        if self.chance(0.6):
            keys = self.dice.sample(("r", "n", "s", "o2"), self.dice.randint(0, 3))
            definition["outputParameters"] = {key: self.values.value() for key in keys}
        if self.chance(0.3) and not self._is_child:
            definition["inputTemplate"] = self.dice.choice(({"none": "T", "a": 9}, {"nul": {"d": 1}}, {"extra": "${workflow.input.a}"}))
        if self.chance(0.3):
            definition["variables"] = {"v1": self.dice.choice((1, "x", None, {"q": 2})), "v2": {"q": [1]}}
        return definition

    def chance(self, share: float) -> bool:
        """True for a share of all throws."""
        return self.values.chance(share)

    def sequence(self, depth: int, least: int, most: int) -> Nodes:
        """So many nodes in a row."""
        return [node for _ in range(self.dice.randint(least, most)) for node in self._one(depth)]

    def _one(self, depth: int) -> Nodes:
        self._budget -= 1
        makers = {**LEAVES, **(self._containers(depth) if self._budget > 0 else {})}
        if depth:
            makers |= {terminate: 0.35}
        (maker,) = self.dice.choices(list(makers), list(makers.values()))
        self.values.odd = depth > 0
        return maker(self, depth)

    def _containers(self, depth: int) -> dict[Maker, float]:
        if depth >= DEEPEST_CONTAINER:
            return {}
        found: dict[Maker, float] = {switch: 3, fork: 2, dynamic_branches: 1.5}
        if not self._in_loop:
            found[loop] = 2.5
        if depth < DEEPEST_CHILD:
            found[exclusive_join] = 0.4
            if not self._is_child:
                found |= {sub_workflow: 2, start_workflow: 0.4}
        return found

    def node(self, letter: str, kind: str, task_type: str, **fields: Any) -> Node:
        """A node with a new reference name, which later nodes may read."""
        ref = self.registry.ref(letter)
        self.values.known.append((ref, kind))
        return {"name": ref, "taskReferenceName": ref, "type": task_type, **fields}

    def loosen(self, node: Node, optional: float, permissive: float = 0) -> None:
        """Make it optional or permissive, sometimes."""
        if self.chance(optional):
            node["optional"] = True
        elif self.chance(permissive):
            node["permissive"] = True

    def body(self, depth: int) -> Nodes:
        """The body of a loop, within which there is no other: Conductor knows no loops in loops."""
        self._in_loop = True
        try:
            return self.sequence(depth + 1, 1, 3)
        finally:
            self._in_loop = False

    def child(self) -> str:
        """The name of a new definition that is registered before this one."""
        name = f"{self.registry.prefix}_{self.registry.ref('wf')}"
        self.registry.children[name] = Generator(Values(self.dice), self.registry, is_child=True).workflow(name, 1, 2)
        return name


Maker = Callable[[Generator, int], Nodes]


def worker(make: Generator, _: int) -> Nodes:
    """SIMPLE, or a type of the worker's own, with a task definition or without."""
    node = make.node("t", WORKER, "SIMPLE", inputParameters=make.values.parameters())
    ref = node["taskReferenceName"]
    node["name"] = f"{make.registry.prefix}_{ref}"
    if make.chance(0.75):
        logic = make.dice.choice(("FIXED", "FIXED", "LINEAR_BACKOFF", "EXPONENTIAL_BACKOFF"))
        make.registry.define(node["name"], retryCount=make.dice.choice((0, 0, 1, 2)), retryLogic=logic, **_template(make))
        if make.chance(0.15):
            node["retryCount"] = make.dice.choice((0, 1, 2))
    else:
        node["retryCount"] = 0
    make.loosen(node, 0.2, 0.12)
    if make.chance(0.06):
        node["startDelay"] = 1
    if make.chance(0.06):
        node["type"] = f"{make.registry.prefix}_own_{ref}"
    return [node]


def _template(make: Generator) -> dict[str, Any]:
    if not make.chance(0.2):
        return {}
    templates = ({"p1": "tmpl", "tt": {"a": 1}}, {"x": "${workflow.input.a}", "p2": None}, {"tt": "${workflow.input.m}", "p3": [1]})
    return {"inputTemplate": make.dice.choice(templates)}


def inline(make: Generator, _: int) -> Nodes:
    """INLINE with a script or the value of a parameter."""
    kind = make.dice.choice(("javascript", "javascript", "graaljs", "value-param"))
    expression = make.dice.choice(("p1", "x", "zz") if kind == "value-param" else scripts.JAVASCRIPT)
    given = {**make.values.parameters(0, 2), "evaluatorType": kind, "expression": expression}
    node = make.node("i", SCRIPT, "INLINE", inputParameters=given)
    make.loosen(node, 0.75 if "throw" in expression or "nope" in expression else 0.25, 0.1)
    return [node]


def jq(make: Generator, _: int) -> Nodes:
    """JSON_JQ_TRANSFORM."""
    given = {**make.values.parameters(), "queryExpression": make.dice.choice(scripts.JQ)}
    node = make.node("q", SCRIPT, "JSON_JQ_TRANSFORM", inputParameters=given)
    make.loosen(node, 0.6)
    return [node]


def set_variable(make: Generator, _: int) -> Nodes:
    """SET_VARIABLE of none to two variables."""
    names = make.dice.sample(("v1", "v2", "v3"), make.dice.randint(0, 2))
    return [make.node("v", OTHER, "SET_VARIABLE", inputParameters={name: make.values.value() for name in names})]


def noop(make: Generator, _: int) -> Nodes:
    """NOOP, whose parameters nobody reads."""
    return [make.node("n", OTHER, "NOOP", inputParameters=make.values.parameters(0, 1))]


def wait(make: Generator, _: int) -> Nodes:
    """WAIT of at most a second."""
    given = {"duration": make.dice.choice(("1s", "0s", "1 seconds")), **make.values.parameters(0, 1)}
    return [make.node("w", OTHER, "WAIT", inputParameters=given)]


def human(make: Generator, _: int) -> Nodes:
    """HUMAN, which is reported like a worker's task."""
    return [make.node("h", WORKER, "HUMAN", inputParameters=make.values.parameters(0, 1))]


def terminate(make: Generator, _: int) -> Nodes:
    """TERMINATE with each status."""
    given: Node = {"terminationStatus": make.dice.choice(("COMPLETED", "FAILED", "TERMINATED"))}
    if make.chance(0.5):
        given["workflowOutput"] = make.values.value()
    if make.chance(0.5):
        given["terminationReason"] = make.dice.choice(("because", f"r {make.values.template()}"))
    return [make.node("x", OTHER, "TERMINATE", inputParameters=given)]


def dynamic(make: Generator, _: int) -> Nodes:
    """DYNAMIC: a worker's task, a system task, or no name at all."""
    node = make.node("y", WORKER, "DYNAMIC", dynamicTaskNameParam="nm")
    name = f"{make.registry.prefix}_{node['taskReferenceName']}"
    if make.chance(0.5):
        make.registry.define(name, retryCount=make.dice.choice((0, 1)))
    chosen = make.dice.choice((name, name, name, name, "NOOP", "INLINE", "SET_VARIABLE", "JSON_JQ_TRANSFORM", "${workflow.input.none}"))
    scripted = {"INLINE": {"evaluatorType": "javascript", "expression": "5"}, "JSON_JQ_TRANSFORM": {"queryExpression": ".nm"}}
    node["inputParameters"] = {"nm": chosen, **make.values.parameters(0, 1), **scripted.get(chosen, {})}
    make.loosen(node, 0.2)
    return [node]


def switch(make: Generator, depth: int) -> Nodes:
    """SWITCH or DECISION over up to four cases, some of them empty."""
    keys = make.dice.sample(scripts.CASES, make.dice.randint(1, 4))
    cases = {key: make.sequence(depth + 1, 0 if make.chance(0.2) else 1, 2) for key in keys}
    fallback = {"defaultCase": make.sequence(depth + 1, 0, 2)} if make.chance(0.6) else {}
    how = _switched(make) if make.chance(0.7) else _decided(make)
    node = make.node("s", CHOICE, how.pop("type"), **how, decisionCases=cases, **fallback)
    make.loosen(node, 0.15)
    return [node]


def _switched(make: Generator) -> Node:
    if make.chance(0.5):
        given = make.dice.choice((make.values.value(), make.dice.choice(("a", "1", 1, True, None, "b", 2, 0, 1.5))))
        return {"type": "SWITCH", "evaluatorType": "value-param", "expression": "sv", "inputParameters": {"sv": given}}
    kind = make.dice.choice(("javascript", "javascript", "graaljs"))
    parameters = {"sv": make.values.value(), **make.values.parameters(0, 1)}
    return {"type": "SWITCH", "evaluatorType": kind, "expression": make.dice.choice(scripts.SWITCHES), "inputParameters": parameters}


def _decided(make: Generator) -> Node:
    if make.chance(0.5):
        given = make.dice.choice((make.values.value(), make.dice.choice(("a", "1", 1, True, None, "b"))))
        return {"type": "DECISION", "caseValueParam": "sv", "inputParameters": {"sv": given}}
    return {"type": "DECISION", "caseExpression": make.dice.choice(scripts.DECISIONS), "inputParameters": {"sv": make.values.value()}}


def fork(make: Generator, depth: int) -> Nodes:
    """FORK_JOIN of up to three branches, and a JOIN for their ends, for some of them, or for something within."""
    branches = [make.sequence(depth + 1, 1, 3) for _ in range(make.dice.randint(1, 3))]
    awaited = [branch[-1]["taskReferenceName"] for branch in branches]
    if make.chance(0.3):
        awaited = make.dice.sample(awaited, make.dice.randint(0, len(awaited)))
    if make.chance(0.15):
        awaited.append(make.dice.choice(branches[0])["taskReferenceName"])
    forked = make.node("f", OTHER, "FORK_JOIN", forkTasks=branches, inputParameters=make.values.parameters(0, 1))
    make.loosen(forked, 0.1)
    joined = make.node("j", JOIN, "JOIN", joinOn=awaited)
    if make.chance(0.2):
        joined["inputParameters"] = make.values.parameters()
    if make.chance(0.2):
        joined["joinMode"] = "SYNC"
    make.loosen(joined, 0.2, 0.1)
    return [forked, joined]


def dynamic_branches(make: Generator, depth: int) -> Nodes:
    """FORK_JOIN_DYNAMIC in each of its forms, and its JOIN."""
    forked = make.node("d", OTHER, "FORK_JOIN_DYNAMIC")
    forked |= dynamic_fork(make.values, make.registry, forked["taskReferenceName"], make.child if depth < DEEPEST_CHILD else None)
    make.loosen(forked, 0.2)
    joined = make.node("j", JOIN, "JOIN", joinOn=[])
    make.loosen(joined, 0.2)
    if make.chance(0.15):
        joined["inputParameters"] = make.values.parameters(0, 1)
    return [forked, joined]


def loop(make: Generator, depth: int) -> Nodes:
    """DO_WHILE under a condition or over a list."""
    body = make.body(depth)
    node = make.node("l", LOOP, "DO_WHILE", loopOver=body)
    ref, first, times = node["taskReferenceName"], make.dice.choice(body)["taskReferenceName"], make.dice.randint(1, 3)
    if make.chance(0.6):
        node["loopCondition"] = make.dice.choice(scripts.loop_conditions(ref, first, times))
        node["inputParameters"] = {"n": times, **make.values.parameters(0, 1)}
    else:
        node["loopCondition"] = make.dice.choice(("", "", f"$.{ref}.iteration < 2", "true", "false"))
        node["inputParameters"] = make.values.parameters(0, 1)
        _over(make, node)
    if make.chance(0.3):
        node["inputParameters"]["keepLastN"] = make.dice.choice((1, 2))
    make.loosen(node, 0.1, 0.08)
    if make.chance(0.1):
        node["retryCount"] = 1
    return [node]


def _over(make: Generator, node: Node) -> None:
    items = "${workflow.input." + make.dice.choice(("l", "rows", "none", "a", "empty")) + "}"
    if make.chance(0.6):
        node["items"] = items
    else:
        node["inputParameters"]["_items"] = make.dice.choice((items, [1, "b", None], [], [{"a": 1}]))


def sub_workflow(make: Generator, _: int) -> Nodes:
    """SUB_WORKFLOW of a definition that is registered, or that stands in the node, or both."""
    name = make.child()
    child: Node = {"name": name}
    if make.chance(0.3):
        child["version"] = 1
    if make.chance(0.3):
        child["workflowDefinition"] = make.registry.children[name]
        if make.chance(0.5):
            del make.registry.children[name]
    node = make.node("u", CHILD, "SUB_WORKFLOW", subWorkflowParam=child, inputParameters=make.values.parameters(0, 2))
    make.loosen(node, 0.2, 0.12)
    if make.chance(0.1):
        node["retryCount"] = 1
    if make.chance(0.1):
        node["inputParameters"]["priority"] = 3
    return [node]


def start_workflow(make: Generator, _: int) -> Nodes:
    """START_WORKFLOW, which nobody waits for."""
    given = {"startWorkflow": {"name": make.child(), "version": 1, "input": make.values.parameters(0, 2)}}
    return [make.node("b", OTHER, "START_WORKFLOW", inputParameters=given)]


def exclusive_join(make: Generator, depth: int) -> Nodes:
    """A SWITCH, and the EXCLUSIVE_JOIN of its cases."""
    (chosen,) = switch(make, depth)
    branches = [*chosen["decisionCases"].values(), chosen.get("defaultCase", [])]
    ends = [branch[-1]["taskReferenceName"] for branch in branches if branch]
    if not ends:
        return [chosen]
    joined = make.node("e", JOIN, "EXCLUSIVE_JOIN", joinOn=ends)
    if make.chance(0.4):
        joined["defaultExclusiveJoinTask"] = [chosen["taskReferenceName"]]
    return [chosen, joined]


LEAVES: Final[dict[Maker, float]] = {
    worker: 9,
    inline: 3,
    jq: 2,
    set_variable: 2,
    noop: 1,
    wait: 0.5,
    human: 0.5,
    dynamic: 1,
}
