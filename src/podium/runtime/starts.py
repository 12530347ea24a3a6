"""Starts: a request to start a workflow becomes a command (spec/engine.md §2.2)."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Awaitable, Callable, Container
from itertools import count
from secrets import randbits

import msgspec
from msgspec.structs import replace

from podium.clock import Clock
from podium.engine.ids import name_uuid
from podium.errors import Conflict, Invalid, NotFound
from podium.model.body import IdempotencyStrategy, StartWorkflowRequest
from podium.model.command import SERVER, AnyCommand, StartWorkflow
from podium.model.definition import WorkflowDef
from podium.model.search import AllOf, Clause, Operator, Search
from podium.model.workflow import Workflow
from podium.runtime.registry import Registry
from podium.store.store import Store

LOCKS = 256  # starts with the same key wait for each other; others seldom do

Submit = Callable[[AnyCommand], Awaitable[object]]


def new_workflow_id(now: int) -> str:
    """A UUID of version 7: it begins with the time (epoch ms), so that rows written at the same time lie together on disk."""
    return str(uuid.UUID(int=(now & (1 << 48) - 1) << 80 | 7 << 76 | randbits(12) << 64 | 2 << 62 | randbits(62)))


class Origin(msgspec.Struct, frozen=True, kw_only=True):
    """Where a start comes from."""

    actor: str = SERVER
    workflow_id: str | None = None  # None: a new one
    parent_workflow_id: str | None = None
    parent_task_id: str | None = None
    event: str | None = None
    message_id: str | None = None


class Starts:
    """Resolves definitions and honours idempotency keys."""

    def __init__(self, registry: Registry, store: Store, clock: Clock) -> None:
        self._registry = registry
        self._store = store
        self._clock = clock
        self._locks = [asyncio.Lock() for _ in range(LOCKS)]

    async def start(self, request: StartWorkflowRequest, origin: Origin, submit: Submit) -> str:
        """Start a workflow; its id, or that of the one that already runs under the idempotency key."""
        command = self.command(request, origin)
        if not request.idempotency_key:
            return str(await submit(command))
        key = (command.definition.name, request.idempotency_key)
        async with self._locks[hash(key) % LOCKS]:
            holders = await self._holders(key)
            existing = _existing(key, holders, request.idempotency_strategy, origin.workflow_id)
            return existing or str(await submit(replace(command, workflow_id=origin.workflow_id or _keyed_id(key, holders))))

    def command(self, request: StartWorkflowRequest, origin: Origin) -> StartWorkflow:
        """The command. Raises Invalid, NotFound for an unknown definition or an unknown child of it."""
        if request.input is None and not request.external_input_payload_storage_path:
            raise Invalid("NULL input passed when starting workflow")
        definition, definition_hash = self._definition(request)
        return StartWorkflow(
            workflow_id=origin.workflow_id or new_workflow_id(self._clock.now()),
            actor=origin.actor,
            message_id=origin.message_id,
            definition=definition,
            definition_hash=definition_hash,
            input=request.input or {},
            input_path=request.external_input_payload_storage_path,
            correlation_id=request.correlation_id,
            priority=request.priority,
            task_to_domain=request.task_to_domain,
            parent_workflow_id=origin.parent_workflow_id,
            parent_task_id=origin.parent_task_id,
            event=origin.event,
            created_by=request.created_by or (origin.actor if origin.actor != SERVER else None),
            idempotency_key=request.idempotency_key or None,
        )

    def _definition(self, request: StartWorkflowRequest) -> tuple[WorkflowDef, str]:
        if request.workflow_def is not None:
            return self._registry.complete(request.workflow_def)
        if not request.name or not request.name.strip():
            raise Invalid("Workflow name cannot be null or empty")
        found = self._registry.completed(request.name, request.version)
        if found is None:
            raise NotFound(f"No such workflow defined. name={request.name}, version={request.version}")
        return found

    async def _holders(self, key: tuple[str, str]) -> dict[str, Workflow]:
        """The executions that were started with a key, by id."""
        name, text = key
        parts = (Clause("workflowType", Operator.EQUAL, (name,)), Clause("idempotencyKey", Operator.EQUAL, (text,)))
        page = await self._store.search_workflows(Search(condition=AllOf(parts)))
        # A `*` in the key finds others too.
        return {one.workflow_id: one for one in await self._store.workflows(page.ids) if one.idempotency_key == text}


def _existing(key: tuple[str, str], holders: dict[str, Workflow], strategy: IdempotencyStrategy | None, own_id: str | None) -> str | None:
    """The execution that the key names, when it is to be returned; None when a new one may start (spec/engine.md §2.4).

    Raises Conflict when it stands in the way.
    """
    in_the_way = [one for one in holders.values() if strategy is not IdempotencyStrategy.FAIL_ON_RUNNING or not one.status.terminal]
    if not in_the_way:
        return None
    if own_id in holders:
        return own_id  # the same start, delivered again
    first = in_the_way[0].workflow_id
    if strategy is IdempotencyStrategy.RETURN_EXISTING:
        return first
    name, text = key
    raise Conflict(f"Workflow {name} was already started with the idempotency key {text}", workflow_id=first)


def _keyed_id(key: tuple[str, str], holders: Container[str]) -> str:
    """The id of the next execution of a key: the same at every server, so that of two that start at once one finds the other's."""
    ids = (name_uuid(f"start:{key[0]}:{key[1]}:{generation}") for generation in count())
    return next(one for one in ids if one not in holders)
