"""Definitions: the workflows that are measured, and what their workers answer."""

from __future__ import annotations

from typing import Any

import msgspec

Definition = dict[str, Any]
Node = dict[str, Any]

OUTPUT_BYTES = 600


def output(size: int = OUTPUT_BYTES) -> bytes:
    """An output of that many bytes: a few fields of each kind, and a text that fills the rest."""
    value = {"value": 42, "ratio": 0.25, "ok": True, "none": None, "tags": ["a", "b", "c"], "at": {"x": 1, "y": 2}, "text": ""}
    value["text"] = "x" * (size - len(msgspec.json.encode(value)))
    return msgspec.json.encode(value)


def workflow(name: str, tasks: list[Node]) -> Definition:
    """A definition in version 1."""
    return {
        "name": name,
        "version": 1,
        "schemaVersion": 2,
        "ownerEmail": "bench@example.org",
        "timeoutPolicy": "ALERT_ONLY",
        "timeoutSeconds": 0,
        "tasks": tasks,
    }


def simple(task_type: str, ref: str, given: dict[str, Any] | None = None) -> Node:
    """A task for workers."""
    return {"name": task_type, "taskReferenceName": ref, "type": "SIMPLE", "inputParameters": given or {}}


def sequence(name: str, task_type: str, length: int) -> Definition:
    """Tasks one after the other; each takes a value from the one before."""
    tasks = [simple(task_type, "t1", {"order": "${workflow.input.order}"})]
    tasks += [simple(task_type, f"t{i}", {"previous": f"${{t{i - 1}.output.value}}"}) for i in range(2, length + 1)]
    return workflow(name, tasks)


def no_ops(name: str, task_type: str, length: int) -> Definition:
    """Tasks one after the other that take nothing."""
    return workflow(name, [simple(task_type, f"t{i}") for i in range(1, length + 1)])


def fork(name: str, task_type: str, branches: int) -> Definition:
    """As many branches as that, a task in each."""
    refs = [f"b{i}" for i in range(branches)]
    forked = [[simple(task_type, ref, {"order": "${workflow.input.order}"})] for ref in refs]
    return workflow(
        name,
        [
            {"name": "fork", "taskReferenceName": "fork", "type": "FORK_JOIN", "forkTasks": forked},
            {"name": "join", "taskReferenceName": "join", "type": "JOIN", "joinOn": refs},
        ],
    )


def dynamic_fork(name: str, task_type: str) -> Definition:
    """As many branches as the input `items` is long."""
    given = {"forkTaskName": task_type, "forkTaskInputs": "${workflow.input.items}"}
    return workflow(
        name,
        [
            {"name": "fork", "taskReferenceName": "fork", "type": "FORK_JOIN_DYNAMIC", "inputParameters": given},
            {"name": "join", "taskReferenceName": "join", "type": "JOIN"},
        ],
    )


def loop(name: str, task_type: str, rounds: int) -> Definition:
    """One task, again and again."""
    return workflow(
        name,
        [
            {
                "name": "loop",
                "taskReferenceName": "loop",
                "type": "DO_WHILE",
                "loopCondition": f"if ($.loop['iteration'] < {rounds}) {{ true; }} else {{ false; }}",
                "loopOver": [simple(task_type, "body", {"round": "${loop.output.iteration}"})],
            }
        ],
    )


def chain(name: str, rounds: int) -> Definition:
    """SWITCH, SET_VARIABLE and INLINE, again and again; nothing for workers."""
    return workflow(name, [node for i in range(rounds) for node in _links(i)])


def _links(i: int) -> list[Node]:
    switch = {
        "name": f"switch{i}",
        "taskReferenceName": f"switch{i}",
        "type": "SWITCH",
        "evaluatorType": "value-param",
        "expression": "case",
        "inputParameters": {"case": "${workflow.input.case}"},
        "decisionCases": {"a": [{"name": f"set{i}", "taskReferenceName": f"set{i}", "type": "SET_VARIABLE", "inputParameters": {"n": i}}]},
    }
    inline = {
        "name": f"inline{i}",
        "taskReferenceName": f"inline{i}",
        "type": "INLINE",
        "inputParameters": {"evaluatorType": "javascript", "expression": "$.n + 1", "n": "${workflow.variables.n}"},
    }
    return [switch, inline]
