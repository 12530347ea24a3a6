"""Events: what the active handlers of an event do when a message arrives (spec/engine.md §10.6, spec/platform.md §1.5-1.8)."""

from __future__ import annotations

import json
from collections.abc import Callable, Coroutine
from typing import Any, Final

import msgspec

from podium import log
from podium.clock import Clock
from podium.engine.evaluators import ScriptFailed, evaluate, truthy
from podium.engine.ids import name_uuid
from podium.engine.path import PathError
from podium.engine.run import Run
from podium.engine.template import DocumentScope, TemplateTooDeep, compile_template
from podium.errors import CallerError
from podium.model.body import StartWorkflowRequest
from podium.model.command import TerminateWorkflow, UpdateTask, UpdateVariables
from podium.model.event import Action, EventHandler, StartAction, TaskDetails, TerminateAction, VariablesAction
from podium.model.json import Json, JsonObject
from podium.model.payload import Payload
from podium.model.status import TaskStatus
from podium.model.task import Task
from podium.runtime.executor import Executor
from podium.runtime.oracle import Sandbox
from podium.runtime.registry import Registry
from podium.runtime.script import with_time
from podium.runtime.starts import Origin

KNOWN_SINKS: Final = ("conductor",)  # providers that an EVENT task may publish to
MESSAGE_ID: Final = "conductor.event.messageId"
EVENT_NAME: Final = "conductor.event.name"
EVALUATORS: Final = frozenset({"javascript", "graaljs", "value-param", "python"})
MOST_LEVELS: Final = 32  # of JSON inside of JSON text


class Message(msgspec.Struct, frozen=True, kw_only=True):
    """One message on its way through one handler."""

    event: str
    message_id: str
    payload: Json
    outbox_id: str | None  # what a command consumes that must not happen twice
    handler: EventHandler
    actor: str
    created_at: int  # epoch ms


class EventScope(DocumentScope):
    """A payload as the templates of actions see it; `event` falls back to the payload's root, then to the envelope."""

    def __init__(self, message: Message, payload: Json, env: Callable[[str], str | None]) -> None:
        self._payload: JsonObject = payload if isinstance(payload, dict) else {}
        self._envelope: JsonObject = {
            "payload": payload,
            "event": message.event,
            "name": message.handler.name,
            "id": message.message_id,
            "createdAt": message.created_at,
        }
        super().__init__(self._payload, env=env)

    def field(self, root: str, name: str) -> Json:
        """The value at `root.name`."""
        found = super().field(root, name)
        if found is not None or root != "event":
            return found
        value = self._payload.get(name)
        return self._envelope.get(name) if value is None else value


class Events:
    """Runs handlers, one action after the other; each has an id of its own, so that a message that comes twice does nothing twice."""

    def __init__(self, registry: Registry, executor: Executor, sandbox: Sandbox, clock: Clock) -> None:
        self._registry = registry
        self._executor = executor
        self._sandbox = sandbox
        self._clock = clock

    async def deliver(self, event: str, message_id: str, payload: Json, outbox_id: str | None = None) -> int:
        """Run all active handlers of exactly this event; how many there were.

        A failing condition or action is logged and harms no other. Raises TryAgain and the like: then deliver the message again.
        """
        handlers = [handler for handler in self._registry.event_handlers_of(event) if handler.active]
        for handler in handlers:
            message = Message(
                event=event,
                message_id=message_id,
                payload=payload,
                outbox_id=outbox_id if handler is handlers[-1] else None,
                handler=handler,
                actor=handler.created_by or f"event:{handler.name}",
                created_at=self._clock.now(),
            )
            await self._handle(message)
        return len(handlers)

    async def _handle(self, message: Message) -> None:
        try:
            wanted = await self._condition(message)
        except (CallerError, ScriptFailed) as refusal:
            _report(message, refusal)
            return
        if not wanted:
            return
        for index in _in_order(message.handler.actions):
            try:
                await self._act(message, index)
            except (CallerError, PathError, TemplateTooDeep, msgspec.ValidationError) as refusal:
                _report(message, refusal)

    async def _condition(self, message: Message) -> bool:
        """Whether the handler wants the message (spec/platform.md §1.6)."""
        condition = message.handler.condition
        if not condition or not condition.strip():
            return True
        document = expanded(message.payload)
        if isinstance(document, dict) and "event" not in document:
            document = {**document, "event": document}
        language = message.handler.evaluator_type
        known = language if language in EVALUATORS else "javascript"
        return truthy(await with_time(self._sandbox, lambda answers: evaluate(known, condition, document, answers)))

    async def _act(self, message: Message, index: int) -> None:
        action = message.handler.actions[index]
        run = _ACTIONS.get(action.action or "")
        details = _details(action)
        if run is None or details is None:
            return
        payload = expanded(message.payload) if action.expandInlineJSON else message.payload
        scope = EventScope(message, payload, self._registry.environment)
        resolved = compile_template(msgspec.to_builtins(details))(scope)
        await run(self, message, index, msgspec.convert(resolved, type(details), strict=False))

    async def _start_workflow(self, message: Message, index: int, action: StartAction) -> None:
        """Start a workflow under an id that is derived from the message, the handler and the place of the action."""
        payload = message.payload if isinstance(message.payload, dict) else {}
        domains = payload.get("taskToDomain")
        request = StartWorkflowRequest(
            name=action.name,
            version=action.version,
            input={**action.input, MESSAGE_ID: message.message_id, EVENT_NAME: message.event},
            correlation_id=action.correlation_id,
            task_to_domain=action.task_to_domain or (msgspec.convert(domains, dict[str, str]) if isinstance(domains, dict) else {}),
        )
        workflow_id = name_uuid(f"event:{message.event}:{message.message_id}:{message.handler.name}:{index}")
        await self._executor.start_from(request, Origin(actor=message.actor, workflow_id=workflow_id, event=message.event))

    async def _complete_task(self, message: Message, _index: int, details: TaskDetails) -> None:
        await self._finish_task(message, details, TaskStatus.COMPLETED)

    async def _fail_task(self, message: Message, _index: int, details: TaskDetails) -> None:
        await self._finish_task(message, details, TaskStatus.FAILED)

    async def _finish_task(self, message: Message, details: TaskDetails, status: TaskStatus) -> None:
        """End a task; one that has ended already stays as it is."""
        if not details.workflow_id:
            return
        task = find_task(await self._executor.read(details.workflow_id), details)
        if task is None:
            return
        output: JsonObject = {
            "workflowId": details.workflow_id,
            "taskId": details.task_id,
            "taskRefName": details.task_ref_name,
            "reasonForIncompletion": details.reason_for_incompletion,
            **details.output,
            MESSAGE_ID: message.message_id,
            EVENT_NAME: message.event,
        }
        command = UpdateTask(
            workflow_id=task.workflow_id,
            actor=message.actor,
            task_id=task.task_id,
            status=status,
            output=Payload.of(output),
            reason=details.reason_for_incompletion,
            worker_id=task.worker_id,
        )
        await self._executor.submit(command)

    async def _terminate_workflow(self, message: Message, _index: int, action: TerminateAction) -> None:
        if action.workflow_id:
            command = TerminateWorkflow(workflow_id=action.workflow_id, actor=message.actor, reason=action.termination_reason)
            await self._executor.submit(command)

    async def _update_variables(self, message: Message, index: int, action: VariablesAction) -> None:
        """Merge variables. Appending twice would show, so the last of these takes the message with it."""
        if not action.workflow_id:
            return
        last = index == _in_order(message.handler.actions)[-1]
        command = UpdateVariables(
            workflow_id=action.workflow_id,
            actor=message.actor,
            message_id=message.outbox_id if last else None,
            variables=action.variables,
            append_array=bool(action.append_array),
        )
        await self._executor.submit(command)


_ACTIONS: Final[dict[str, Callable[[Events, Message, int, Any], Coroutine[Any, Any, None]]]] = {
    "start_workflow": Events._start_workflow,  # noqa: SLF001 - the table of its own methods
    "complete_task": Events._complete_task,  # noqa: SLF001
    "fail_task": Events._fail_task,  # noqa: SLF001
    "terminate_workflow": Events._terminate_workflow,  # noqa: SLF001
    "update_workflow_variables": Events._update_variables,  # noqa: SLF001
}


def _details(action: Action) -> StartAction | TaskDetails | TerminateAction | VariablesAction | None:
    """What the action is to do."""
    match action.action:
        case "start_workflow":
            return action.start_workflow
        case "complete_task":
            return action.complete_task
        case "fail_task":
            return action.fail_task
        case "terminate_workflow":
            return action.terminate_workflow
        case "update_workflow_variables":
            return action.update_workflow_variables
        case _:
            return None


def _in_order(actions: list[Action]) -> list[int]:
    """The places of actions in the order in which they run: those that would show if they were repeated come last."""
    return sorted(range(len(actions)), key=lambda index: actions[index].action == "update_workflow_variables")


def find_task(run: Run, details: TaskDetails) -> Task | None:
    """The task that an event means: by id, or by reference name with its highest iteration (spec/engine.md §10.6)."""
    if details.task_id:
        return run.task(details.task_id)
    named = [task for task in run.listed() if details.task_ref_name in (task.ref, task.base_ref)]
    return max(named, key=lambda task: (task.iteration, task.seq), default=None)


def expanded(value: Json, levels: int = MOST_LEVELS) -> Json:
    """The value with every text that holds a JSON object or list replaced by it, at any depth (spec/platform.md §1.7)."""
    if levels == 0:
        return value
    if isinstance(value, str):
        text = value.strip()
        if not text.startswith(("{", "[")):
            return value
        try:
            return expanded(json.loads(text), levels - 1)
        except (ValueError, RecursionError):
            return value
    if isinstance(value, dict):
        return {key: expanded(child, levels - 1) for key, child in value.items()}
    if isinstance(value, list):
        return [expanded(child, levels - 1) for child in value]
    return value


def _report(message: Message, cause: Exception) -> None:
    log.warning(log.Event.EVENT_ACTION_FAILED, handler=message.handler.name or "", queue=message.event, reason=str(cause))
