"""Retaining in PostgreSQL: finds what has been kept long enough."""

from __future__ import annotations

from collections.abc import Sequence

from podium.model.status import WorkflowStatus
from podium.store.postgres_connection import Connection, original, plain, sql
from podium.store.store import Ended, Offspring


async def workflow_names(connection: Connection) -> list[str]:
    """See `Store.workflow_names`."""
    return [original(name) for (name,) in await connection.fetch(sql("retention")["names"])]


async def ended(connection: Connection, wanted: Ended) -> list[str]:
    """See `Store.ended`."""
    statuses = [status.value for status in wanted.statuses]
    asked = (plain(wanted.name), statuses, wanted.before, wanted.spare, wanted.limit, wanted.skip)
    return [original(workflow_id) for (workflow_id,) in await connection.fetch(sql("retention")["ended"], *asked)]


async def offspring(connection: Connection, workflow_ids: Sequence[str]) -> list[Offspring]:
    """See `Store.offspring`."""
    found = await connection.fetch(sql("retention")["offspring"], [plain(workflow_id) for workflow_id in workflow_ids])
    return [Offspring(root=original(root), workflow_id=original(below), status=WorkflowStatus(status)) for root, below, status in found]


async def delete_unused_definitions(connection: Connection, limit: int) -> int:
    """See `Store.delete_unused_definitions`."""
    await connection.execute(sql("retention")["hold_starts"])
    done = await connection.execute(sql("retention")["delete_unused_definitions"], limit)
    return int(done.rpartition(" ")[2])
