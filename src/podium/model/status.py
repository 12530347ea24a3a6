"""Statuses: where a workflow or a task stands."""

from __future__ import annotations

from enum import StrEnum


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

    @property
    def terminal(self) -> bool:
        """The attempt is over."""
        return self is not TaskStatus.SCHEDULED and self is not TaskStatus.IN_PROGRESS

    @property
    def successful(self) -> bool:
        """Not failed; an open task counts as successful (spec/engine.md §1.2)."""
        return self not in _UNSUCCESSFUL

    @property
    def failed(self) -> bool:
        """Over, and not well."""
        return self in _UNSUCCESSFUL


_UNSUCCESSFUL = frozenset({TaskStatus.FAILED, TaskStatus.FAILED_WITH_TERMINAL_ERROR, TaskStatus.TIMED_OUT, TaskStatus.CANCELED})
