"""Statuses: where a workflow or a task stands."""

from __future__ import annotations

from enum import StrEnum
from typing import Self


class WorkflowStatus(StrEnum):
    """The six states of a workflow (spec/engine.md §1.1)."""

    RUNNING = "RUNNING"
    PAUSED = "PAUSED"
    COMPLETED = "COMPLETED"
    FAILED = "FAILED"
    TIMED_OUT = "TIMED_OUT"
    TERMINATED = "TERMINATED"

    @property
    def terminal(self) -> bool:
        """Nothing more is scheduled, unless somebody restarts, retries or reruns it."""
        return self in _CLOSED_WORKFLOW


_CLOSED_WORKFLOW = frozenset({WorkflowStatus.COMPLETED, WorkflowStatus.FAILED, WorkflowStatus.TIMED_OUT, WorkflowStatus.TERMINATED})


class TaskStatus(StrEnum):
    """The nine states of a task (spec/engine.md §1.2)."""

    SCHEDULED = "SCHEDULED"
    IN_PROGRESS = "IN_PROGRESS"
    COMPLETED = "COMPLETED"
    COMPLETED_WITH_ERRORS = "COMPLETED_WITH_ERRORS"
    FAILED = "FAILED"
    FAILED_WITH_TERMINAL_ERROR = "FAILED_WITH_TERMINAL_ERROR"
    TIMED_OUT = "TIMED_OUT"
    CANCELED = "CANCELED"
    SKIPPED = "SKIPPED"

    # Attributes rather than properties: a decision asks for them some forty times.
    terminal: bool  # the attempt is over
    failed: bool  # over, and not well
    successful: bool  # not failed; an open task counts as successful (spec/engine.md §1.2)

    def __new__(cls, value: str) -> Self:
        """A member, with what its name says about it."""
        member = str.__new__(cls, value)
        member._value_ = value
        member.terminal = value not in ("SCHEDULED", "IN_PROGRESS")
        member.failed = value in ("FAILED", "FAILED_WITH_TERMINAL_ERROR", "TIMED_OUT", "CANCELED")
        member.successful = not member.failed
        return member
