"""The committer: one commit at a time, everything that gathered is the next one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

import pytest

from podium.model.decision import Decision
from podium.model.task import PollData, Task, TaskLog
from podium.model.workflow import Workflow
from podium.runtime.bell import Bell
from podium.runtime.committer import CommitLimits, Committer
from podium.runtime.round import Offer
from podium.store.store import Batch, Claimed, Saved, Store, Want
from podium.testing.clock import FakeClock


def a_decision(name: str) -> Decision:
    return Decision(base_revision=0, workflow=Workflow(workflow_id=name, name=name, version=1, definition_hash="h"), before=None)


class Told:
    """An entry that remembers what it was told."""

    def __init__(self, name: str, size: int = 1, *, stale: bool = False) -> None:
        self.decision = a_decision(name)
        self.bytes = size
        self.stale = stale
        self.heard: list[str] = []
        self.ready: Sequence[Task] = ()

    def hand_off(self, claimed: Sequence[Task]) -> None:
        raise NotImplementedError

    def saved(self) -> None:
        self.heard.append("saved")

    def lost(self) -> None:
        self.heard.append("lost")

    def broken(self, reason: str) -> None:
        self.heard.append(f"broken: {reason}")

    def failed(self, cause: Exception) -> None:
        self.heard.append(f"failed: {cause}")

    def resume(self) -> None:
        self.heard.append("resume")


class Nobody:
    """No pollers."""

    wants: Sequence[Want] = ()
    polls: Sequence[PollData] = ()

    def collect(self, now: int, offers: Sequence[Offer]) -> Nobody:
        return self

    def settle(self, saved: Saved) -> None:
        pass

    def failed(self) -> None:
        pass

    def claimed(self, claim: Claimed) -> None:
        pass


class Answering:
    """A store that gives the answers it was built with."""

    def __init__(self, *answers: Saved | Exception) -> None:
        self.answers = list(answers)
        self.batches: list[Batch] = []

    async def save(self, batch: Batch) -> Saved:
        self.batches.append(batch)
        answer = self.answers.pop(0) if self.answers else Saved()
        if isinstance(answer, Exception):
            raise answer
        return answer


def a_committer(store: Answering, **limits: int) -> Committer:
    nobody = Nobody()

    class Rushing(FakeClock):
        async def sleep_until(self, when: int) -> None:
            self.advance_to(when)

    return Committer(cast("Store", store), Rushing(), Bell(), nobody, nobody, CommitLimits(**limits))


async def test_what_has_gathered_is_one_commit_in_order() -> None:
    store = Answering()
    committer = a_committer(store)
    entries = [Told(name) for name in "abc"]
    for entry in entries:
        committer.put(entry)
    assert await committer.run_once()
    assert [decision.workflow_id for decision in store.batches[0].decisions] == ["a", "b", "c"]
    assert all(entry.heard == ["saved", "resume"] for entry in entries)
    assert not await committer.run_once()


@pytest.mark.parametrize("limits", [{"decisions": 2}, {"bytes": 2}])
async def test_a_commit_is_bounded(limits: dict[str, Any]) -> None:
    store = Answering()
    committer = a_committer(store, **limits)
    for name in "abc":
        committer.put(Told(name))
    while await committer.run_once():
        pass
    assert [len(batch.decisions) for batch in store.batches] == [2, 1]


async def test_each_hears_its_own_fate() -> None:
    store = Answering(Saved(conflicts=frozenset({0}), failures={1: "a constraint"}))
    committer = a_committer(store)
    entries = [Told(name) for name in "abc"]
    for entry in entries:
        committer.put(entry)
    await committer.run_once()
    assert [entry.heard for entry in entries] == [["lost", "resume"], ["broken: a constraint", "resume"], ["saved", "resume"]]


async def test_a_failed_commit_is_told_to_all_and_its_log_lines_are_kept() -> None:
    store = Answering(OSError("disk full"))
    committer = a_committer(store)
    entry = Told("a")
    committer.put(entry)
    committer.note_logs([TaskLog(log="line")])
    await committer.run_once()
    assert entry.heard == ["failed: disk full", "resume"]
    await committer.run_once()
    assert [line.log for line in store.batches[1].logs] == ["line"]


async def test_a_decision_known_to_be_stale_does_not_reach_the_store() -> None:
    store = Answering()
    committer = a_committer(store)
    stale = Told("a", stale=True)
    committer.put(stale)
    committer.put(Told("b"))
    await committer.run_once()
    assert stale.heard == ["lost", "resume"]
    assert [decision.workflow_id for decision in store.batches[0].decisions] == ["b"]
