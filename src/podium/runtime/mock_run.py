"""Mock run: a workflow run to its end in memory, where every task comes to what the test says and time does not pass by itself."""

from __future__ import annotations

from collections import deque
from typing import Final

import msgspec

from podium.engine.decide import claim, decide
from podium.engine.evaluators import ScriptCall
from podium.engine.question import Answers, NeedsAnswer, Question, SlotAsked
from podium.engine.run import Run
from podium.errors import CallerError
from podium.model.body import TaskMock, WorkflowTestRequest
from podium.model.command import AnyCommand, ChildChanged, ChildNotStarted, FinishSystemTask, OtherStarted, Tick, UpdateTask
from podium.model.message import Message, StartChild, StartOther
from podium.model.payload import Payload
from podium.model.slot import SlotStanding
from podium.model.status import TaskStatus
from podium.model.task import Task
from podium.runtime.oracle import Sandbox
from podium.runtime.registry import Registry
from podium.runtime.starts import Origin, Starts

MAX_STEPS: Final = 10_000  # then the run is shown as far as it came
MAX_DEPTH: Final = 20  # of workflows within workflows
WORKER: Final = "test"

# They end by what is in them, not by what a test says.
_CONTAINERS: Final = frozenset({"JOIN", "EXCLUSIVE_JOIN", "DO_WHILE", "FORK_JOIN", "FORK_JOIN_DYNAMIC", "SWITCH", "DECISION"})


class Setting(msgspec.Struct, frozen=True, kw_only=True):
    """What a mock run needs of the server."""

    registry: Registry
    starts: Starts
    sandbox: Sandbox
    now: int  # epoch ms: when it begins


async def mock_run(setting: Setting, request: WorkflowTestRequest, origin: Origin, depth: int = 0) -> Run:
    """The run of a workflow whose tasks come to what `request` says, one mock for each attempt or iteration (spec/api.md §3.10).

    It ends when the workflow has ended, or when it waits for a task without a mock. Nothing is stored. Raises Invalid, NotFound.
    """
    command = setting.starts.command(request, origin)
    program = setting.registry.program(command.definition, command.definition_hash)
    stage = _Stage(setting, request, Run.unborn(command, program, setting.registry, setting.now), depth)
    await stage.perform(command)
    for _ in range(MAX_STEPS):
        if not await stage.step():
            break
    return stage.run


class _Stage:
    """One workflow of a mock run, the time in it, and what is still to happen."""

    def __init__(self, setting: Setting, request: WorkflowTestRequest, run: Run, depth: int) -> None:
        self.setting = setting
        self.run = run
        self.now = setting.now
        self._depth = depth
        self._mocks = {ref: deque(mocks) for ref, mocks in request.task_ref_to_mock_output.items()}
        self._children = request.sub_workflow_test_request
        self._messages: deque[Message] = deque()

    async def step(self) -> bool:
        """The next thing that happens; False when nothing does."""
        if self.run.workflow.status.terminal:
            return False
        if self._messages:
            await self._deliver(self._messages.popleft())
            return True
        for task in self.run.listed():
            if (mock := self._mock_for(task)) is not None:
                await self._finish(task, mock)
                return True
        return await self._wait()

    async def perform(self, command: AnyCommand) -> None:
        """Decide a command and take in what came of it. Raises what the rules raise."""
        answers: Answers = {}
        while True:
            try:
                outcome = decide(self.run, [command], self.now, answers)
                break
            except NeedsAnswer as needed:
                answers = {**answers, **{question: await self._answer(question) for question in needed.questions}}
        if (error := outcome.results[0].error) is not None:
            raise error
        if outcome.decision is not None:
            self.run.apply(outcome.decision)
            self._messages.extend(row.message for row in outcome.decision.messages)

    async def _answer(self, question: Question) -> object:
        """Scripts run; nothing that other workflows do or have done counts."""
        if isinstance(question, SlotAsked):
            return SlotStanding()
        return await self.setting.sandbox.run(question) if isinstance(question, ScriptCall) else None

    def _mock_for(self, task: Task) -> TaskMock | None:
        """The next mock of an open task; one for its full reference name counts before one for the name in the definition."""
        if task.status.terminal or task.task_type in _CONTAINERS:
            return None
        for ref in (task.ref, task.base_ref):
            if mocks := self._mocks.get(ref):
                return mocks.popleft()
        return None

    async def _finish(self, task: Task, mock: TaskMock) -> None:
        """A worker takes the task, works for as long as the mock says, and reports."""
        self.now = max(self.now, task.ready_at) + mock.queue_wait_time
        if task.ready_at:
            workflow = self.run.workflow
            self.run.claimed(claim(task, WORKER, self.now), workflow.revision + 1, workflow.wake_at)
        self.now += mock.execution_time
        await self.perform(_report(task, mock))

    async def _wait(self) -> bool:
        """Jump to the end of the WAIT that ends first, if there is one."""
        ends = [task.wait_timeout for task in self.run.listed() if not task.status.terminal and task.wait_timeout > self.now]
        if not ends:
            return False
        self.now = min(ends)
        await self.perform(Tick(workflow_id=self.run.workflow.workflow_id))
        return True

    async def _deliver(self, message: Message) -> None:
        """What the world would do about a message; only workflows that others wait for are run."""
        if isinstance(message, StartOther):
            command = OtherStarted(workflow_id=message.workflow_id, task_id=message.task_id, other_id=message.other_id)
            await self.perform(command)
        elif isinstance(message, StartChild):
            await self._run_child(message)

    async def _run_child(self, message: StartChild) -> None:
        task = self.run.task(message.task_id)
        if task is None or task.status.terminal or self._depth >= MAX_DEPTH:
            return
        test = self._children.get(task.ref) or self._children.get(task.base_ref)
        if test is None and (self._mocks.get(task.ref) or self._mocks.get(task.base_ref)):
            return
        origin = Origin(workflow_id=message.child_id, parent_workflow_id=message.workflow_id, parent_task_id=message.task_id)
        setting = msgspec.structs.replace(self.setting, now=self.now)
        try:
            child = await mock_run(setting, _child_request(message, test or WorkflowTestRequest()), origin, self._depth + 1)
        except CallerError as error:
            await self.perform(ChildNotStarted(workflow_id=message.workflow_id, task_id=message.task_id, reason=error.message))
            return
        await self.perform(_child_changed(message, child))


def _report(task: Task, mock: TaskMock) -> AnyCommand:
    status = TaskStatus(mock.status)
    if task.system:
        return FinishSystemTask(workflow_id=task.workflow_id, task_id=task.task_id, status=status, output=mock.output)
    return UpdateTask(workflow_id=task.workflow_id, task_id=task.task_id, status=status, output=Payload.of(mock.output), worker_id=WORKER)


def _child_request(message: StartChild, test: WorkflowTestRequest) -> WorkflowTestRequest:
    """What the SUB_WORKFLOW task starts, with the mocks that the test has for it."""
    return WorkflowTestRequest(
        name=test.name or message.name,
        version=test.version or message.version or None,
        workflow_def=test.workflow_def or message.definition,
        input=message.input,
        correlation_id=message.correlation_id,
        task_to_domain=message.task_to_domain,
        priority=message.priority,
        task_ref_to_mock_output=test.task_ref_to_mock_output,
        sub_workflow_test_request=test.sub_workflow_test_request,
    )


def _child_changed(message: StartChild, child: Run) -> ChildChanged:
    workflow = child.workflow
    return ChildChanged(
        workflow_id=message.workflow_id,
        task_id=message.task_id,
        child_id=message.child_id,
        child_name=workflow.name,
        child_version=workflow.version,
        status=workflow.status,
        output=workflow.output.value,
        reason=workflow.reason,
    )
