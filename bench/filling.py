"""Filling: a database with as many finished runs as asked for, made by SQL, much faster than by running them."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from podium.model.definition import WorkflowDef, WorkflowTask
from podium.store import rows
from podium.store.connection import connect
from podium.store.schema import migrate, migrations

NAMES = 20  # of workflows; each has two tasks' names
START = 1_700_000_000_000
STEP_MS = 100  # between two starts
_PART = 50_000
_HASH = "0" * 64
# Of a thousand runs 5 fail and 1 is open. The numbers are i.
_WORKFLOWS = """
INSERT INTO workflow (
    workflow_id, revision, status, wake_at, end_time, update_time, task_count, last_seq, name, version, definition_hash, create_time,
    priority, correlation_id, reason, classifier, cold, input_id, output_id, number
)
SELECT
    id, 4, status, 0, iif(status = 'RUNNING', 0, at + 500), at + 500, 1, 1, 'flow_' || (i % :names), 1, :hash, at, 0,
    'customer-' || (i / 10), iif(status = 'FAILED', 'The card was declined', NULL), 'workflow', '{}', 2 * i, 2 * i + 1, i
FROM made;
"""
_TASKS = """
INSERT INTO task (
    workflow_id, number, revision, status, queue, priority, ready_at, created, task_id, task_type, def_name, ref, scheduled_time,
    start_time, end_time, update_time, callback_after_seconds, lease_ms, poll_count, cold
)
SELECT
    id, 1, 4, iif(status = 'RUNNING', 'SCHEDULED', status), kind, 0, iif(status = 'RUNNING', at, 0), i, hex(randomblob(16)), kind, kind,
    'step', at, iif(status = 'RUNNING', 0, at + 9), iif(status = 'RUNNING', 0, at + 500), at + 500, 0, 0, 1, '{"base_ref":"step"}'
FROM made;
"""
_PAYLOADS = """
INSERT INTO payload (payload_id, body)
SELECT 2 * i, '{"orderId":"ORD-' || i || '","city":"' || iif(i % 3, 'Lisbon', 'Oslo') || '"}' FROM made
UNION ALL SELECT 2 * i + 1, '{"receipt":"' || lower(hex(randomblob(6))) || '"}' FROM made;
"""
_MADE = """
CREATE TEMP TABLE made AS
WITH RECURSIVE counted (i) AS (SELECT :first UNION ALL SELECT i + 1 FROM counted WHERE i < :last)
SELECT
    i, lower(hex(randomblob(16))) AS id, :start + i * :step AS at, 'work_' || (i % :names) || '_' || (i % 2) AS kind,
    CASE WHEN i % 1000 = 7 THEN 'RUNNING' WHEN i % 200 = 3 THEN 'FAILED' ELSE 'COMPLETED' END AS status
FROM counted;
"""
_START_TEXTS = """
INSERT INTO workflow_text (rowid, words)
SELECT w.start_id, w.start_words FROM made CROSS JOIN workflow_words AS w ON w.workflow_id = made.id;
"""
_END_TEXTS = """
INSERT INTO workflow_text (rowid, words)
SELECT w.end_id, w.end_words FROM made CROSS JOIN workflow_words AS w ON w.workflow_id = made.id WHERE w.end_words IS NOT NULL;
"""


def fill(file: Path, runs: int) -> None:
    """A new database with this many runs of one task, as small as runs are."""
    connection = connect(str(file), writes=True, durable=False)
    connection.execute("PRAGMA cache_size = -500000")
    migrate(connection, migrations())
    tasks = [WorkflowTask(name="step", task_reference_name="step")]
    body = rows.snapshot_body(WorkflowDef(name="flow", version=1, tasks=tasks))
    connection.execute("INSERT INTO definition_snapshot VALUES (?, ?)", (_HASH, body))
    for first in range(1, runs + 1, _PART):
        _part(connection, {"first": first, "last": min(first + _PART - 1, runs)})
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()


def _part(connection: sqlite3.Connection, numbers: dict[str, int]) -> None:
    values = {**numbers, "start": START, "step": STEP_MS, "names": NAMES, "hash": _HASH}
    connection.execute("BEGIN")
    for statement in (_MADE, _PAYLOADS, _WORKFLOWS, _TASKS, _START_TEXTS, _END_TEXTS, "DROP TABLE made"):
        connection.execute(statement, values)
    connection.execute("COMMIT")
