"""PostgreSQL: the store that many servers share."""

# ruff: noqa: D102 - the verbs have their docstrings at the port, `Store`

from __future__ import annotations

from collections.abc import Callable, Sequence

from podium.model.cached_output import CachedOutput
from podium.model.decision import HistoryEntry
from podium.model.definition import TaskDef, WorkflowDef
from podium.model.message import OutboxRow
from podium.model.schedule import StoredExecution, StoredSchedule
from podium.model.search import Search
from podium.model.slot import SlotStanding
from podium.model.status import TaskStatus
from podium.model.task import PollData, Task, TaskLog
from podium.model.workflow import StoredRun, Workflow
from podium.store import postgres_loading as loading
from podium.store import postgres_naming as naming
from podium.store import postgres_retaining as retaining
from podium.store import postgres_scheduling as scheduling
from podium.store import postgres_searching as searching
from podium.store.postgres_connection import UNWRITABLE, Connection, Pool, plain, sql
from podium.store.postgres_notices import Notices
from podium.store.postgres_saving import Saving
from podium.store.postgres_schema import migrate
from podium.store.schema import migrations
from podium.store.store import Batch, Ended, Offspring, Page, Saved, Store

CONNECTIONS = 10
WRITERS = 2  # of them


class PostgresStore(Store):
    """Implements `Store`; the docstrings of its verbs are there. A verb raises Busy when the database cannot be reached."""

    shared = True

    def __init__(self, url: str, *, connections: int = CONNECTIONS, prepared: bool = True, kind: type[Connection] = Connection) -> None:
        """`url`: postgresql://…; `connections`: at most so many; `prepared` False: behind a pooler in transaction mode."""
        # Apart, so that no commit waits until somebody's search has read everything.
        self._writing = Pool(url, WRITERS, prepared=prepared, kind=kind)
        self._reading = Pool(url, max(1, connections - WRITERS), prepared=prepared, kind=kind)
        self.notices = Notices(url) if prepared else None  # a pooler hands on no words either
        self._known_definitions: frozenset[str] = frozenset()

    async def open(self) -> None:
        await self._writing.open()
        await self._reading.open()
        await self._writing.write(lambda connection: migrate(connection, migrations("migrations_postgres")))

    async def close(self) -> None:
        await self._reading.close()
        await self._writing.close()

    # Runs

    async def load(self, workflow_id: str, known_revision: int = 0, known_hash: str | None = None) -> StoredRun | None:
        return await self._reading.read(lambda connection: loading.load(connection, workflow_id, known_revision, known_hash))

    async def save(self, batch: Batch) -> Saved:
        try:
            return await self._save(batch, carefully=False)
        except UNWRITABLE:
            self._known_definitions = frozenset()  # perhaps that is what was wrong
            return await self._save(batch, carefully=True)

    async def _save(self, batch: Batch, *, carefully: bool) -> Saved:
        async def work(connection: Connection) -> tuple[Saved, frozenset[str]]:
            # What we know to be stored another server may have deleted since: after a failure nothing is known.
            saving = Saving(connection, batch, frozenset() if carefully else self._known_definitions)
            return await saving.run(carefully=carefully), saving.learnt

        saved, learnt = await self._writing.write(work)
        self._known_definitions |= learnt
        return saved

    async def due(self, now: int, limit: int) -> list[str]:
        return await self._reading.read(lambda connection: loading.due(connection, now, limit))

    async def next_wake(self) -> int:
        return await self._reading.read(loading.next_wake)

    async def outbox(self, now: int, limit: int) -> list[OutboxRow]:
        return await self._reading.read(lambda connection: loading.outbox(connection, now, limit))

    async def postpone_message(self, outbox_id: str, due: int) -> None:
        await self._writing.write(lambda connection: connection.execute(sql("outbox")["postpone"], due, plain(outbox_id)))

    async def delete_messages(self, outbox_ids: Sequence[str]) -> None:
        ids = [plain(outbox_id) for outbox_id in outbox_ids]
        await self._writing.write(lambda connection: connection.execute(sql("outbox")["delete"], ids))

    async def history(self, workflow_id: str, after_revision: int = 0, limit: int = 100) -> list[tuple[int, HistoryEntry]]:
        return await self._reading.read(lambda connection: loading.history(connection, workflow_id, after_revision, limit))

    # Retention

    async def workflow_names(self) -> list[str]:
        return await self._reading.read(retaining.workflow_names)

    async def ended(self, wanted: Ended) -> list[str]:
        return await self._reading.read(lambda connection: retaining.ended(connection, wanted))

    async def offspring(self, workflow_ids: Sequence[str]) -> list[Offspring]:
        return await self._reading.read(lambda connection: retaining.offspring(connection, workflow_ids))

    async def delete_unused_definitions(self, limit: int) -> int:
        self._known_definitions = frozenset()
        return await self._writing.write(lambda connection: retaining.delete_unused_definitions(connection, limit))

    # Reading across runs

    async def workflows(self, workflow_ids: Sequence[str]) -> list[Workflow]:
        return await self._reading.read(lambda connection: loading.workflows(connection, workflow_ids))

    async def tasks(self, task_ids: Sequence[str]) -> list[Task]:
        return await self._reading.read(lambda connection: loading.tasks(connection, task_ids))

    async def search_workflows(self, search: Search) -> Page:
        return await self._reading.read(lambda connection: searching.search_workflows(connection, search))

    async def search_tasks(self, search: Search) -> Page:
        return await self._reading.read(lambda connection: searching.search_tasks(connection, search))

    async def search_workflows_by_tasks(self, search: Search) -> Page:
        return await self._reading.read(lambda connection: searching.search_workflows_by_tasks(connection, search))

    async def running_ids(self, name: str, version: int | None, start: int | None, end: int | None) -> list[str]:
        return await self._reading.read(lambda connection: loading.running_ids(connection, name, version, start, end))

    async def correlated(self, name: str, correlation_ids: Sequence[str], include_closed: bool) -> dict[str, list[str]]:
        return await self._reading.read(lambda connection: loading.correlated(connection, name, correlation_ids, include_closed))

    async def cached_outputs(self, keys: Sequence[tuple[str, str]]) -> list[CachedOutput]:
        return await self._reading.read(lambda connection: loading.cached_outputs(connection, keys))

    async def slot_standing(self, key: str, besides: str = "") -> SlotStanding:
        return await self._reading.read(lambda connection: loading.slot_standing(connection, key, besides))

    # Queues

    async def queue_sizes(self) -> dict[tuple[str, str | None], int]:
        return await self._reading.read(loading.queue_sizes)

    async def pending_tasks(self, task_type: str, start: int, count: int, statuses: Sequence[TaskStatus] = ()) -> list[Task]:
        return await self._reading.read(lambda connection: loading.pending_tasks(connection, task_type, start, count, statuses))

    async def poll_data(self, queue: str | None = None) -> list[PollData]:
        return await self._reading.read(lambda connection: loading.poll_data(connection, queue))

    async def task_logs(self, task_id: str) -> list[TaskLog]:
        return await self._reading.read(lambda connection: loading.task_logs(connection, task_id))

    # Schedules

    async def schedules(self, names: Sequence[str] | None = None) -> list[StoredSchedule]:
        return await self._reading.read(lambda connection: scheduling.schedules(connection, names))

    async def due_schedules(self, now: int, limit: int) -> list[StoredSchedule]:
        return await self._reading.read(lambda connection: scheduling.due_schedules(connection, now, limit))

    async def next_schedule_wake(self) -> int:
        return await self._reading.read(scheduling.next_schedule_wake)

    async def save_schedule(self, stored: StoredSchedule, executions: Sequence[StoredExecution] = (), *, over: int) -> bool:
        return await self._writing.write(lambda connection: scheduling.save_schedule(connection, stored, executions, over))

    async def delete_schedule(self, name: str) -> bool:
        return await self._writing.write(lambda connection: scheduling.delete_schedule(connection, name))

    async def claim_executions(self, now: int, until: int, limit: int) -> list[StoredExecution]:
        return await self._writing.write(lambda connection: scheduling.claim_executions(connection, now, until, limit))

    async def save_execution(self, execution: StoredExecution) -> None:
        await self._writing.write(lambda connection: scheduling.save_execution(connection, execution))

    async def executions(self, execution_ids: Sequence[str]) -> list[StoredExecution]:
        return await self._reading.read(lambda connection: scheduling.executions(connection, execution_ids))

    async def search_executions(self, search: Search) -> Page:
        return await self._reading.read(lambda connection: searching.search_executions(connection, search))

    async def prune_executions(self, keep: int, before: int) -> int:
        return await self._writing.write(lambda connection: scheduling.prune_executions(connection, keep, before))

    # Definitions and other things that are kept by name

    async def workflow_definitions(self) -> list[WorkflowDef]:
        return await self._reading.read(naming.workflow_definitions)

    async def put_workflow_definitions(self, definitions: Sequence[WorkflowDef]) -> None:
        await self._writing.write(lambda connection: naming.put_workflow_definitions(connection, definitions))

    async def delete_workflow_definition(self, name: str, version: int) -> bool:
        return await self._writing.write(lambda connection: naming.delete_workflow_definition(connection, name, version))

    async def task_definitions(self) -> list[TaskDef]:
        return await self._reading.read(naming.task_definitions)

    async def put_task_definitions(self, definitions: Sequence[TaskDef]) -> None:
        await self._writing.write(lambda connection: naming.put_task_definitions(connection, definitions))

    async def delete_task_definition(self, name: str) -> bool:
        return await self._writing.write(lambda connection: naming.delete_task_definition(connection, name))

    async def kept(self, kind: str) -> dict[str, bytes]:
        return await self._reading.read(lambda connection: naming.kept(connection, kind))

    async def keep(self, kind: str, name: str, body: bytes) -> None:
        await self._writing.write(lambda connection: naming.keep(connection, kind, name, body))

    async def exchange(self, kind: str, name: str, before: bytes, after: bytes) -> bool:
        return await self._writing.write(lambda connection: naming.exchange(connection, kind, name, before, after))

    async def forget(self, kind: str, name: str) -> bytes | None:
        return await self._writing.write(lambda connection: naming.forget(connection, kind, name))

    async def definitions_version(self) -> int:
        return await self._reading.read(naming.definitions_version)

    # Other servers on the same database

    async def listen(self, hear: Callable[[str], None]) -> None:
        if self.notices is not None:
            await self.notices.listen(hear)

    async def tell(self, words: Sequence[str]) -> None:
        if self.notices is not None:
            await self.notices.tell(words)
