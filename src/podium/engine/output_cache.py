"""The output cache: a task with the key of one that was finished lately is finished at once, with the same output (spec/tasks.md §1.11)."""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING

import msgspec

from podium.engine.question import OutputAsked
from podium.engine.template import DocumentScope, Template, compile_template
from podium.model.cached_output import CachedOutput
from podium.model.definition import TaskDef, WorkflowTask
from podium.model.json import JsonObject
from podium.model.payload import Payload

if TYPE_CHECKING:
    from podium.engine.graph import Node
    from podium.engine.turn import Spot

LONGEST_KEY = 500  # characters; a longer one is kept as its digest


class KeyRule:
    """How the key is made from a task's input, and for how long what is kept under it is good."""

    __slots__ = ("template", "ttl_ms")

    def __init__(self, template: Template, ttl_ms: int) -> None:
        self.template = template
        self.ttl_ms = ttl_ms

    def key(self, task_input: JsonObject) -> str | None:
        """The key; None when it comes to nothing, which must not make all such tasks share an output."""
        found = self.template(DocumentScope(task_input))
        text = found if isinstance(found, str) else "" if found is None else msgspec.json.encode(found).decode()
        return bounded(text) or None


def bounded(key: str) -> str:
    """The key, or its digest when it is too long for an index."""
    return key if len(key) <= LONGEST_KEY else sha256(key.encode("utf-8", "surrogatepass")).hexdigest()


def key_rule(task: WorkflowTask, policy: TaskDef | None) -> KeyRule | None:
    """The rule of a node, or else of its task definition; None when outputs are not kept."""
    config = task.cache_config or (policy.cache_config if policy is not None else None)
    if config is None or config.ttl_in_second <= 0 or not (config.key or "").strip():
        return None
    return KeyRule(compile_template(config.key), config.ttl_in_second * 1000)


def cached_output(spot: Spot, node: Node, def_name: str, task_input: JsonObject) -> Payload | None:
    """The output that a task with this input is to take over; None when it must run, or when that is still to be found out."""
    draft = spot.draft
    key = node.key_rule.key(task_input) if node.key_rule is not None else None
    if key is None or (node.input_schema is not None and node.input_schema.violations(task_input)):
        return None
    question = OutputAsked(def_name, key)
    found: object = draft.cached.get((def_name, key))
    if found is None and question not in draft.answers:
        spot.turn.asked.append(question)
        return None
    found = found or draft.answers[question]
    return found.output if isinstance(found, CachedOutput) and found.expires_at > draft.now else None


def kept_output(rule: KeyRule, def_name: str, task_input: JsonObject, output: Payload, now: int) -> CachedOutput | None:
    """What is kept of a task that was completed; None when its key comes to nothing."""
    key = rule.key(task_input)
    return None if key is None else CachedOutput(def_name=def_name, key=key, expires_at=now + rule.ttl_ms, output=output)
