"""The store: everything durable, as a list of verbs.

Two implementations keep the same promise: when a call returns, what it wrote survives a kill -9 and a power cut. Nothing here
knows a rule of workflows; nothing outside `podium.store` knows SQL.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol, TypeVar

import msgspec

from podium.model.cached_output import CachedOutput
from podium.model.decision import Decision, HistoryEntry
from podium.model.definition import TaskDef, WorkflowDef
from podium.model.message import OutboxRow
from podium.model.schedule import StoredExecution, StoredSchedule
from podium.model.search import Search
from podium.model.slot import SlotStanding
from podium.model.status import TaskStatus, WorkflowStatus
from podium.model.task import PollData, Task, TaskLog
from podium.model.workflow import StoredRun, Workflow

Row = TypeVar("Row")

DEFINITIONS = "definitions"  # a word: see `Store.listen`


class Candidate(msgspec.Struct, frozen=True):
    """A task that was ready when it was last seen."""

    task: Task
    revision: int  # of its run, when the task last changed


class Want(msgspec.Struct, frozen=True, kw_only=True):
    """A poller that waits: how many tasks of which queue it can take. `queue` is `Task.queue`.

    Who knows the head of the queue names its tasks: then it gets those that have not changed since, and no others.
    """

    queue: str
    domain: str | None
    worker_id: str | None
    count: int
    candidates: Sequence[Candidate] | None = None  # `count` of them, in the order of delivery; None: whatever the store holds


class Claimed(msgspec.Struct, frozen=True, kw_only=True):
    """A task that a claim gave to a Want, as it is now, and what its workflow's row says now."""

    want: int  # index of the Want
    task: Task
    revision: int
    wake_at: int


class Batch(msgspec.Struct, frozen=True, kw_only=True):
    """What one commit is to make durable."""

    now: int  # epoch ms
    decisions: Sequence[Decision] = ()
    wants: Sequence[Want] = ()
    polls: Sequence[PollData] = ()
    logs: Sequence[TaskLog] = ()


class Saved(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a batch, after the commit."""

    conflicts: frozenset[int] = frozenset()  # indexes of decisions that lost a race: nothing of them was written
    failures: dict[int, str] = {}  # index of a decision that broke a constraint -> what it broke; nothing of it was written
    claimed: Sequence[Claimed] = ()
    next_ready: dict[tuple[str, str | None], int] = {}  # (queue, domain) of unfilled wants -> when its next task becomes ready (epoch ms)


class Page(msgspec.Struct, frozen=True, kw_only=True):
    """Where a listing of rows stands."""

    total: int  # exact on the last page, and up to 10,000; above that perhaps a lower bound
    ids: list[str]


class Ended(msgspec.Struct, frozen=True, kw_only=True):
    """Which workflows of a name have been kept long enough."""

    name: str
    statuses: Sequence[WorkflowStatus]
    before: int  # epoch ms: they ended earlier
    spare: int = 0  # of the latest of them, so many are not wanted
    skip: int = 0  # of the oldest
    limit: int


class Offspring(msgspec.Struct, frozen=True, kw_only=True):
    """A workflow that one asked for has started, or one that was started by such a one."""

    root: str  # the one asked for
    workflow_id: str
    status: WorkflowStatus


class Store(Protocol):
    """The verbs. `shared`: other servers may write to the same database, so that what is known of it may be out of date."""

    shared: bool

    async def open(self) -> None:
        """Connect and bring the schema up to date. Raises NewerDatabase when it is ahead of this program."""

    async def close(self) -> None:
        """Finish what was handed in, then disconnect."""

    # Runs

    async def load(self, workflow_id: str, known_revision: int = 0, known_hash: str | None = None) -> StoredRun | None:
        """The run, or None. With a known revision only the tasks changed (or removed) since.

        When `known_hash` is the hash of its definition, the answer leaves the definition out.
        """

    async def save(self, batch: Batch) -> Saved:
        """Make many decisions, claims, polls and logs true in one commit, decisions first, in the order given.

        Each decision is guarded by its base revision and is written whole or left out; one that takes a slot also by the limit of its
        key, as if it had lost a race. A decision that breaks a constraint is left out alone.

        Claims take ready tasks whose `ready_at` has come: highest priority first, then `ready_at`, then creation; or the
        candidates that a Want names, each only if it is as it was seen: one that has changed is not claimed, and nothing is claimed
        in its place. Wants with candidates are served first. Each task becomes IN_PROGRESS with `ready_at` 0, `start_time` now unless set,
        `update_time` now, `callback_after_seconds` 0, `worker_id`, `poll_count` + 1, and its workflow's `revision` grows by one and
        `wake_at` becomes no later than now + `lease_ms`.
        """

    async def due(self, now: int, limit: int) -> list[str]:
        """Ids of open workflows whose `wake_at` has come, the most overdue first."""

    async def next_wake(self) -> int:
        """The earliest `wake_at` of all open workflows; 0 when there is none."""

    async def outbox(self, now: int, limit: int) -> list[OutboxRow]:
        """Messages that are due, oldest first."""

    async def postpone_message(self, outbox_id: str, due: int) -> None:
        """Deliver a message again at `due` (epoch ms), and count the attempt."""

    async def delete_messages(self, outbox_ids: Sequence[str]) -> None:
        """Forget messages that need nothing any more."""

    async def history(self, workflow_id: str, after_revision: int = 0, limit: int = 100) -> list[tuple[int, HistoryEntry]]:
        """(revision, entry) of the decisions made for a run, oldest first."""

    # Retention

    async def workflow_names(self) -> list[str]:
        """Names of the workflows that are here, open or ended, in order."""

    async def ended(self, wanted: Ended) -> list[str]:
        """Ids of closed workflows, the oldest end first; one that another workflow here has started is left out."""

    async def offspring(self, workflow_ids: Sequence[str]) -> list[Offspring]:
        """All workflows below these, the deepest first."""

    async def delete_unused_definitions(self, limit: int) -> int:
        """Forget definitions that no workflow runs on, not more than `limit`; how many that were."""

    # Reading across runs

    async def workflows(self, workflow_ids: Sequence[str]) -> list[Workflow]:
        """These workflows without their tasks, in the order asked; unknown ones are left out."""

    async def tasks(self, task_ids: Sequence[str]) -> list[Task]:
        """These tasks, in the order asked; unknown ones are left out."""

    async def search_workflows(self, search: Search) -> Page:
        """Ids of workflows that match. Unknown fields of a condition or an ordering are ignored. Raises Invalid for a bad time or number.

        Fields: workflowId, correlationId, workflowType, version, status, startTime, endTime, updateTime, modifiedTime, createdBy, event,
        priority, parentWorkflowId ("" for none), classifier, reasonForIncompletion, idempotencyKey; jsonData searches the free text.
        """

    async def search_tasks(self, search: Search) -> Page:
        """Ids of tasks that match.

        Fields: workflowId, taskId, taskType, taskDefName, status, startTime, endTime, updateTime, scheduledTime; workflowType and
        correlationId are those of its workflow.
        """

    async def search_workflows_by_tasks(self, search: Search) -> Page:
        """Ids of the workflows of the tasks that match, each once."""

    async def running_ids(self, name: str, version: int | None, start: int | None, end: int | None) -> list[str]:
        """Ids of RUNNING workflows of a name; with a window (epoch ms): those created in it of that version, whatever their status."""

    async def correlated(self, name: str, correlation_ids: Sequence[str], include_closed: bool) -> dict[str, list[str]]:
        """Workflow ids by correlation id; each asked one is present."""

    async def cached_outputs(self, keys: Sequence[tuple[str, str]]) -> list[CachedOutput]:
        """What is kept under these (definition name, key), expired or not; unknown ones are left out."""

    async def slot_standing(self, key: str, besides: str = "") -> SlotStanding:
        """Where the runs with a rate limit key stand; the run `besides` is not counted among those that hold a slot."""

    # Queues

    async def queue_sizes(self) -> dict[tuple[str, str | None], int]:
        """(queue, domain) -> tasks that wait there, delayed ones included."""

    async def pending_tasks(self, task_type: str, start: int, count: int, statuses: Sequence[TaskStatus] = ()) -> list[Task]:
        """Open tasks of a type, oldest first."""

    async def poll_data(self, queue: str | None = None) -> list[PollData]:
        """When workers last asked, per queue and domain; of one queue or of all."""

    async def task_logs(self, task_id: str) -> list[TaskLog]:
        """What workers wrote about a task, oldest first."""

    # Schedules

    async def schedules(self, names: Sequence[str] | None = None) -> list[StoredSchedule]:
        """All, by name; or those named, unknown ones left out."""

    async def due_schedules(self, now: int, limit: int) -> list[StoredSchedule]:
        """Those whose `wake_at` has come, the most overdue first."""

    async def next_schedule_wake(self) -> int:
        """The earliest `wake_at` of all schedules and of all executions that are not over; 0 when there is none."""

    async def save_schedule(self, stored: StoredSchedule, executions: Sequence[StoredExecution] = (), *, over: int) -> bool:
        """Write a schedule over the revision that it was made from (0: there is none), and the instants that it takes, in one commit.

        False, and nothing is written, when the store has another revision. An execution that is there already is left as it is.
        """

    async def delete_schedule(self, name: str) -> bool:
        """Whether there was one. Its executions stay."""

    async def claim_executions(self, now: int, until: int, limit: int) -> list[StoredExecution]:
        """Executions whose `wake_at` has come; it becomes `until`, so that nobody else gets them before."""

    async def save_execution(self, execution: StoredExecution) -> None:
        """Replace an execution, unless it is over (`wake_at` 0) or gone."""

    async def executions(self, execution_ids: Sequence[str]) -> list[StoredExecution]:
        """These, in the order asked; unknown ones are left out."""

    async def search_executions(self, search: Search) -> Page:
        """Ids of executions that match.

        Fields: executionId, scheduleName, workflowName, workflowId, state, scheduledTime, executionTime; startTime is scheduledTime.
        """

    async def prune_executions(self, keep: int, before: int) -> int:
        """Delete executions that are over and are not among the newest `keep` of their schedule or are older than `before` (epoch ms)."""

    # Definitions and other things that are kept by name

    async def workflow_definitions(self) -> list[WorkflowDef]:
        """All versions of all names, by name and version."""

    async def put_workflow_definitions(self, definitions: Sequence[WorkflowDef]) -> None:
        """Insert or replace by name and version."""

    async def delete_workflow_definition(self, name: str, version: int) -> bool:
        """Whether there was one."""

    async def task_definitions(self) -> list[TaskDef]:
        """All, by name."""

    async def put_task_definitions(self, definitions: Sequence[TaskDef]) -> None:
        """Insert or replace by name."""

    async def delete_task_definition(self, name: str) -> bool:
        """Whether there was one."""

    async def kept(self, kind: str) -> dict[str, bytes]:
        """All that is kept of a kind, by name. Event handlers, environment variables, and what else a server reads whole at its start."""

    async def keep(self, kind: str, name: str, body: bytes) -> None:
        """Insert or replace."""

    async def exchange(self, kind: str, name: str, before: bytes, after: bytes) -> bool:
        """Replace what is kept if it is still what it was `before`; whether it was."""

    async def forget(self, kind: str, name: str) -> bytes | None:
        """What was kept; None when there was nothing."""

    async def definitions_version(self) -> int:
        """Grows with every change to what is kept by name, so that other servers know when to read it again."""

    # Other servers on the same database

    async def listen(self, hear: Callable[[str], None]) -> None:
        """Call `hear` with every word that another server tells, until cancelled, or until nothing will ever be heard.

        The word DEFINITIONS comes, from this server too, with every change to what is kept by name. Raises TryAgain when words may have
        got lost.
        """

    async def tell(self, words: Sequence[str]) -> None:
        """Let the other servers hear these words, in no order that matters. They may get lost. Raises TryAgain."""
