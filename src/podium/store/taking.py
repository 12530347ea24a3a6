"""Taking: what a claim makes of tasks and their runs, whichever database holds them."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from podium.model.status import TaskStatus
from podium.model.task import Task
from podium.store.store import Claimed, Want

Key = tuple[str, str | None]  # queue, domain


class _Standing(msgspec.Struct):
    """Where a run that gives tasks away stands."""

    revision: int
    wake_at: int


class Taking:
    """The tasks that wants get. A run counts one revision for all that are taken from it."""

    def __init__(self, wants: Sequence[Want], now: int) -> None:
        self._wants = wants
        self._now = now
        self._runs: dict[str, _Standing] = {}
        self._taken: list[tuple[int, Task]] = []  # index of the want, the task as it was

    def take(self, want: int, task: Task, revision: int, wake_at: int) -> None:
        """Give a task to a want; `revision` and `wake_at`: where its run stands."""
        run = self._runs.get(task.workflow_id)
        if run is None:
            run = self._runs[task.workflow_id] = _Standing(revision=revision + 1, wake_at=wake_at)
        if task.lease_ms:
            run.wake_at = earlier(run.wake_at, self._now + task.lease_ms)
        self._taken.append((want, task))

    def settle(self) -> list[Claimed]:
        """What was taken since the last time, as it is to be written."""
        taken, self._taken = self._taken, []
        return [self._claimed(want, task) for want, task in taken]

    def _claimed(self, want: int, before: Task) -> Claimed:
        task = msgspec.structs.replace(
            before,
            status=TaskStatus.IN_PROGRESS,
            ready_at=0,
            start_time=before.start_time or self._now,
            update_time=self._now,
            callback_after_seconds=0,
            worker_id=self._wants[want].worker_id,
            poll_count=before.poll_count + 1,
        )
        run = self._runs[before.workflow_id]
        return Claimed(want=want, task=task, revision=run.revision, wake_at=run.wake_at)


def task_rows(claimed: Sequence[Claimed]) -> list[Sequence[object]]:
    """For the statement `claim` of `task`."""
    return [
        (
            one.task.workflow_id,
            one.task.number,
            one.revision,
            one.task.start_time,
            one.task.update_time,
            one.task.poll_count,
            one.task.worker_id,
        )
        for one in claimed
    ]


def run_rows(claimed: Sequence[Claimed]) -> list[Sequence[object]]:
    """For the statement `claimed` of `workflow`."""
    return list({one.task.workflow_id: (one.task.workflow_id, one.revision, one.wake_at) for one in claimed}.values())


def places(wants: Sequence[Want]) -> dict[Key, list[int]]:
    """Per queue, the index of the want that each next task goes to."""
    found: dict[Key, list[int]] = {}
    for index, want in enumerate(wants):
        if want.count > 0 and want.candidates is None:
            found.setdefault((want.queue, want.domain), []).extend([index] * want.count)
    return found


def earlier(first: int, second: int) -> int:
    """Of two times, where 0 means never."""
    return min(first, second) if first and second else first or second
