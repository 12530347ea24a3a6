"""Event handlers: what to do when a message arrives on a queue (spec/api.md §3.12)."""

from __future__ import annotations

import msgspec

from podium.model.json import JsonObject


class TaskDetails(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Which task an event finishes, and with what."""

    workflow_id: str | None = None
    task_ref_name: str | None = None
    task_id: str | None = None
    output: JsonObject = {}
    reason_for_incompletion: str | None = None


class StartAction(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Which workflow an event starts."""

    name: str | None = None
    version: int | None = None
    correlation_id: str | None = None
    input: JsonObject = {}
    task_to_domain: dict[str, str] | None = None


class TerminateAction(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Which workflow an event ends."""

    workflow_id: str | None = None
    termination_reason: str | None = None


class VariablesAction(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Which workflow's variables an event changes."""

    workflow_id: str | None = None
    variables: JsonObject = {}
    append_array: bool | None = None


class Action(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that a handler does; the keys are snake case on the wire too."""

    action: str | None = None
    start_workflow: StartAction | None = None
    complete_task: TaskDetails | None = None
    fail_task: TaskDetails | None = None
    terminate_workflow: TerminateAction | None = None
    update_workflow_variables: VariablesAction | None = None
    start_agent: JsonObject | None = None
    expandInlineJSON: bool = False  # noqa: N815 - its name on the wire, amid snake case


class EventHandler(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What to do with the messages of one queue."""

    name: str | None = None
    event: str | None = None  # `<type>:<queue>`
    condition: str | None = None
    evaluator_type: str | None = None
    actions: list[Action] = []
    active: bool = False
    description: str | None = None
    created_by: str | None = None
    org_id: str | None = None
    tags: list[JsonObject] | None = None
