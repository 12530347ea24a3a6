"""Descent: calls that name a workflow and may mean a task deep inside its children."""

from __future__ import annotations

from typing import Protocol

from msgspec.structs import replace

from podium.engine.run import Run
from podium.errors import Conflict, NotFound
from podium.model.command import AnyCommand, RerunWorkflow, Signal
from podium.model.task import Task


class Runs(Protocol):
    """Who reads and changes runs: the executor."""

    async def read(self, workflow_id: str) -> Run:
        """The run, up to date; NotFound."""

    async def handle(self, command: AnyCommand) -> object:
        """The command's result after its commit."""


async def signal_first(runs: Runs, command: Signal) -> Task | None:
    """Finish the first open WAIT task of the workflow or, depth first, of its open children (spec/engine.md §8.3).

    The task as it is afterwards; None when nothing waits. Raises NotFound for an unknown workflow.
    """
    found = await runs.handle(command)
    if isinstance(found, Task):
        return found
    for child_id in _children(await runs.read(command.workflow_id), only_open=True):
        try:
            found = await signal_first(runs, replace(command, workflow_id=child_id))
        except NotFound:  # not started yet, or removed
            continue
        if found is not None:
            return found
    return None


async def rerun_from(runs: Runs, command: RerunWorkflow) -> None:
    """Rerun a workflow from a task of its own, or of the first child that holds it (spec/engine.md §7.6).

    Raises NotFound for an unknown workflow, Conflict when it or a child on the way has not ended, Invalid for an unknown task.
    """
    way = await _way_to(runs, command.workflow_id, command.task_id) if command.task_id else []
    if len(way) < 2:
        await runs.handle(command)
        return
    for workflow_id in way:
        workflow = (await runs.read(workflow_id)).workflow
        if not workflow.status.terminal:
            raise Conflict(f"Workflow: {workflow_id} is not in terminal state, cannot rerun", workflow_id=workflow_id)
    await runs.handle(replace(command, workflow_id=way[-1], workflow_input=None, correlation_id=None))


async def _way_to(runs: Runs, workflow_id: str, task_id: str) -> list[str]:
    """The ids of the workflows from this one down to the one that holds the task; empty when none does."""
    run = await runs.read(workflow_id)
    if run.task(task_id) is not None:
        return [workflow_id]
    for child_id in _children(run, only_open=False):
        try:
            way = await _way_to(runs, child_id, task_id)
        except NotFound:
            continue
        if way:
            return [workflow_id, *way]
    return []


def _children(run: Run, *, only_open: bool) -> list[str]:
    """The ids of the workflows that the SUB_WORKFLOW tasks of a run have started, in the wire's order."""
    tasks = (task for task in run.listed() if task.task_type == "SUB_WORKFLOW" and not (only_open and task.status.terminal))
    return [task.sub_workflow_id for task in tasks if task.sub_workflow_id]
