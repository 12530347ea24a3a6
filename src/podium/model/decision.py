"""Decision: everything that must become true together."""

from __future__ import annotations

import msgspec

from podium.model.cached_output import CachedOutput
from podium.model.definition import WorkflowDef
from podium.model.message import OutboxRow
from podium.model.slot import Slot
from podium.model.task import Task, TaskLog
from podium.model.workflow import Workflow


class TaskChange(msgspec.Struct, frozen=True):
    """A task before (None: it is new) and after (None: it is deleted)."""

    before: Task | None
    after: Task | None


class HistoryEntry(msgspec.Struct, frozen=True, kw_only=True):
    """One row of the audit trail: who asked for what, and which tasks changed from which status to which."""

    at: int  # epoch ms
    actor: str
    commands: tuple[str, ...]
    changes: tuple[tuple[str, str, str], ...]  # (task id, status before or "", status after or "")


class Decision(msgspec.Struct, frozen=True, kw_only=True):
    """The outcome of one or more commands on one run; the store makes it true whole, or not at all.

    `workflow.revision` is `base_revision + 1`. The store refuses the decision when the run is no longer at `base_revision`.
    """

    base_revision: int  # 0: the workflow is new
    workflow: Workflow  # after
    before: Workflow | None  # None: the workflow is new
    tasks: tuple[TaskChange, ...] = ()
    messages: tuple[OutboxRow, ...] = ()
    consumed: tuple[str, ...] = ()  # outbox ids of messages that this decision has taken in
    logs: tuple[TaskLog, ...] = ()
    definition: WorkflowDef | None = None  # the snapshot, when it may be new to the store
    history: HistoryEntry | None = None
    cached: tuple[CachedOutput, ...] = ()  # outputs that later tasks may take over
    slot: Slot | None = None  # where the run stands among those with its rate limit key, when that has changed
    removed: bool = False  # the workflow and all that belongs to it is to be deleted

    @property
    def workflow_id(self) -> str:
        """Whose decision it is."""
        return self.workflow.workflow_id
