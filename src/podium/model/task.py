"""Task: one attempt at one node of a workflow's definition."""

from __future__ import annotations

import msgspec

from podium.model.definition import WorkflowTask
from podium.model.json import JsonObject
from podium.model.payload import EMPTY, Payload
from podium.model.status import TaskStatus

FOREVER_SECONDS = 2**31 - 1  # how the wire says that a WAIT has no end


class Task(msgspec.Struct, frozen=True, kw_only=True):
    """One attempt (spec/engine.md §1.3, spec/api.md §3.5). Times are epoch ms, 0 when unset."""

    workflow_id: str
    task_id: str
    number: int  # 1, 2, 3… in order of creation within the workflow; never used twice
    ref: str  # referenceTaskName, with the `__N` of its iterations
    base_ref: str  # the same without them: the name in the definition
    task_type: str  # the stored type, which is the name of a worker's queue
    def_name: str
    status: TaskStatus
    seq: int = 0  # position in the workflow; SKIPPED tasks keep 0
    iteration: int = 0
    retry_count: int = 0
    retried: bool = False
    retried_task_id: str | None = None
    executed: bool = False  # its successors were decided

    scheduled_time: int = 0
    first_scheduled_time: int = 0  # of the first attempt
    start_time: int = 0
    end_time: int = 0
    update_time: int = 0
    start_delay_seconds: int = 0
    callback_after_seconds: int = 0
    callback_after_ms: int = 0
    wait_timeout: int = 0  # when a WAIT ends; 0: never by itself

    # The queue. A task waits for a worker if and only if `ready_at` is not 0.
    ready_at: int = 0  # from when it may be taken
    domain: str | None = None
    priority: int = 0
    lease_ms: int = 0  # how long after it is taken the run must be looked at again; 0: no deadline
    system: bool = False  # taken by the server itself, not by a worker
    poll_count: int = 0
    worker_id: str | None = None
    response_timeout_seconds: int = 0
    rate_limit_per_frequency: int = 0
    rate_limit_frequency_in_seconds: int = 0
    isolation_group_id: str | None = None
    execution_name_space: str | None = None

    correlation_id: str | None = None
    reason: str | None = None  # reasonForIncompletion
    sub_workflow_id: str | None = None
    subworkflow_changed: bool = False
    input: Payload = EMPTY
    output: Payload = EMPTY
    input_path: str | None = None  # externalInputPayloadStoragePath
    output_path: str | None = None
    execution_metadata: JsonObject | None = None
    start_untold: bool = False  # when it has started, that is still to be published
    node: WorkflowTask | None = None  # only where the definition does not hold it: dynamically forked tasks, and DYNAMIC ones with a policy
    fork_ref: str | None = None  # of those: the full reference name of their fork

    @property
    def suffix(self) -> str:
        """The `__N` part of the reference name, one for each loop around the task; empty outside of loops."""
        return self.ref[len(self.base_ref) :]

    @property
    def finished(self) -> bool:
        """The attempt is over and what follows was decided."""
        return self.status.terminal and (self.executed or self.status is TaskStatus.SKIPPED)

    @property
    def unprocessed(self) -> bool:
        """The attempt is over and what follows is still to be decided."""
        return self.status.terminal and not self.executed and not self.retried and self.status is not TaskStatus.SKIPPED

    @property
    def queue(self) -> str:
        """The queue's name without the domain: `type[@namespace][-group]` (spec/engine.md §6.1)."""
        name = self.task_type
        if self.execution_name_space:
            name += f"@{self.execution_name_space}"
        if self.isolation_group_id:
            name += f"-{self.isolation_group_id}"
        return name


class TaskLog(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A line that a worker wrote about a task."""

    log: str = ""
    task_id: str | None = None
    created_time: int = 0  # epoch ms


class PollData(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """When a worker last asked for tasks of a queue."""

    queue_name: str
    domain: str | None = None
    worker_id: str | None = None
    last_poll_time: int = 0  # epoch ms
