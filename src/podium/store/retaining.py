"""Retaining: finds what has been kept long enough."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

from podium.model.status import WorkflowStatus
from podium.store import rows
from podium.store.loading import one
from podium.store.statements import statements
from podium.store.store import Ended, Offspring


def workflow_names(cursor: sqlite3.Cursor) -> list[str]:
    """See `Store.workflow_names`."""
    return rows.decode_ids(one(cursor, "retention", "names"))


def ended(cursor: sqlite3.Cursor, wanted: Ended) -> list[str]:
    """See `Store.ended`."""
    statuses = rows.write([status.value for status in wanted.statuses])
    asked = {"name": wanted.name, "statuses": statuses, "before": wanted.before, "spare": wanted.spare, "skip": wanted.skip}
    return rows.decode_ids(one(cursor, "retention", "ended", asked | {"limit": wanted.limit}))


def offspring(cursor: sqlite3.Cursor, workflow_ids: Sequence[str]) -> list[Offspring]:
    """See `Store.offspring`."""
    found = rows.decode_rows(one(cursor, "retention", "offspring", (rows.write(list(workflow_ids)),)))
    return [Offspring(root=root, workflow_id=workflow_id, status=WorkflowStatus(status)) for root, workflow_id, status in found]


def delete_unused_definitions(cursor: sqlite3.Cursor, limit: int) -> int:
    """See `Store.delete_unused_definitions`."""
    return cursor.execute(statements("retention")["delete_unused_definitions"], (limit,)).rowcount
