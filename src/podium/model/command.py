"""Commands: every request to change a run.

`actor` says who asks (a user, a worker, a loop of the server). `message_id` is the outbox id of the message that carried the
command, if one did: the decision deletes it in the same commit.
"""

from __future__ import annotations

import msgspec

from podium.model.definition import WorkflowDef
from podium.model.json import Json, JsonObject
from podium.model.payload import EMPTY, Payload
from podium.model.status import TaskStatus, WorkflowStatus
from podium.model.task import TaskLog

SERVER = "server"


class Command(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """What all commands carry."""

    workflow_id: str
    actor: str = SERVER
    message_id: str | None = None


class StartWorkflow(Command, frozen=True, kw_only=True):
    """Create the run and schedule its first tasks (spec/engine.md §2.2). Result: the workflow id."""

    definition: WorkflowDef  # complete: with its task definitions filled in (spec/engine.md §2.2 step 2)
    definition_hash: str
    input: JsonObject
    input_path: str | None = None
    correlation_id: str | None = None
    priority: int = 0
    task_to_domain: dict[str, str] = {}
    parent_workflow_id: str | None = None
    parent_task_id: str | None = None
    event: str | None = None
    owner_app: str | None = None
    created_by: str | None = None
    idempotency_key: str | None = None


class UpdateTask(Command, frozen=True, kw_only=True):
    """A worker's report (spec/engine.md §8.1). Result: the task as it is afterwards."""

    task_id: str
    status: TaskStatus  # IN_PROGRESS, COMPLETED, FAILED, FAILED_WITH_TERMINAL_ERROR or CANCELED
    output: Payload = EMPTY  # replaces the task's output
    output_path: str | None = None
    reason: str | None = None
    worker_id: str | None = None
    callback_after_seconds: int = 0
    sub_workflow_id: str | None = None
    logs: tuple[TaskLog, ...] = ()
    extend_lease: bool = False
    execution_metadata: JsonObject | None = None


class UpdateTaskByRef(Command, frozen=True, kw_only=True):
    """An update of the first open task with a reference name (spec/engine.md §8.2). Result: the task; None when it is over.

    Raises NotFound for a name under which nothing was scheduled.
    """

    ref: str
    status: TaskStatus
    output: JsonObject  # merged over the task's output, key by key
    worker_id: str | None = None
    keep_worker: bool = True  # a blank worker_id leaves the task's own


class Signal(Command, frozen=True, kw_only=True):
    """Finish the first open WAIT task of this run (spec/engine.md §8.3). Result: the task, or None if nothing waits."""

    status: TaskStatus
    output: JsonObject


class FinishSystemTask(Command, frozen=True, kw_only=True):
    """What came of a task that the server itself ran (HTTP and the like). Result: the task as it is afterwards.

    IN_PROGRESS with `callback_after_seconds` means: run it again then. IN_PROGRESS without: it waits for an update from outside.
    """

    task_id: str
    status: TaskStatus
    output: JsonObject
    reason: str | None = None
    callback_after_seconds: int = 0


class ChildChanged(Command, frozen=True, kw_only=True):
    """A child was started or has ended (spec/engine.md §9.3, §9.4)."""

    task_id: str
    child_id: str
    child_name: str
    child_version: int
    status: WorkflowStatus
    output: JsonObject
    reason: str | None = None


class AwaitWorkflow(Command, frozen=True, kw_only=True):
    """A SUB_WORKFLOW task waits for this run, which its idempotency key names and which it did not start (spec/engine.md §2.4)."""

    parent_workflow_id: str
    parent_task_id: str


class ChildNotStarted(Command, frozen=True, kw_only=True):
    """The workflow of a SUB_WORKFLOW or START_WORKFLOW task could not be started: the task fails."""

    task_id: str
    reason: str


class OtherStarted(Command, frozen=True, kw_only=True):
    """The workflow of a START_WORKFLOW task exists."""

    task_id: str
    other_id: str


class ChildRevived(Command, frozen=True, kw_only=True):
    """A child was retried, rerun or restarted: its parent runs again (spec/engine.md §7.9)."""

    task_id: str
    child_id: str
    child_name: str
    child_version: int
    verb: str  # retried, reran, restarted


class FailureWorkflowRefused(Command, frozen=True, kw_only=True):
    """The failure workflow could not be started: say so in the output (spec/engine.md §7.8)."""

    failure_id: str
    reason: str


class Tick(Command, frozen=True, kw_only=True):
    """Time has passed: handle every deadline that is due."""


class Look(Command, frozen=True, kw_only=True):
    """Change nothing; be answered when the run is up to date."""


class Evaluate(Command, frozen=True, kw_only=True):
    """Look at the run again; changes nothing on a healthy one (`PUT /workflow/decide/{id}`)."""


class AdmitWorkflow(Command, frozen=True, kw_only=True):
    """Begin a run that waits for a slot of its rate limit key, if one is free. Result: whether it no longer waits."""


class PauseWorkflow(Command, frozen=True, kw_only=True):
    """Schedule nothing more until resumed (spec/engine.md §7.2)."""


class ResumeWorkflow(Command, frozen=True, kw_only=True):
    """Go on after a pause."""


class TerminateWorkflow(Command, frozen=True, kw_only=True):
    """End the run now (spec/engine.md §7.3)."""

    reason: str | None = None
    start_failure_workflow: bool = False


class RestartWorkflow(Command, frozen=True, kw_only=True):
    """Start an ended run over, under the same id (spec/engine.md §7.4)."""

    definition: WorkflowDef | None = None  # complete; None: the one it has
    definition_hash: str | None = None


class RetryWorkflow(Command, frozen=True, kw_only=True):
    """Try the failed tasks of an ended run again (spec/engine.md §7.5)."""

    resume_subworkflow_tasks: bool = False


class RerunWorkflow(Command, frozen=True, kw_only=True):
    """Run an ended run again from a task, or from its start (spec/engine.md §7.6)."""

    task_id: str | None = None
    task_input: JsonObject | None = None
    workflow_input: JsonObject | None = None
    correlation_id: str | None = None


class SkipTask(Command, frozen=True, kw_only=True):
    """Step over a task that was not reached yet (spec/engine.md §7.7)."""

    ref: str
    input: JsonObject = {}
    output: JsonObject = {}


class ResetCallbacks(Command, frozen=True, kw_only=True):
    """Make delayed worker tasks available now (spec/engine.md §6.8)."""


class AnnounceStart(Command, frozen=True, kw_only=True):
    """A claim has started a task whose definition has that published (spec/engine.md §10.1)."""

    task_id: str


class RequeueTask(Command, frozen=True, kw_only=True):
    """Put a worker task that is open, and that nobody has got, back into its queue (spec/engine.md §6.8). Result: whether it was."""

    task_id: str


class UpdateVariables(Command, frozen=True, kw_only=True):
    """Merge values into the workflow's variables."""

    variables: dict[str, Json]
    append_array: bool = False


class PushMessage(Command, frozen=True, kw_only=True):
    """Put a message into the workflow's own queue (spec/tasks.md §4.9). Result: its id.

    Raises Conflict when the workflow is not RUNNING, Limited when its queue would hold more than `most` messages or `most_bytes`.
    """

    pushed_id: str
    payload: Payload
    most: int
    most_bytes: int


class OfferEvent(Command, frozen=True, kw_only=True):
    """Show a run an event from outside: its WAIT_FOR_WEBHOOK tasks whose matches fit are done (spec/platform.md §2.5).

    Result: the ids of those tasks.
    """

    body: Json


class RemoveWorkflow(Command, frozen=True, kw_only=True):
    """Delete the run and all that belongs to it; with `ended_only` one that is open is refused."""

    ended_only: bool = False


AnyCommand = (
    StartWorkflow
    | UpdateTask
    | UpdateTaskByRef
    | Signal
    | FinishSystemTask
    | ChildChanged
    | AwaitWorkflow
    | ChildNotStarted
    | OtherStarted
    | ChildRevived
    | FailureWorkflowRefused
    | Tick
    | Evaluate
    | Look
    | AdmitWorkflow
    | PauseWorkflow
    | ResumeWorkflow
    | TerminateWorkflow
    | RestartWorkflow
    | RetryWorkflow
    | RerunWorkflow
    | SkipTask
    | ResetCallbacks
    | AnnounceStart
    | RequeueTask
    | UpdateVariables
    | PushMessage
    | OfferEvent
    | RemoveWorkflow
)
