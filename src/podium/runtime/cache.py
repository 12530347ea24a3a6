"""Cache: the runs in memory, bounded by their bytes; the least recently used goes first."""

from __future__ import annotations

import asyncio
from collections import OrderedDict, deque

from podium.engine.run import Run
from podium.model.command import AnyCommand
from podium.store.store import Claimed

MOST_LOOKED_AT = 100  # mailboxes, each time room is made

Letter = tuple[AnyCommand, "asyncio.Future[object]"]  # a command, and who waits for its answer


class Box:
    """A workflow's mailbox, and its run if that is in memory."""

    __slots__ = ("alone", "busy", "fresh", "loading", "outdated", "run", "size", "tries", "waiting", "workflow_id")

    def __init__(self, workflow_id: str) -> None:
        self.workflow_id = workflow_id
        self.run: Run | None = None
        self.waiting: deque[Letter] = deque()
        self.busy = False  # a decision is being made or committed
        self.fresh = False  # the run was read again for the commands at hand
        self.alone = 0  # how many of the next commands must be decided one by one
        self.tries = 0  # how often the decision at hand has lost
        self.size = 0  # bytes of the run that the cache has counted
        self.loading: asyncio.Task[Run | None] | None = None
        self.outdated = False  # the store has changed it while it was being loaded


class Cache:
    """All mailboxes in use and all runs in memory."""

    def __init__(self, max_bytes: int) -> None:
        self._boxes: OrderedDict[str, Box] = OrderedDict()
        self._max_bytes = max_bytes
        self.bytes = 0

    def __len__(self) -> int:
        return len(self._boxes)

    def get(self, workflow_id: str) -> Box | None:
        """The mailbox of a workflow, if there is one."""
        return self._boxes.get(workflow_id)

    def open(self, workflow_id: str) -> Box:
        """The mailbox of a workflow; it is now the most recently used."""
        box = self._boxes.get(workflow_id)
        if box is None:
            box = self._boxes[workflow_id] = Box(workflow_id)
        else:
            self._boxes.move_to_end(workflow_id)
        return box

    def measure(self, box: Box) -> None:
        """Count what a mailbox's run takes now, and make room."""
        size = box.run.size if box.run is not None else 0
        self.bytes += size - box.size
        box.size = size
        if self.bytes > self._max_bytes:
            self._make_room()

    def forget(self, box: Box) -> None:
        """Drop a run that is no longer to be trusted, or no longer exists."""
        box.run = None
        self.measure(box)
        self.close(box)

    def close(self, box: Box) -> None:
        """Drop a mailbox that holds nothing."""
        if box.run is None and not box.busy and not box.waiting and box.loading is None:
            self._boxes.pop(box.workflow_id, None)

    def claimed(self, claim: Claimed) -> None:
        """Take in a claim that the store has made."""
        box = self._boxes.get(claim.task.workflow_id)
        if box is None:
            return
        if box.run is None:
            box.outdated = True
            return
        if box.run.workflow.revision <= claim.revision <= box.run.workflow.revision + 1:
            box.run.claimed(claim.task, claim.revision, claim.wake_at)
        # Otherwise another server has changed the run too: its revision says so, and it is read again before it is changed.

    def _make_room(self) -> None:
        """Drop the least recently used runs that nobody works on; look at a bounded number of mailboxes."""
        for _ in range(min(len(self._boxes), MOST_LOOKED_AT)):
            if self.bytes <= self._max_bytes:
                return
            box = next(iter(self._boxes.values()))
            if box.busy or box.run is None:
                self._boxes.move_to_end(box.workflow_id)
                continue
            self.bytes -= box.size
            box.size = 0
            box.run = None
            self.close(box)
