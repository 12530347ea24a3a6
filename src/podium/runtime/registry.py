"""Registry: everything that is kept by name, in memory, in step with the store."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Coroutine, Mapping, Sequence
from functools import update_wrapper
from typing import Any, Concatenate, ParamSpec, TypeVar

import msgspec
from msgspec.structs import replace

from podium.clock import Clock
from podium.engine.definitions import complete, definition_hash
from podium.engine.graph import Program, compile_definition
from podium.errors import Conflict, NotFound
from podium.model.definition import SchemaDef, TaskDef, WorkflowDef
from podium.model.event import EventHandler
from podium.runtime.polls import Polls
from podium.runtime.schemas import Schemas
from podium.runtime.secrets import Access, may
from podium.runtime.tags import Tags
from podium.runtime.vault import Vault
from podium.store.store import Store

MOST_PROGRAMS = 2_000
# Kinds of what the store keeps by name.
EVENT_HANDLER = "event_handler"
ENVIRONMENT = "environment"

_decode_handler = msgspec.json.Decoder(EventHandler).decode


Given = ParamSpec("Given")
Result = TypeVar("Result")
Change = Callable[Concatenate["Registry", Given], Coroutine[Any, Any, Result]]


def _alone(change: Change[Given, Result]) -> Change[Given, Result]:
    """Nothing else is changed or read again meanwhile: what is read again may be older than what has just been changed."""

    async def changed(registry: Registry, /, *args: Given.args, **kwargs: Given.kwargs) -> Result:
        async with registry.lock:
            return await change(registry, *args, **kwargs)

    return update_wrapper(changed, change)


class Registry:
    """Definitions, schemas, event handlers, the environment, secrets and tags; the engine's catalog."""

    def __init__(
        self, store: Store, clock: Clock, polls: Polls, variables: Mapping[str, str] | None = None, vault: Vault | None = None
    ) -> None:
        self._store = store
        self._clock = clock
        self._polls = polls
        self._variables = dict(variables or {})
        self._vault = vault
        self._workflows: dict[str, dict[int, WorkflowDef]] = {}
        self._tasks: dict[str, TaskDef] = {}
        self._limited: dict[str, TaskDef] = {}
        self._handlers: dict[str, EventHandler] = {}
        self._environment: dict[str, str] = {}
        self.schemas = Schemas(store, clock)
        self.tags = Tags(store)
        self._completed: dict[tuple[str, int | None], tuple[WorkflowDef, str]] = {}
        self._programs: OrderedDict[str, Program] = OrderedDict()
        self.lock = asyncio.Lock()
        self._version = 0  # of what the store held when it was read

    @_alone
    async def load(self) -> None:
        """Read everything from the store; nobody sees a part of it. Raises LostKey."""
        version = await self._store.definitions_version()
        workflows = await self._store.workflow_definitions()
        tasks = await self._store.task_definitions()
        handlers = await self._store.kept(EVENT_HANDLER)
        environment = await self._store.kept(ENVIRONMENT)
        await self.schemas.load()
        await self.tags.load()
        if self._vault is not None:
            await self._vault.load()
        self._version = version
        self._workflows = {}
        for definition in workflows:
            self._workflows.setdefault(definition.name, {})[definition.version] = definition
        self._tasks = {definition.name: definition for definition in tasks}
        self._find_limited()
        self._handlers = {name: _decode_handler(body) for name, body in handlers.items()}
        self._environment = {name: value.decode() for name, value in environment.items()}
        self._completed.clear()

    async def catch_up(self) -> bool:
        """Take in what other servers have changed; whether they had. What this one has changed counts, too."""
        behind = False
        while await self._store.definitions_version() != self._version:
            behind = True
            await self.load()
        return behind

    # Workflow definitions

    def workflow_definition(self, name: str, version: int | None) -> WorkflowDef | None:
        """The definition; the one with the highest version when none is given."""
        versions = self._workflows.get(name)
        if not versions:
            return None
        return versions.get(max(versions) if version is None else version)

    def workflow_versions(self, name: str) -> list[WorkflowDef]:
        """All versions of a name, lowest first."""
        versions = self._workflows.get(name, {})
        return [versions[version] for version in sorted(versions)]

    def all_workflow_definitions(self) -> list[WorkflowDef]:
        """All versions of all names, by name and version."""
        return [definition for name in sorted(self._workflows) for definition in self.workflow_versions(name)]

    @_alone
    async def put_workflow_definitions(self, definitions: Sequence[WorkflowDef], *, overwrite: bool) -> None:
        """Keep definitions. Raises Conflict when one exists and is not to be overwritten; then none is kept."""
        for definition in definitions:
            if not overwrite and self.workflow_definition(definition.name, definition.version) is not None:
                raise Conflict(f"Workflow with {definition.name}.{definition.version} already exists!")
        now = self._clock.now()
        dated = [self._dated(definition, now) for definition in definitions]
        await self._store.put_workflow_definitions(dated)
        for definition in dated:
            self._workflows.setdefault(definition.name, {})[definition.version] = definition
        self._completed.clear()

    def _dated(self, definition: WorkflowDef, now: int) -> WorkflowDef:
        known = self.workflow_definition(definition.name, definition.version)
        if known is None:
            return replace(definition, create_time=now)
        return replace(definition, create_time=known.create_time, update_time=now)

    @_alone
    async def delete_workflow_definition(self, name: str, version: int) -> None:
        """Forget a version. Raises NotFound."""
        if not await self._store.delete_workflow_definition(name, version):
            raise NotFound(f"No such workflow found by name: {name}, version: {version}")
        versions = self._workflows.get(name, {})
        versions.pop(version, None)
        if not versions:
            self._workflows.pop(name, None)
        self._completed.clear()

    def completed(self, name: str, version: int | None) -> tuple[WorkflowDef, str] | None:
        """A registered definition with everything filled in that a run needs, and its hash (spec/engine.md §2.2 step 2)."""
        known = self._completed.get((name, version))
        if known is None:
            definition = self.workflow_definition(name, version)
            if definition is None:
                return None
            known = self._completed[name, version] = self.complete(definition)
        return known

    def complete(self, definition: WorkflowDef) -> tuple[WorkflowDef, str]:
        """Any definition with everything filled in, and its hash. Raises NotFound for an unknown child, Invalid for a blank name."""
        completed = complete(definition, self)
        return completed, definition_hash(completed)

    def program(self, definition: WorkflowDef, content_hash: str) -> Program:
        """The compiled form of a completed definition."""
        program = self._programs.get(content_hash)
        if program is None:
            program = self._programs[content_hash] = compile_definition(definition, content_hash)
            if len(self._programs) > MOST_PROGRAMS:
                self._programs.popitem(last=False)
        return program

    # Task definitions

    def task_definition(self, name: str) -> TaskDef | None:
        """The definition of a name."""
        return self._tasks.get(name)

    def all_task_definitions(self) -> list[TaskDef]:
        """All, by name."""
        return [self._tasks[name] for name in sorted(self._tasks)]

    @_alone
    async def put_task_definitions(self, definitions: Sequence[TaskDef], actor: str) -> None:
        """Keep definitions; those that exist are replaced."""
        now = self._clock.now()
        dated = [self._dated_task(definition, actor, now) for definition in definitions]
        await self._store.put_task_definitions(dated)
        self._tasks.update({definition.name: definition for definition in dated})
        self._find_limited()
        self._completed.clear()

    def _dated_task(self, definition: TaskDef, actor: str, now: int) -> TaskDef:
        known = self._tasks.get(definition.name)
        if known is None:
            return replace(definition, create_time=now, created_by=actor)
        return replace(definition, create_time=known.create_time, created_by=known.created_by, update_time=now, updated_by=actor)

    @_alone
    async def delete_task_definition(self, name: str) -> None:
        """Forget a definition. Raises NotFound."""
        if not await self._store.delete_task_definition(name):
            raise NotFound(f"No such taskType found by name: {name}")
        self._tasks.pop(name, None)
        self._find_limited()
        self._completed.clear()

    def limited(self) -> dict[str, TaskDef]:
        """The definitions that limit how many of their tasks run at once, or in a while."""
        return self._limited

    def _find_limited(self) -> None:
        self._limited = {name: one for name, one in self._tasks.items() if one.concurrent_exec_limit or one.rate_limit_per_frequency > 0}

    # Event handlers

    def event_handler(self, name: str) -> EventHandler | None:
        """The handler of a name."""
        return self._handlers.get(name)

    def all_event_handlers(self) -> list[EventHandler]:
        """All, by name."""
        return [self._handlers[name] for name in sorted(self._handlers)]

    def event_handlers_of(self, event: str) -> list[EventHandler]:
        """The handlers of exactly this event, active or not, by name."""
        return [handler for handler in self.all_event_handlers() if handler.event == event]

    @_alone
    async def put_event_handler(self, handler: EventHandler) -> None:
        """Keep a handler; one of the same name is replaced."""
        name = handler.name or ""
        await self._store.keep(EVENT_HANDLER, name, msgspec.json.encode(handler))
        self._handlers[name] = handler

    @_alone
    async def delete_event_handler(self, name: str) -> None:
        """Forget a handler. Raises NotFound."""
        if await self._store.forget(EVENT_HANDLER, name) is None:
            raise NotFound(f"EventHandler with name {name} not found!")
        self._handlers.pop(name, None)

    # Schemas

    def schema(self, name: str, version: int | None) -> SchemaDef | None:
        """The schema; the one with the highest version when none is given."""
        return self.schemas.get(name, version)

    @_alone
    async def put_schemas(self, schemas: Sequence[SchemaDef], actor: str, *, new_version: bool) -> None:
        """Keep schemas: those that exist are replaced, or with `new_version` stored as the version after the latest."""
        await self.schemas.put(schemas, actor, new_version=new_version)
        self._completed.clear()

    @_alone
    async def delete_schema(self, name: str, version: int | None) -> None:
        """Forget a version, or all when none is given; runs keep what they began with. Raises NotFound."""
        await self.schemas.delete(name, version)
        self._completed.clear()

    # Environment

    def environment(self, name: str) -> str | None:
        """The value behind `${workflow.env.NAME}`."""
        return self._environment.get(name)

    def all_environment(self) -> dict[str, str]:
        """All names and values, by name."""
        return dict(sorted(self._environment.items()))

    @_alone
    async def put_environment(self, name: str, value: str) -> None:
        """Keep a value."""
        await self._store.keep(ENVIRONMENT, name, value.encode())
        self._environment[name] = value

    @_alone
    async def delete_environment(self, name: str) -> str | None:
        """Forget a value; the one there was."""
        await self._store.forget(ENVIRONMENT, name)
        return self._environment.pop(name, None)

    # What else rules may ask

    def secret(self, name: str, starter: str) -> str | None:
        """The value behind `${workflow.secrets.NAME}`, for the workflows of who may read it."""
        return self._vault.value(name) if self._vault is not None and may(starter, Access.READ, name) else None

    def variable(self, name: str) -> str | None:
        """A process variable that the settings expose."""
        return self._variables.get(name)

    def heard(self, event: str) -> bool:
        """Whether a handler is there for exactly this event, active or not."""
        return any(handler.event == event for handler in self._handlers.values())

    def active_domain(self, task_type: str, domains: Sequence[str]) -> str | None:
        """The domain to use of a list (spec/engine.md §2.7)."""
        return self._polls.active_domain(task_type, domains)
