"""SQLite: the store in one file, with nothing to install."""

# ruff: noqa: D102 - the verbs have their docstrings at the port, `Store`

from __future__ import annotations

import asyncio
import shutil
import sqlite3
import tempfile
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from podium.errors import Busy
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
from podium.store import loading, naming, retaining, rows, scheduling, searching
from podium.store.connection import connect, database_path
from podium.store.saving import Saver
from podium.store.schema import migrate, migrations
from podium.store.statements import statements
from podium.store.store import Batch, Ended, Offspring, Page, Saved, Store
from podium.store.threads import READERS, Checkpointer, Readers, T, Writer


class SqliteStore(Store):
    """Implements `Store`; the docstrings of its verbs are there. All SQL runs in threads of its own."""

    shared = False

    def __init__(self, url: str, *, readers: int = READERS, writing: type[sqlite3.Connection] = sqlite3.Connection) -> None:
        """`url` is a path or a URL, see `database_path`; an empty one is a private database that ends with the store."""
        path = database_path(url)
        self._temporary = None if path else tempfile.mkdtemp(prefix="podium-")
        self.path = path or str(Path(self._temporary or "") / "podium.db")
        self._saver = Saver()
        self._opened: Writer | None = None
        self._connect = partial(connect, self.path, durable=bool(path))
        self._writing = writing
        self._readers = Readers(partial(self._connect, writes=False), readers)

    async def open(self) -> None:
        await asyncio.to_thread(self._start)

    def _start(self) -> None:
        connection = self._connect(writes=True, kind=self._writing)
        try:
            migrate(connection, migrations())
        except BaseException:
            connection.close()
            raise
        self._opened = Writer(connection, Checkpointer(self._connect(writes=True)), self._saver.forget)
        self._opened.start()

    async def close(self) -> None:
        await asyncio.to_thread(self._stop)

    def _stop(self) -> None:
        self._readers.stop()
        if self._opened is not None:
            self._opened.stop()
        if self._temporary is not None:
            shutil.rmtree(self._temporary)

    @property
    def _writer(self) -> Writer:
        if self._opened is None:
            raise Busy("The store is not open.")
        return self._opened

    async def _write(self, work: Callable[[sqlite3.Cursor], T]) -> T:
        return await self._writer.submit(lambda cursor, _: work(cursor))

    # Runs

    async def load(self, workflow_id: str, known_revision: int = 0, known_hash: str | None = None) -> StoredRun | None:
        return await self._readers.run(lambda cursor: loading.load(cursor, workflow_id, known_revision, known_hash))

    async def save(self, batch: Batch) -> Saved:
        return await self._writer.submit(lambda cursor, carefully: self._saver.save(cursor, batch, carefully))

    async def due(self, now: int, limit: int) -> list[str]:
        return await self._readers.run(lambda cursor: loading.due(cursor, now, limit))

    async def next_wake(self) -> int:
        return await self._readers.run(loading.next_wake)

    async def outbox(self, now: int, limit: int) -> list[OutboxRow]:
        return await self._readers.run(lambda cursor: loading.outbox(cursor, now, limit))

    async def postpone_message(self, outbox_id: str, due: int) -> None:
        await self._write(lambda cursor: cursor.execute(statements("outbox")["postpone"], (due, outbox_id)))

    async def delete_messages(self, outbox_ids: Sequence[str]) -> None:
        ids = rows.write(list(outbox_ids))
        await self._write(lambda cursor: cursor.execute(statements("outbox")["delete"], (ids,)))

    async def history(self, workflow_id: str, after_revision: int = 0, limit: int = 100) -> list[tuple[int, HistoryEntry]]:
        return await self._readers.run(lambda cursor: loading.history(cursor, workflow_id, after_revision, limit))

    # Retention

    async def workflow_names(self) -> list[str]:
        return await self._readers.run(retaining.workflow_names)

    async def ended(self, wanted: Ended) -> list[str]:
        return await self._readers.run(lambda cursor: retaining.ended(cursor, wanted))

    async def offspring(self, workflow_ids: Sequence[str]) -> list[Offspring]:
        return await self._readers.run(lambda cursor: retaining.offspring(cursor, workflow_ids))

    async def delete_unused_definitions(self, limit: int) -> int:
        def delete(cursor: sqlite3.Cursor) -> int:
            self._saver.forget()  # it knows which definitions are here
            return retaining.delete_unused_definitions(cursor, limit)

        return await self._write(delete)

    # Reading across runs

    async def workflows(self, workflow_ids: Sequence[str]) -> list[Workflow]:
        return await self._readers.run(lambda cursor: loading.workflows(cursor, workflow_ids))

    async def tasks(self, task_ids: Sequence[str]) -> list[Task]:
        return await self._readers.run(lambda cursor: loading.tasks(cursor, task_ids))

    async def search_workflows(self, search: Search) -> Page:
        return await self._readers.run(lambda cursor: searching.search_workflows(cursor, search))

    async def search_tasks(self, search: Search) -> Page:
        return await self._readers.run(lambda cursor: searching.search_tasks(cursor, search))

    async def search_workflows_by_tasks(self, search: Search) -> Page:
        return await self._readers.run(lambda cursor: searching.search_workflows_by_tasks(cursor, search))

    async def running_ids(self, name: str, version: int | None, start: int | None, end: int | None) -> list[str]:
        return await self._readers.run(lambda cursor: loading.running_ids(cursor, name, version, start, end))

    async def correlated(self, name: str, correlation_ids: Sequence[str], include_closed: bool) -> dict[str, list[str]]:
        return await self._readers.run(lambda cursor: loading.correlated(cursor, name, correlation_ids, include_closed))

    async def cached_outputs(self, keys: Sequence[tuple[str, str]]) -> list[CachedOutput]:
        return await self._readers.run(lambda cursor: loading.cached_outputs(cursor, keys))

    async def slot_standing(self, key: str, besides: str = "") -> SlotStanding:
        return await self._readers.run(lambda cursor: loading.slot_standing(cursor, key, besides))

    # Queues

    async def queue_sizes(self) -> dict[tuple[str, str | None], int]:
        return await self._readers.run(loading.queue_sizes)

    async def pending_tasks(self, task_type: str, start: int, count: int, statuses: Sequence[TaskStatus] = ()) -> list[Task]:
        return await self._readers.run(lambda cursor: loading.pending_tasks(cursor, task_type, start, count, statuses))

    async def poll_data(self, queue: str | None = None) -> list[PollData]:
        return await self._readers.run(lambda cursor: loading.poll_data(cursor, queue))

    async def task_logs(self, task_id: str) -> list[TaskLog]:
        return await self._readers.run(lambda cursor: loading.task_logs(cursor, task_id))

    # Schedules

    async def schedules(self, names: Sequence[str] | None = None) -> list[StoredSchedule]:
        return await self._readers.run(lambda cursor: scheduling.schedules(cursor, names))

    async def due_schedules(self, now: int, limit: int) -> list[StoredSchedule]:
        return await self._readers.run(lambda cursor: scheduling.due_schedules(cursor, now, limit))

    async def next_schedule_wake(self) -> int:
        return await self._readers.run(scheduling.next_schedule_wake)

    async def save_schedule(self, stored: StoredSchedule, executions: Sequence[StoredExecution] = (), *, over: int) -> bool:
        return await self._write(lambda cursor: scheduling.save_schedule(cursor, stored, executions, over))

    async def delete_schedule(self, name: str) -> bool:
        return await self._write(lambda cursor: scheduling.delete_schedule(cursor, name))

    async def claim_executions(self, now: int, until: int, limit: int) -> list[StoredExecution]:
        return await self._write(lambda cursor: scheduling.claim_executions(cursor, now, until, limit))

    async def save_execution(self, execution: StoredExecution) -> None:
        await self._write(lambda cursor: scheduling.save_execution(cursor, execution))

    async def executions(self, execution_ids: Sequence[str]) -> list[StoredExecution]:
        return await self._readers.run(lambda cursor: scheduling.executions(cursor, execution_ids))

    async def search_executions(self, search: Search) -> Page:
        return await self._readers.run(lambda cursor: searching.search_executions(cursor, search))

    async def prune_executions(self, keep: int, before: int) -> int:
        return await self._write(lambda cursor: scheduling.prune_executions(cursor, keep, before))

    # Definitions and other things that are kept by name

    async def workflow_definitions(self) -> list[WorkflowDef]:
        return await self._readers.run(naming.workflow_definitions)

    async def put_workflow_definitions(self, definitions: Sequence[WorkflowDef]) -> None:
        await self._write(lambda cursor: naming.put_workflow_definitions(cursor, definitions))

    async def delete_workflow_definition(self, name: str, version: int) -> bool:
        return await self._write(lambda cursor: naming.delete_workflow_definition(cursor, name, version))

    async def task_definitions(self) -> list[TaskDef]:
        return await self._readers.run(naming.task_definitions)

    async def put_task_definitions(self, definitions: Sequence[TaskDef]) -> None:
        await self._write(lambda cursor: naming.put_task_definitions(cursor, definitions))

    async def delete_task_definition(self, name: str) -> bool:
        return await self._write(lambda cursor: naming.delete_task_definition(cursor, name))

    async def kept(self, kind: str) -> dict[str, bytes]:
        return await self._readers.run(lambda cursor: naming.kept(cursor, kind))

    async def keep(self, kind: str, name: str, body: bytes) -> None:
        await self._write(lambda cursor: naming.keep(cursor, kind, name, body))

    async def exchange(self, kind: str, name: str, before: bytes, after: bytes) -> bool:
        return await self._write(lambda cursor: naming.exchange(cursor, kind, name, before, after))

    async def forget(self, kind: str, name: str) -> bytes | None:
        return await self._write(lambda cursor: naming.forget(cursor, kind, name))

    async def definitions_version(self) -> int:
        return await self._readers.run(naming.definitions_version)

    # Other servers on the same database: there are none

    async def listen(self, hear: Callable[[str], None]) -> None:
        """Nobody tells anything."""

    async def tell(self, words: Sequence[str]) -> None:
        """Nobody hears it."""
