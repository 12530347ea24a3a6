"""Offer: an event from outside, shown to a run whose tasks may wait for it (spec/platform.md §2.5)."""

from __future__ import annotations

from podium.engine.advance import advance
from podium.engine.draft import Draft
from podium.engine.tasks.wait_for_webhook import NAME, fits
from podium.model.command import OfferEvent
from podium.model.json import JsonObject
from podium.model.payload import Payload
from podium.model.status import TaskStatus


def offer_event(draft: Draft, command: OfferEvent) -> list[str]:
    """The ids of the tasks that it has ended: all that were waiting and whose matches fit."""
    if draft.workflow.status.terminal:
        return []
    waiting = [task for task in draft.open_tasks() if task.task_type == NAME and fits(task, command.body)]
    output: JsonObject = command.body if isinstance(command.body, dict) else {"body": command.body}
    for task in waiting:
        draft.change(task, status=TaskStatus.COMPLETED, output=Payload.of(output), start_time=task.start_time or draft.now)
    if waiting:
        advance(draft)
    return [task.task_id for task in waiting]
