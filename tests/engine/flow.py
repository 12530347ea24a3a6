"""Flow: one run, as a test reads and drives it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from podium.engine.graph import Program
from podium.engine.run import Run
from podium.model import command as words
from podium.model.json import JsonObject
from podium.model.task import Task

if TYPE_CHECKING:
    from tests.engine.world import World


class Flow:
    """One run, as a test reads and drives it."""

    def __init__(self, world: World, workflow_id: str) -> None:
        self.world = world
        self.id = workflow_id

    @property
    def run(self) -> Run:
        return self.world.runs[self.id]

    @property
    def program(self) -> Program:
        return self.run.program

    @property
    def status(self) -> str:
        return self.run.workflow.status.value

    @property
    def reason(self) -> str | None:
        return self.run.workflow.reason

    @property
    def output(self) -> JsonObject:
        return self.run.workflow.output.value

    @property
    def variables(self) -> JsonObject:
        return self.run.workflow.variables.value

    @property
    def tasks(self) -> list[Task]:
        """All tasks in the order of the wire, as readers see them."""
        return [self.run.shown(task) for task in self.run.listed()]

    @property
    def refs(self) -> list[str]:
        return [task.ref for task in self.tasks]

    @property
    def standing(self) -> list[str]:
        """`ref STATUS` of every task."""
        return [f"{task.ref} {task.status}" for task in self.tasks]

    def attempts(self, ref: str) -> list[Task]:
        """All attempts under a full reference name."""
        return [task for task in self.tasks if task.ref == ref]

    def task(self, ref: str) -> Task:
        """The last attempt under a full reference name."""
        return self.attempts(ref)[-1]

    def child(self, ref: str) -> Flow:
        """The child of a SUB_WORKFLOW task."""
        child_id = self.task(ref).sub_workflow_id
        assert child_id is not None
        return Flow(self.world, child_id)

    # Driving

    def complete(self, ref: str, output: JsonObject | None = None) -> Flow:
        """Complete the last attempt of a reference."""
        return self.report(ref, "COMPLETED", output)

    def fail(self, ref: str, reason: str | None = None, status: str = "FAILED") -> Flow:
        """Fail the last attempt of a reference."""
        return self.report(ref, status, reason=reason)

    def report(self, ref: str, status: str, output: JsonObject | None = None, **fields: Any) -> Flow:
        """Report about the last attempt of a reference."""
        self.world.report(self.task(ref), status, output, **fields)
        return self

    def complete_all(self, *refs: str) -> Flow:
        """Complete these, one after the other."""
        for ref in refs:
            self.complete(ref)
        return self

    def do(self, kind: type[Any], **fields: Any) -> Any:
        """A command for this run."""
        return self.world.do(kind(workflow_id=self.id, **fields))

    def pause(self) -> Flow:
        self.do(words.PauseWorkflow)
        return self

    def resume(self) -> Flow:
        self.do(words.ResumeWorkflow)
        return self

    def terminate(self, reason: str | None = None) -> Flow:
        self.do(words.TerminateWorkflow, reason=reason)
        return self

    def retry(self, *, resume: bool = False) -> Flow:
        self.do(words.RetryWorkflow, resume_subworkflow_tasks=resume)
        return self

    def restart(self) -> Flow:
        self.do(words.RestartWorkflow)
        return self

    def rerun(self, ref: str | None = None, **fields: Any) -> Flow:
        """Rerun from the last attempt of a reference, or from the start."""
        self.do(words.RerunWorkflow, task_id=self.task(ref).task_id if ref is not None else None, **fields)
        return self

    def skip(self, ref: str, **fields: Any) -> Flow:
        self.do(words.SkipTask, ref=ref, **fields)
        return self
