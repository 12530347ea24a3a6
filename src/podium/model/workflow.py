"""Workflow: one execution of a definition."""

from __future__ import annotations

import msgspec

from podium.model.definition import WorkflowDef
from podium.model.payload import EMPTY, Payload
from podium.model.status import WorkflowStatus
from podium.model.task import Task
from podium.model.workflow_message import WorkflowMessage


class Workflow(msgspec.Struct, frozen=True, kw_only=True):
    """One execution (spec/api.md §3.4), without its tasks. Times are epoch ms, 0 when unset."""

    workflow_id: str
    name: str
    version: int
    definition_hash: str  # which snapshot of the definition it runs on
    revision: int = 0  # how many decisions and claims were made for it
    status: WorkflowStatus = WorkflowStatus.RUNNING
    previous_status: WorkflowStatus | None = None
    wake_at: int = 0  # when a Tick is due; 0: never
    priority: int = 0
    create_time: int = 0
    end_time: int = 0
    update_time: int = 0
    last_retried_time: int = 0
    correlation_id: str | None = None
    parent_workflow_id: str | None = None
    parent_task_id: str | None = None
    awaited_by: tuple[tuple[str, str], ...] = ()  # workflow and task ids of SUB_WORKFLOW tasks that wait for it and did not start it
    event: str | None = None
    owner_app: str | None = None
    created_by: str | None = None
    updated_by: str | None = None
    rerun_from_workflow_id: str | None = None
    reason: str | None = None  # reasonForIncompletion
    failed_task_id: str | None = None
    failed_refs: tuple[str, ...] = ()
    failed_task_names: tuple[str, ...] = ()
    task_to_domain: dict[str, str] = {}
    idempotency_key: str | None = None
    rate_limit_key: str | None = None
    rate_limited: bool = False
    classifier: str = "workflow"
    unfinished: bool = False  # a decision stopped halfway, and a Tick goes on from there
    task_count: int = 0  # tasks created so far: the next one is number task_count + 1
    last_seq: int = 0
    message_count: int = 0  # messages sent to it so far
    messages: tuple[WorkflowMessage, ...] = ()  # those that no task has taken yet, in order
    input: Payload = EMPTY
    output: Payload = EMPTY
    variables: Payload = EMPTY
    input_path: str | None = None  # externalInputPayloadStoragePath
    output_path: str | None = None


class StoredRun(msgspec.Struct, frozen=True, kw_only=True):
    """A workflow as the store holds it: all of its tasks, or only those changed since a known revision."""

    workflow: Workflow
    tasks: list[Task]  # in order of `number`
    removed: list[str] = []  # ids of tasks deleted since the known revision
    definition: WorkflowDef | None = None  # with its task definitions filled in; None when the caller knows the hash
