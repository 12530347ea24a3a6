"""Waiting: until a workflow has ended or something in it blocks (spec/engine.md §2.11)."""

from __future__ import annotations

import asyncio

import msgspec

from podium.engine.run import Run
from podium.errors import NotFound
from podium.model.status import TaskStatus
from podium.model.task import Task
from podium.runtime.platform import Platform


class Settled(msgspec.Struct, frozen=True, kw_only=True):
    """Why the wait is over; all empty: the workflow has ended."""

    blocking_workflow_id: str | None = None
    blocking_task: Task | None = None
    timed_out: bool = False


async def settle(platform: Platform, workflow_id: str, wait_until_refs: frozenset[str], wait_ms: int) -> Settled:
    """Wait until the workflow has ended, a task in it or in its open children blocks, or the time is over. Raises NotFound.

    Blocking: an open WAIT task without an end of its own, an open YIELD, or an ended task whose reference name is among `wait_until_refs`.
    """
    clock = platform.clock
    until = clock.now() + wait_ms
    while True:
        looked_at: dict[str, int] = {}
        run = await platform.executor.read(workflow_id)
        if run.workflow.status.terminal:
            return Settled()
        blocking = await _blocking(platform, run, wait_until_refs, looked_at)
        if blocking is not None:
            return Settled(blocking_workflow_id=blocking.workflow_id, blocking_task=blocking)
        left = until - clock.now()
        if left <= 0 or not await _any_changed(platform, looked_at, left):
            return Settled(timed_out=True)


async def _blocking(platform: Platform, run: Run, refs: frozenset[str], looked_at: dict[str, int]) -> Task | None:
    """The first blocking task of a run or of its open children; what was looked at is noted with its revision."""
    looked_at[run.workflow.workflow_id] = run.workflow.revision
    children = []
    for task in run.listed():
        if _blocks(task, refs):
            return task
        if task.task_type == "SUB_WORKFLOW" and not task.status.terminal and task.sub_workflow_id:
            children.append(task.sub_workflow_id)
    for child_id in children:
        try:
            child = await platform.executor.read(child_id)
        except NotFound:
            continue
        found = await _blocking(platform, child, refs, looked_at) if child_id not in looked_at else None
        if found is not None:
            return found
    return None


def _blocks(task: Task, refs: frozenset[str]) -> bool:
    if task.status.terminal:
        return task.ref in refs
    return task.task_type in ("WAIT", "YIELD") and task.status is TaskStatus.IN_PROGRESS and task.wait_timeout == 0


async def _any_changed(platform: Platform, looked_at: dict[str, int], timeout_ms: int) -> bool:
    """Whether one of the runs gets past its revision in time."""
    waits = [asyncio.ensure_future(platform.executor.changed(one, revision, timeout_ms)) for one, revision in looked_at.items()]
    try:
        done, _ = await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        return any(one.exception() is not None or one.result() for one in done)
    finally:
        for one in waits:
            one.cancel()
