"""Executor: takes commands, decides them one batch at a time per workflow, and answers after the commit.

Commands that wait for the same run are decided together, into one decision; while it is being committed the next ones gather.
Nothing here waits: a command goes from its caller to the committer in one call, unless the run must be read from the store or a
script needs more time than a decision may take.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Sequence
from dataclasses import dataclass
from typing import Any

from podium import log
from podium.clock import Clock
from podium.engine.decide import Outcome, Result, decide
from podium.engine.effects import ready_tasks
from podium.engine.question import Answers, NeedsAnswer, Question
from podium.engine.run import Run
from podium.errors import Busy, LostRace, NotFound, PodiumError
from podium.model.body import StartWorkflowRequest
from podium.model.command import AnyCommand, Look, StartWorkflow
from podium.model.decision import Decision
from podium.runtime.aftermath import Aftermath
from podium.runtime.cache import Box, Cache, Letter
from podium.runtime.committer import Committer
from podium.runtime.oracle import Oracle
from podium.runtime.pending import Pending
from podium.runtime.registry import Registry
from podium.runtime.scrubbing import scrubbed
from podium.runtime.secrets import Secrets
from podium.runtime.starts import Origin, Starts
from podium.store.store import Store

MOST_TRIES = 10  # decisions that may lose in a row before the caller hears of it
MOST_COMMANDS = 200  # decided together
MOST_WAITING = 10_000
LOOK_AGAIN_MS = 200  # for what other servers commit


@dataclass(frozen=True, slots=True)
class Parts:
    """What the executor works with."""

    store: Store
    clock: Clock
    registry: Registry
    cache: Cache
    committer: Committer
    aftermath: Aftermath
    oracle: Oracle
    secrets: Secrets


class Executor:
    """The only one who changes runs."""

    def __init__(self, parts: Parts, most_waiting: int = MOST_WAITING) -> None:
        self._parts = parts
        self._cache = parts.cache
        self._clock = parts.clock
        self._most_waiting = most_waiting
        self._starts = Starts(parts.registry, parts.store, parts.clock)
        self._jobs: set[asyncio.Task[None]] = set()
        self._loop = asyncio.get_running_loop()
        self._shared = parts.store.shared
        self._drained: asyncio.Future[None] | None = None
        self.waiting = 0  # commands not yet answered

    async def handle(self, command: AnyCommand) -> object:
        """The command's result, once it is durable. Raises what the rules raise, NotFound for an unknown workflow, Busy, LostRace."""
        self._refuse_when_busy()
        return await self.submit(command)

    def submit(self, command: AnyCommand) -> asyncio.Future[object]:
        """The same without a limit, for the server's own loops, which limit themselves."""
        answer: asyncio.Future[object] = self._loop.create_future()
        box = self._cache.open(command.workflow_id)
        box.waiting.append((command, answer))
        self.waiting += 1
        if not box.busy:
            box.busy = True
            self.go_on(box)
        return answer

    async def start(self, request: StartWorkflowRequest, actor: str) -> str:
        """Start a workflow; its id (spec/engine.md §2.2). Raises NotFound for an unknown definition, Invalid, Conflict for a used key."""
        self._refuse_when_busy()
        return await self.start_from(request, Origin(actor=actor))

    async def start_from(self, request: StartWorkflowRequest, origin: Origin) -> str:
        """Start a workflow for the server itself: a child, a failure workflow, an event's. An id that exists is left as it is."""
        try:
            return await self._starts.start(request, origin, self.submit)
        except NotFound:
            # Another server may have registered it a moment ago.
            if not self._shared or not await self._parts.registry.catch_up():
                raise
        return await self._starts.start(request, origin, self.submit)

    async def read(self, workflow_id: str) -> Run:
        """The run with every committed change, of other servers too. Use it before the next await. Raises NotFound."""
        if self._shared:
            await self.submit(Look(workflow_id=workflow_id))
        return await self.known(workflow_id)

    async def known(self, workflow_id: str) -> Run:
        """The run as this server knows it: with its definition, and every change of its own. Raises NotFound."""
        box = self._cache.open(workflow_id)
        run = box.run or await self._loaded(box)
        if run is None:
            self._cache.close(box)
            raise unknown(workflow_id)
        return run

    async def changed(self, workflow_id: str, revision: int, timeout_ms: int) -> bool:
        """Whether the run gets past `revision` within `timeout_ms`. Raises NotFound."""
        until, watchers = self._clock.now() + timeout_ms, self._parts.aftermath.watchers
        while (await self.read(workflow_id)).workflow.revision <= revision:
            now = self._clock.now()
            if now >= until or watchers.draining:
                return False
            # Nobody tells what other servers commit.
            look_again = min(until, now + LOOK_AGAIN_MS) if self._shared else until
            await watchers.wait(workflow_id, look_again)
        return True

    async def drain(self) -> None:
        """Until every command that was taken is answered."""
        while self.waiting:
            self._drained = self._loop.create_future()
            await self._drained

    def _refuse_when_busy(self) -> None:
        if self.waiting >= self._most_waiting:
            raise Busy

    # Deciding

    def go_on(self, box: Box) -> None:
        """Decide what waits for a run, until something must be waited for."""
        while box.waiting:
            box.fresh = False
            if not self._attempt(box, _take(box)):
                return
        box.busy = False
        if box.run is None:
            self._cache.close(box)

    def _attempt(self, box: Box, letters: list[Letter]) -> bool:
        """Decide these commands. Whether they are answered already, so that the next can be taken."""
        run = box.run
        first = letters[0][0]
        if run is None:
            if not isinstance(first, StartWorkflow) or box.tries:
                self._job(self._load_and_decide(box, letters))
                return False
            return self._decide_unborn(box, letters, first)
        if isinstance(first, StartWorkflow):
            self._answer(letters, [Result(value=run.workflow.workflow_id)])  # it was started before: its id is its own
            return True
        return self._decide(box, run, letters, {})

    def _decide_unborn(self, box: Box, letters: list[Letter], command: StartWorkflow) -> bool:
        try:
            program = self._parts.registry.program(command.definition, command.definition_hash)
            run = Run.unborn(command, program, self._parts.registry, self._clock.now())
        except Exception as bug:  # noqa: BLE001 - a definition that cannot be compiled must harm nobody but its caller
            return self._give_up(box, letters, bug)
        return self._decide(box, run, letters, {})

    def _decide(self, box: Box, run: Run, letters: list[Letter], answers: Answers) -> bool:
        try:
            commands = [scrubbed(self._parts.secrets, run, command) for command, _ in letters]
            outcome = decide(run, commands, self._clock.now(), answers)
            if outcome.decision is not None:
                self._commit(box, run, letters, outcome, outcome.decision)
                return False
        except NeedsAnswer as needed:
            self._job(self._ask_and_decide(box, letters, answers, needed.questions))
            return False
        except Exception as bug:  # noqa: BLE001 - a bug in a rule must harm nobody but its caller
            return self._give_up(box, letters, bug)
        if self._shared and not box.fresh:
            # Nothing to commit, so that no guard tells whether the run was up to date.
            self._job(self._refresh_and_decide(box, run, letters))
            return False
        box.tries = 0
        self._answer(letters, outcome.results)
        return True

    def _commit(self, box: Box, run: Run, letters: list[Letter], outcome: Outcome, decision: Decision) -> None:
        pending = Pending(self, box, run, letters, outcome, decision)
        pending.ready = ready_tasks(decision)
        self._parts.committer.put(pending)

    def _give_up(self, box: Box, letters: list[Letter], bug: Exception) -> bool:
        """Several commands: try each alone, so that one cannot harm the others. One: its caller hears of the bug."""
        if len(letters) > 1:
            box.waiting.extendleft(reversed(letters))
            box.alone = len(letters)
            return True
        log.error(log.Event.DECISION_FAILED, bug, workflow_id=box.workflow_id, message=type(letters[0][0]).__name__)
        self._fail(box, letters, bug)
        return True

    # What must be waited for

    def _job(self, work: Coroutine[Any, Any, None]) -> None:
        job = self._loop.create_task(work)
        self._jobs.add(job)
        job.add_done_callback(self._jobs.discard)

    async def _load_and_decide(self, box: Box, letters: list[Letter]) -> None:
        try:
            run = await self._loaded(box)
        except Exception as cause:  # noqa: BLE001 - whatever the store met, those who wait must hear of it
            self._fail(box, letters, cause)
            self.go_on(box)
            return
        first = letters[0][0]
        if run is not None:
            over = self._attempt(box, letters)
        elif isinstance(first, StartWorkflow):
            over = self._decide_unborn(box, letters, first)
        else:
            self._fail(box, letters, unknown(box.workflow_id))
            over = True
        if over:
            self.go_on(box)

    async def _ask_and_decide(self, box: Box, letters: list[Letter], answers: Answers, questions: Sequence[Question]) -> None:
        try:
            found = await self._parts.oracle.answer(questions)
        except Exception as cause:  # noqa: BLE001 - a broken sandbox must not block the run
            over = self._give_up(box, letters, cause)
        else:
            over = self._decide_with(box, letters, {**answers, **found})
        if over:
            self.go_on(box)

    def _decide_with(self, box: Box, letters: list[Letter], answers: Answers) -> bool:
        first = letters[0][0]
        if box.run is not None:
            return self._decide(box, box.run, letters, answers)
        if not isinstance(first, StartWorkflow):
            return self._attempt(box, letters)
        program = self._parts.registry.program(first.definition, first.definition_hash)
        return self._decide(box, Run.unborn(first, program, self._parts.registry, self._clock.now()), letters, answers)

    async def _loaded(self, box: Box) -> Run | None:
        """The run, read from the store once for everybody who asks; None when there is none."""
        if box.run is not None:
            return box.run
        if box.loading is None:
            box.loading = self._loop.create_task(self._load(box))
        return await asyncio.shield(box.loading)

    async def _load(self, box: Box) -> Run | None:
        try:
            while True:
                box.outdated = False
                stored = await self._parts.store.load(box.workflow_id)
                if box.run is not None or stored is None:
                    return box.run  # it was born, or it is not there
                if box.outdated:
                    continue  # a claim was committed while we read
                assert stored.definition is not None
                program = self._parts.registry.program(stored.definition, stored.workflow.definition_hash)
                run = box.run = Run.of(stored, program, self._parts.registry)
                self._cache.measure(box)  # which may drop it again, when it is larger than the cache
                return run
        finally:
            box.loading = None

    async def _refresh_and_decide(self, box: Box, run: Run, letters: list[Letter]) -> None:
        """Take in what others have changed, then decide again."""
        workflow = run.workflow
        try:
            stored = await self._parts.store.load(box.workflow_id, workflow.revision, workflow.definition_hash)
            if stored is None or stored.workflow.definition_hash != workflow.definition_hash:
                self._cache.forget(box)  # gone, or restarted with another definition
            else:
                run.refresh(stored)
                self._cache.measure(box)
                box.fresh = True
        except Exception as cause:  # noqa: BLE001 - whatever the store met, those who wait must hear of it
            self._fail(box, letters, cause)
            self.go_on(box)
            return
        if self._attempt(box, letters):
            self.go_on(box)

    # After the commit

    def committed(self, pending: Pending) -> None:
        """A decision is durable: take it in, tell everybody, answer."""
        box = pending.box
        box.tries = 0
        try:
            pending.run.adopt(pending.decision, pending.outcome.index, pending.claimed)
            box.run = pending.run if _still_good(pending) else None
            self._cache.measure(box)
            self._parts.aftermath.spread(pending)
        except Exception as bug:  # noqa: BLE001 - it is durable: the run is read again, the callers get their answer
            log.error(log.Event.AFTERMATH_FAILED, bug, workflow_id=box.workflow_id)
            box.run = None
            self._cache.measure(box)
        self._answer(pending.letters, pending.outcome.results)

    def again(self, pending: Pending) -> None:
        """A decision lost a race: decide its commands again, on the run as it is now."""
        box = pending.box
        box.tries += 1
        if box.tries > MOST_TRIES:
            self._fail(box, pending.letters, LostRace(workflow_id=box.workflow_id))
            pending.free = True
        elif box.run is pending.run and box.run.workflow.revision == pending.decision.base_revision:
            self._job(self._refresh_and_decide(box, pending.run, pending.letters))
        else:
            pending.free = self._attempt(box, pending.letters)

    def refused(self, pending: Pending, reason: str) -> None:
        """A decision broke a constraint of the store."""
        self._cache_forgets(pending)
        self._give_up(pending.box, pending.letters, ConstraintBroken(reason))

    def failed(self, pending: Pending, cause: Exception) -> None:
        """A commit failed: what the store holds is not known, so the run is read again."""
        self._cache_forgets(pending)
        self._parts.aftermath.doubt(pending)
        self._fail(pending.box, pending.letters, cause)

    def _cache_forgets(self, pending: Pending) -> None:
        if pending.box.run is pending.run:
            self._cache.forget(pending.box)

    # Answers

    def _answer(self, letters: Sequence[Letter], results: Sequence[Result]) -> None:
        for (_, answer), result in zip(letters, results, strict=True):
            if not answer.done():
                if result.error is None:
                    answer.set_result(result.value)
                else:
                    answer.set_exception(result.error)
        self._answered(len(letters))

    def _fail(self, box: Box, letters: Sequence[Letter], cause: Exception) -> None:
        box.tries = 0
        for _, answer in letters:
            if not answer.done():
                answer.set_exception(cause)
        self._answered(len(letters))

    def _answered(self, count: int) -> None:
        self.waiting -= count
        if not self.waiting and self._drained is not None and not self._drained.done():
            self._drained.set_result(None)


class ConstraintBroken(Exception):
    """A decision broke a constraint of the store: a bug of ours."""


def unknown(workflow_id: str) -> PodiumError:
    """There is no such workflow."""
    return NotFound(f"No such workflow found by id: {workflow_id}")


def _still_good(pending: Pending) -> bool:
    """The run still exists, and was not restarted with another definition."""
    return not pending.decision.removed and pending.run.program.definition_hash == pending.decision.workflow.definition_hash


def _take(box: Box) -> list[Letter]:
    """The next commands to decide together: a start alone, and each alone after a batch of them has met a bug."""
    waiting = box.waiting
    letters = [waiting.popleft()]
    if box.alone:
        box.alone -= 1
        return letters
    if isinstance(letters[0][0], StartWorkflow):
        return letters
    while waiting and len(letters) < MOST_COMMANDS and not isinstance(waiting[0][0], StartWorkflow):
        letters.append(waiting.popleft())
    return letters
