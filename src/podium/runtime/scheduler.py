"""Scheduler: starts workflows at the instants of their schedules (spec/platform.md §3.3).

An instant is taken in one commit: the schedule moves on, and a record of the instant is there. Of several servers one wins that. Then
the workflow is started under an id derived from the instant, and the record is closed. A server that dies in between leaves an open
record, which another one takes when its lease is over: it starts the workflow, or finds that it has been started.
"""

from __future__ import annotations

import asyncio
import traceback
from typing import Final

from msgspec.structs import replace

from podium import log
from podium.clock import Clock
from podium.engine.schedule import LEASE_MS, Busy, fired, start_request
from podium.errors import CallerError
from podium.model.command import TerminateWorkflow
from podium.model.schedule import ExecutionState, OverlapPolicy, StoredExecution, StoredSchedule
from podium.model.search import AllOf, Clause, Operator, Search
from podium.runtime.agenda import Agenda
from podium.runtime.executor import Executor
from podium.runtime.starts import Origin
from podium.runtime.timers import first_of
from podium.runtime.zones import zone
from podium.store.store import Store

CHUNK: Final = 200  # schedules, or executions that were left, looked at together
MOST_STARTING: Final = 200  # workflows that are being started
MOST_ATTEMPTS: Final = 5
FIRST_PAUSE_MS: Final = 1_000  # before a start that met an obstacle is tried again; then twice as long
REST_MS: Final = 10_000  # a schedule that could not be taken is left alone this long
LOOK_AGAIN_MS: Final = 2_000
REASON_CHARACTERS: Final = 999
TRACE_CHARACTERS: Final = 2_000
KEEP: Final = 1_000  # records of a schedule
KEEP_MS: Final = 30 * 86_400_000  # and for how long
PRUNE_EVERY: Final = 1_000  # instants


class Scheduler:
    """Sleeps until the earliest instant, then takes what is due and starts it."""

    def __init__(self, store: Store, clock: Clock, executor: Executor, agenda: Agenda) -> None:
        self._store = store
        self._clock = clock
        self._executor = executor
        self._agenda = agenda
        self._starting: set[asyncio.Task[None]] = set()
        self._taken = 0  # instants since the start of the server
        self._looking = True
        self._held = False

    @property
    def busy(self) -> bool:
        """Something is, or may be, due."""
        return self._looking or bool(self._starting)

    async def run(self) -> None:
        """Take and start what is due, again and again."""
        if not self._store.shared:
            await self.requeue()  # whoever has left them was this server
        while True:
            while await self.run_once():
                pass
            await self._sleep()

    async def run_once(self) -> int:
        """Take a chunk of what is due; how many schedules and records. When nothing is, find out when something will be."""
        self._agenda.earlier.clear()
        self._agenda.earliest = 0
        if self._held:
            return 0
        await self._room()
        now = self._clock.now()
        wake_at = await self._store.next_schedule_wake()
        found = await self._take_due(now) + await self._start_left(now) if 0 < wake_at <= now else 0
        if not found:
            self._agenda.expect(wake_at)
        return found

    def hold(self) -> None:
        """Take nothing more, on this server, until it is released."""
        self._held = True

    def release(self) -> None:
        """Go on, with what has become due in the meantime."""
        self._held = False
        self._agenda.earlier.set()

    async def requeue(self) -> list[str]:
        """Have all open records looked at now; their ids."""
        open_ones = Search(condition=Clause("state", Operator.EQUAL, (ExecutionState.POLLED,)), size=CHUNK)
        found = await self._store.executions((await self._store.search_executions(open_ones)).ids)
        now = self._clock.now()
        for execution in found:
            await self._store.save_execution(replace(execution, wake_at=now))
        self._agenda.note(now)
        return [execution.execution.execution_id for execution in found]

    async def stop(self, seconds: float) -> None:
        """Take nothing more, and let the starts in hand end; what is not over in time is tried again after its lease."""
        self.hold()
        if self._starting:
            await asyncio.wait(self._starting, timeout=seconds)
        for one in list(self._starting):
            one.cancel()
        await asyncio.gather(*self._starting, return_exceptions=True)

    # Taking

    async def _room(self) -> None:
        while len(self._starting) >= MOST_STARTING:
            await asyncio.wait(self._starting, return_when=asyncio.FIRST_COMPLETED)

    async def _take_due(self, now: int) -> int:
        due = await self._store.due_schedules(now, CHUNK)
        await asyncio.gather(*map(self._take, due))
        return len(due)

    async def _start_left(self, now: int) -> int:
        """Take over what was to start and was not: a server is gone, or an obstacle may be."""
        left = await self._store.claim_executions(now, now + LEASE_MS, CHUNK)
        for execution in left:
            self._start(execution)
        return len(left)

    async def _take(self, stored: StoredSchedule) -> None:
        """Take the instants of a schedule that have come, if no other server has."""
        busy, now = await self._busy_of(stored), self._clock.now()
        try:
            after, executions = fired(stored, now, zone, busy)
        except Exception as failure:  # noqa: BLE001 - a zone that is gone, or a bug, must not hold up other schedules
            log.error(log.Event.SCHEDULE_FAILED, failure, schedule=stored.name)
            after, executions = replace(stored, revision=stored.revision + 1, wake_at=now + REST_MS), []
        if not await self._store.save_schedule(after, executions, over=stored.revision):
            return
        self._taken += len(executions)
        for execution in executions:
            if execution.wake_at:
                self._start(execution)
        if executions and self._taken % PRUNE_EVERY < len(executions):
            await self._store.prune_executions(KEEP, now - KEEP_MS)

    async def _busy_of(self, stored: StoredSchedule) -> Busy:
        """What of the schedule has not ended; nothing when that does not matter."""
        if stored.schedule.overlap_policy in (None, OverlapPolicy.ALLOW):
            return Busy()
        parts = (
            Clause("scheduleName", Operator.EQUAL, (stored.name,)),
            Clause("state", Operator.EQUAL, (ExecutionState.POLLED,)),
        )
        page = await self._store.search_executions(Search(condition=AllOf(parts)))
        starting = {one.workflow_id for one in await self._store.executions(page.ids) if one.execution.schedule_name == stored.name}
        running = {one.workflow_id for one in await self._store.workflows(stored.started) if not one.status.terminal}
        return Busy(running=frozenset(running), starting=frozenset(starting))

    # Starting

    def _start(self, execution: StoredExecution) -> None:
        task = asyncio.create_task(self._carry_out(execution))
        self._starting.add(task)
        task.add_done_callback(self._starting.discard)

    async def _carry_out(self, execution: StoredExecution) -> None:
        """Start the workflow of an instant, and close the record; or keep it open, to be tried again."""
        try:
            over = await self._outcome(execution)
            await self._store.save_execution(over)
            self._agenda.note(over.wake_at)
        except Exception as failure:  # noqa: BLE001 - the store is in trouble: the record stays open, and is taken again after its lease
            log.error(log.Event.SCHEDULE_FAILED, failure, schedule=execution.execution.schedule_name)
            self._agenda.note(execution.wake_at)

    async def _outcome(self, execution: StoredExecution) -> StoredExecution:
        try:
            workflow_id = await self._started(execution)
        except CallerError as refusal:
            log.warning(log.Event.SCHEDULE_FAILED, schedule=execution.execution.schedule_name, reason=refusal.message)
            return _over(execution, ExecutionState.FAILED, reason=refusal.message)
        except Exception as failure:  # noqa: BLE001 - whatever it is, it may pass; if it does not, the record says what it was
            log.error(log.Event.SCHEDULE_FAILED, failure, schedule=execution.execution.schedule_name)
            if execution.attempts + 1 >= MOST_ATTEMPTS:
                trace = "".join(traceback.format_exception(failure))
                return _over(execution, ExecutionState.FAILED, reason=str(failure) or repr(failure), trace=trace)
            pause = FIRST_PAUSE_MS * 2**execution.attempts
            return replace(execution, attempts=execution.attempts + 1, wake_at=self._clock.now() + pause)
        return _over(execution, ExecutionState.EXECUTED, workflow_id=workflow_id)

    async def _started(self, execution: StoredExecution) -> str:
        """The id of the workflow, started now or before."""
        for workflow_id in execution.terminates:
            await self._terminate(workflow_id, execution)
        origin = Origin(actor=execution.actor, workflow_id=execution.workflow_id)
        return await self._executor.start_from(start_request(execution, zone), origin)

    async def _terminate(self, workflow_id: str, execution: StoredExecution) -> None:
        reason = f"Cancelled by schedule {execution.execution.schedule_name}: its next instant has come"
        try:
            await self._executor.submit(TerminateWorkflow(workflow_id=workflow_id, actor=execution.actor, reason=reason))
        except CallerError:
            return  # it has ended by itself

    # Sleeping

    async def _sleep(self) -> None:
        self._looking = False
        until = self._agenda.earliest
        if self._store.shared:  # what other servers were told, and what one that is gone has left, must be found, too
            look_again = self._clock.now() + LOOK_AGAIN_MS
            until = min(until, look_again) if until else look_again
        try:
            if until:
                await first_of(self._clock.sleep_until(until), self._agenda.earlier)
            else:
                await self._agenda.earlier.wait()
        finally:
            self._looking = True


def _over(
    execution: StoredExecution,
    state: ExecutionState,
    *,
    workflow_id: str | None = None,
    reason: str | None = None,
    trace: str | None = None,
) -> StoredExecution:
    """The record, closed."""
    closed = replace(
        execution.execution,
        state=state,
        workflow_id=workflow_id,
        reason=reason and reason[:REASON_CHARACTERS],
        stack_trace=trace and trace[:TRACE_CHARACTERS],
    )
    return replace(execution, execution=closed, wake_at=0)
