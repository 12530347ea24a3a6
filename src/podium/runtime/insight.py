"""Insight: gathers what lies around a run, to tell what it waits for."""

from __future__ import annotations

from podium.engine.why import Around, open_tasks, queued, why
from podium.errors import NotFound
from podium.model.insight import Why
from podium.model.status import WorkflowStatus
from podium.runtime.platform import Platform


async def explain(platform: Platform, workflow_id: str) -> Why:
    """What a workflow and each of its open tasks wait for. Raises NotFound."""
    run = await platform.executor.read(workflow_id)
    children = await _children(platform, [task.sub_workflow_id for task in open_tasks(run) if task.sub_workflow_id])
    run = await platform.executor.read(workflow_id)  # it may have gone on meanwhile
    queues = {task.queue for task in open_tasks(run) if queued(task) and not task.system}
    around = Around(
        now=platform.clock.now(),
        polls={queue: platform.polls.of(queue) for queue in queues},
        limits={queue: limit for queue in queues if (limit := platform.loops.limits.obstacle(queue)) is not None},
        children=children,
    )
    return why(run, around)


async def _children(platform: Platform, ids: list[str]) -> dict[str, WorkflowStatus]:
    found: dict[str, WorkflowStatus] = {}
    for child_id in ids:
        try:
            found[child_id] = (await platform.executor.read(child_id)).workflow.status
        except NotFound:
            continue  # it is about to be started, or it was removed
    return found
