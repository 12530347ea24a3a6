"""An execution as the server tells it, with the few questions the demonstration has."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pipeline.samples import Sample

# Steps that take no time of their own, or whose time is that of the steps inside.
QUIET = {"SWITCH", "FORK", "FORK_JOIN", "JOIN", "DO_WHILE", "SET_VARIABLE", "TERMINATE"}
ENDED = {"COMPLETED", "FAILED", "TERMINATED", "TIMED_OUT"}
TASK_ENDED = {"COMPLETED", "COMPLETED_WITH_ERRORS", "FAILED", "FAILED_WITH_TERMINAL_ERROR", "TIMED_OUT", "CANCELED", "SKIPPED"}
TASK_GOOD = {"COMPLETED"}
FAILURE_WORKFLOW = "conductor.failure_workflow"


@dataclass(frozen=True)
class Step:
    """One attempt at one task; seconds from its start to its end."""

    id: str
    reference: str
    kind: str
    status: str
    output: dict[str, Any]
    reason: str
    seconds: float

    @property
    def ended(self) -> bool:
        """Whether its status is final."""
        return self.status in TASK_ENDED

    @property
    def good(self) -> bool:
        """Whether it did what it should."""
        return self.status in TASK_GOOD

    @property
    def name(self) -> str:
        """Its reference name without the number of the round."""
        return self.reference.partition("__")[0]


@dataclass
class Run:
    """One sample on its way; `body` is the newest answer of the server about it."""

    sample: Sample
    id: str
    body: dict[str, Any] = field(default_factory=dict)
    shown: set[str] = field(default_factory=set)
    asked: bool = False

    @property
    def ended(self) -> bool:
        """Whether the workflow is over."""
        return self.body.get("status") in ENDED

    @property
    def output(self) -> dict[str, Any]:
        """The workflow's output."""
        return dict(self.body.get("output") or {})

    @property
    def reason(self) -> str:
        """Why it failed, in the words of the step that did."""
        bad = [step for step in self.steps() if step.ended and not step.good and step.reason]
        return bad[-1].reason if bad else str(self.body.get("reasonForIncompletion") or "")

    @property
    def outcome(self) -> str:
        """In a word, how it ended; empty while it runs."""
        if not self.ended:
            return ""
        return str(self.output.get("outcome")) if self.body["status"] == "COMPLETED" else str(self.body["status"]).lower()

    @property
    def seconds(self) -> float:
        """From its start to its end."""
        return max(0, (self.body.get("endTime") or 0) - (self.body.get("startTime") or 0)) / 1000

    @property
    def failure_workflow(self) -> str | None:
        """The id of the workflow that cleans up after it."""
        return self.output.get(FAILURE_WORKFLOW)

    def steps(self) -> list[Step]:
        """Its steps that do something, in order."""
        return [step(task) for task in self.body.get("tasks") or [] if task["taskType"] not in QUIET]


def step(task: dict[str, Any]) -> Step:
    """A step from a task of the server's answer."""
    start, end = task.get("startTime") or 0, task.get("endTime") or 0
    reason = str(task.get("reasonForIncompletion") or "")
    seconds = max(0, end - start) / 1000 if start and end else 0.0
    return Step(task["taskId"], task["referenceTaskName"], task["taskType"], task["status"], task.get("outputData") or {}, reason, seconds)
