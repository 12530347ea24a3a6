"""World: servers that die, clients that insist, workers that forget, on one database; and what must be true of it all.

    report = simulate(seed=7)

The same seed makes the same world, delay for delay. What fails raises, and says which seed it was.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Awaitable, Callable, Coroutine
from random import Random
from typing import Any, TypeVar

import msgspec

from podium.app import build
from podium.errors import Busy, CallerError, PodiumError
from podium.model.body import IdempotencyStrategy, StartWorkflowRequest
from podium.model.command import (
    AnyCommand,
    PauseWorkflow,
    RestartWorkflow,
    ResumeWorkflow,
    RetryWorkflow,
    TerminateWorkflow,
    UpdateTask,
)
from podium.model.payload import Payload
from podium.model.schedule import WorkflowSchedule
from podium.model.status import TaskStatus
from podium.model.task import Task
from podium.runtime.platform import Platform
from podium.settings import Settings
from podium.store import naming
from podium.testing.simulation import workload
from podium.testing.simulation.clock import SkewedClock
from podium.testing.simulation.judge import Judge
from podium.testing.simulation.loop import SimulationLoop, Stuck
from podium.testing.simulation.store import Database, Faults, SimulatedStore

T = TypeVar("T")

STARTS = 12
PATIENCE_SECONDS = 3_600.0  # after the last fault, in the world's own time
SKEWS_MS = (0, 0, 40, -40, 1_500, -1_500)


class Unreachable(Exception):
    """A request or its answer was lost."""


AGAIN = (Unreachable, Busy, sqlite3.OperationalError)  # what a client answers by asking once more


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """What a world came to."""

    seed: int
    servers: int
    crashes: int
    commits: int
    seconds: float  # of the world's own time
    workflows: int


def simulate(seed: int) -> Report:
    """Run a world to its end. Raises AssertionError (Stuck among them) when something is lost, stuck, twice or broken."""
    loop = SimulationLoop()
    world = World(seed, loop)
    try:
        report = loop.run(world.run())
        refuse_untaken(loop)
        return report
    except BaseException as failure:
        failure.add_note(f"seed {seed}: {world.described()}")
        raise


def refuse_untaken(loop: SimulationLoop) -> None:
    """Raise what has failed unseen, unless it is what a fault causes."""
    for problem in loop.problems:
        expected = isinstance(problem, (*AGAIN, PodiumError))
        assert expected, f"nobody has taken {problem!r}"


class Server:
    """A server that comes and goes."""

    def __init__(self, world: World, number: int) -> None:
        self._world = world
        self.number = number
        self.clock = SkewedClock(world.random.choice(SKEWS_MS))
        self.platform: Platform | None = None
        self.gone: asyncio.Event = asyncio.Event()
        self._store: SimulatedStore | None = None
        self.crashes = 0

    async def start(self) -> None:
        """Begin, however often it takes."""
        while self.platform is None:
            world = self._world
            store = self._store = SimulatedStore(world.database, world.faults, self.crash, world.judge.committed)
            platform = build(Settings(database="sqlite://", retention_minutes=0), {}, self.clock, store)
            self.gone = asyncio.Event()
            starting = asyncio.ensure_future(platform.start())
            try:
                await first(starting, self.gone)
            except AGAIN:
                await self._abandon(platform, store)
                await asyncio.sleep(0.5)
                continue
            self.platform = platform

    def crash(self) -> None:
        """Stop in the middle of everything; come back later."""
        if self.gone.is_set():
            return
        self.crashes += 1
        self.gone.set()
        assert self._store is not None
        platform, store, self.platform = self.platform, self._store, None
        store.dead = True
        self._world.spawn(self._come_back(platform, store))

    async def _come_back(self, platform: Platform | None, store: SimulatedStore) -> None:
        if platform is not None:
            await self._abandon(platform, store)
            await asyncio.sleep(self._world.random.uniform(0.1, 8.0))
            await self.start()

    async def _abandon(self, platform: Platform, store: SimulatedStore) -> None:
        store.dead = True
        await platform.supervisor.stop()


async def first(work: asyncio.Future[T], gone: asyncio.Event) -> T:
    """What comes of work, unless the server dies before. Raises Unreachable then."""
    end = asyncio.ensure_future(gone.wait())
    try:
        await asyncio.wait((work, end), return_when=asyncio.FIRST_COMPLETED)
    finally:
        end.cancel()
    if not work.done():
        work.cancel()
        raise Unreachable("the server died")
    return work.result()


class World:
    """Everything there is."""

    def __init__(self, seed: int, loop: SimulationLoop) -> None:
        self.seed = seed
        self.loop = loop
        self.random = Random(seed)  # noqa: S311 - what is chosen must be chosen again for the same seed
        self.database = Database()
        self.faults = Faults(self.random)
        self.judge = Judge(self.database, loop)
        self.lost = self.random.choice((0.0, 0.01, 0.05))  # requests and answers
        self.forgetful = self.random.choice((0.0, 0.05, 0.2))  # workers that never report
        self.meddling = self.random.choice((0.0, 0.3, 2.0))  # operations a second
        self.servers: list[Server] = []
        self.started: list[str] = []
        self.over = False
        self._tasks: set[asyncio.Task[None]] = set()

    def described(self) -> str:
        """The world in a line."""
        crashes = sum(server.crashes for server in self.servers)
        return f"{len(self.servers)} servers, {crashes} crashes, {self.database.commits} commits, {self.loop.time():.1f} s"

    def spawn(self, work: Coroutine[Any, Any, None]) -> None:
        """Let something go on beside everything else; its failure is the world's."""
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            self.judge.problem(error)

    async def run(self) -> Report:
        """From the first start to rest."""
        cursor = self.database.connection.cursor()
        naming.put_task_definitions(cursor, workload.task_definitions())
        naming.put_workflow_definitions(cursor, workload.workflow_definitions())
        self.servers = [Server(self, number) for number in range(self.random.choice((1, 2, 2, 3)))]
        await asyncio.gather(*(server.start() for server in self.servers))
        for queue in workload.QUEUES:
            for number in range(2):
                self.spawn(self._work_at(queue, f"{queue}-{number}"))
        self.spawn(self._meddle())
        await asyncio.gather(*(self._start(number) for number in range(STARTS)), *map(self._schedule, workload.schedules()))
        await asyncio.sleep(self.random.uniform(1.0, 20.0))
        await self._heal()
        await self._rest()
        self.over = True
        await self.judge.verdict([server.platform for server in self.servers if server.platform is not None], self.started)
        crashes = sum(server.crashes for server in self.servers)
        commits, seconds = self.database.commits, self.loop.time()
        return Report(
            seed=self.seed, servers=len(self.servers), crashes=crashes, commits=commits, seconds=seconds, workflows=self.judge.workflows
        )

    async def _heal(self) -> None:
        """No more faults: what is left must come to an end by itself."""
        self.faults.on = False
        self.lost = self.forgetful = self.meddling = 0.0
        while not all(server.platform for server in self.servers):  # noqa: ASYNC110 - they come back in their own time
            await asyncio.sleep(1.0)

    async def _rest(self) -> None:
        """Until every workflow has ended and every message is delivered."""
        until = self.loop.time() + PATIENCE_SECONDS
        while (still := self.judge.open_workflows()) or self.judge.messages or self.judge.instants:
            self.judge.raise_problem()
            if self.loop.time() > until:
                undone = f"{self.judge.messages} messages are not delivered, {self.judge.instants} schedules or instants are not over"
                raise Stuck(f"after an hour {undone}, and these are open: {self.judge.told(still)}")
            for workflow_id in self.judge.paused():  # by a request of old that has only now arrived
                await self._command(ResumeWorkflow(workflow_id=workflow_id))
            await asyncio.sleep(1.0)

    # Clients

    async def _start(self, number: int) -> None:
        await asyncio.sleep(self.random.uniform(0.0, 10.0))
        request = StartWorkflowRequest(
            name=self.random.choice(workload.names()),
            version=1,
            input=workload.input_of(number),
            idempotency_key=f"start-{number}",
            idempotency_strategy=IdempotencyStrategy.RETURN_EXISTING,
        )
        workflow_id = await self._insist(lambda platform: platform.executor.start(request, "client"))
        self.judge.started(workflow_id, f"start-{number}")
        self.started.append(workflow_id)

    async def _schedule(self, schedule: WorkflowSchedule) -> None:
        await asyncio.sleep(self.random.uniform(0.0, 10.0))
        await self._insist(lambda platform: platform.schedules.put(schedule, "client"))

    async def _work_at(self, queue: str, worker_id: str) -> None:
        """A worker: it polls, works a while, reports; or it dies with the task in its hands."""
        while not self.over:
            count = self.random.randint(1, 3)
            poll = self._poll(queue, worker_id, count)
            try:
                tasks = await self._ask(poll)
            except AGAIN:
                await asyncio.sleep(0.1)
                continue
            for task in tasks:
                self.judge.handed_out(task)
                if self.random.random() >= self.forgetful:
                    self.spawn(self._report(task))
            await asyncio.sleep(0.01)

    @staticmethod
    def _poll(queue: str, worker_id: str, count: int) -> Callable[[Platform], Awaitable[list[Task]]]:
        return lambda platform: platform.queue.poll(queue, domain=None, worker_id=worker_id, count=count, timeout_ms=1_000)

    async def _report(self, task: Task) -> None:
        await asyncio.sleep(self.random.expovariate(5))
        status = self.random.choices(
            (TaskStatus.COMPLETED, TaskStatus.FAILED, TaskStatus.IN_PROGRESS, TaskStatus.FAILED_WITH_TERMINAL_ERROR), (85, 10, 4, 1)
        )[0]
        command = UpdateTask(
            workflow_id=task.workflow_id,
            task_id=task.task_id,
            status=status,
            output=Payload.of({"by": task.task_id}),
            worker_id="w",
            callback_after_seconds=1 if status is TaskStatus.IN_PROGRESS else 0,
        )
        for _ in range(1 + (self.random.random() < 0.1)):
            if await self._command(command) and status is TaskStatus.COMPLETED:
                self.judge.reported(task)

    async def _meddle(self) -> None:
        """Somebody pauses, resumes, ends, retries and restarts what runs."""
        while not self.over:
            await asyncio.sleep(self.random.expovariate(self.meddling) if self.meddling else 1.0)
            if self.started and self.meddling:
                await self._command(self._operation(self.random.choice(self.started)))

    def _operation(self, workflow_id: str) -> AnyCommand:
        operation = self.random.choice((PauseWorkflow, ResumeWorkflow, ResumeWorkflow, RetryWorkflow, RestartWorkflow, TerminateWorkflow))
        if operation in (RestartWorkflow, RetryWorkflow):
            self.judge.begun_again(workflow_id)
        return operation(workflow_id=workflow_id)

    async def _command(self, command: AnyCommand) -> bool:
        """Have a command carried out; False when it is refused."""
        try:
            await self._insist(lambda platform: platform.executor.handle(command))
        except CallerError:
            return False
        return True

    async def _insist(self, make: Callable[[Platform], Awaitable[T]]) -> T:
        """Ask until there is an answer."""
        while True:
            try:
                return await self._ask(make)
            except AGAIN:
                await asyncio.sleep(self.random.uniform(0.05, 1.0))

    async def _ask(self, make: Callable[[Platform], Awaitable[T]]) -> T:
        """One request to one of the servers. Raises Unreachable, and what the server raises."""
        server = self.random.choice(self.servers)
        await asyncio.sleep(self.random.expovariate(200))
        if server.platform is None or self.random.random() < self.lost:
            raise Unreachable("the request")
        answer = await first(asyncio.ensure_future(make(server.platform)), server.gone)
        await asyncio.sleep(self.random.expovariate(200))
        if self.random.random() < self.lost:
            raise Unreachable("the answer")
        return answer
