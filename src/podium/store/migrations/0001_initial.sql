-- One row about the database itself.
CREATE TABLE meta (
    only_row INTEGER NOT NULL PRIMARY KEY CHECK (only_row = 1),
    schema_version INTEGER NOT NULL,
    definitions_version INTEGER NOT NULL -- grows with every change to what is kept by name
) STRICT;
INSERT INTO meta (only_row, schema_version, definitions_version) VALUES (1, 0, 0);

-- Definitions exactly as runs started with them: content hash -> compressed JSON.
CREATE TABLE definition_snapshot (
    definition_hash TEXT NOT NULL PRIMARY KEY,
    body BLOB NOT NULL
) STRICT, WITHOUT ROWID;

-- Inputs, outputs and variables. Rows are only ever appended or deleted, so that the rows that point here stay narrow
-- and a large payload is written once, whatever happens to its task.
CREATE TABLE payload (
    payload_id INTEGER NOT NULL PRIMARY KEY,
    body TEXT NOT NULL
) STRICT;

-- One row per run. It is touched by every decision, so it is narrow.
CREATE TABLE workflow (
    workflow_id TEXT NOT NULL PRIMARY KEY,
    revision INTEGER NOT NULL CHECK (revision > 0),
    status TEXT NOT NULL CHECK (status IN ('RUNNING', 'PAUSED', 'COMPLETED', 'FAILED', 'TIMED_OUT', 'TERMINATED')),
    wake_at INTEGER NOT NULL CHECK (wake_at >= 0), -- epoch ms; 0: never
    end_time INTEGER NOT NULL,
    update_time INTEGER NOT NULL,
    task_count INTEGER NOT NULL,
    last_seq INTEGER NOT NULL,
    name TEXT NOT NULL,
    version INTEGER NOT NULL,
    definition_hash TEXT NOT NULL REFERENCES definition_snapshot,
    create_time INTEGER NOT NULL,
    priority INTEGER NOT NULL,
    correlation_id TEXT,
    parent_workflow_id TEXT,
    event TEXT,
    created_by TEXT,
    reason TEXT,
    idempotency_key TEXT,
    classifier TEXT NOT NULL,
    cold TEXT NOT NULL, -- JSON: what no query asks for
    input_id INTEGER, -- payload; NULL: empty
    output_id INTEGER,
    variables_id INTEGER,
    history_id INTEGER -- the last row of its history; NULL: it has none
) STRICT, WITHOUT ROWID;
-- due, next_wake: open runs in the order in which they must be looked at.
CREATE INDEX workflow_by_wake ON workflow (wake_at) WHERE wake_at > 0 AND status IN ('RUNNING', 'PAUSED');
-- search: the newest runs; also its count.
CREATE INDEX workflow_by_create_time ON workflow (create_time);
-- search by status, newest first; also its count.
CREATE INDEX workflow_by_status ON workflow (status, create_time);
-- search by name, newest first; running ids of a name and window.
CREATE INDEX workflow_by_name ON workflow (name, create_time);
-- search by name and status, newest first; running ids of a name.
CREATE INDEX workflow_by_name_and_status ON workflow (name, status, create_time);
-- search by correlation id; correlated.
CREATE INDEX workflow_by_correlation ON workflow (correlation_id, create_time) WHERE correlation_id IS NOT NULL;
-- search for the children of a run.
CREATE INDEX workflow_by_parent ON workflow (parent_workflow_id, create_time) WHERE parent_workflow_id IS NOT NULL;
-- search for the run that a start with the same idempotency key made.
CREATE INDEX workflow_by_idempotency_key ON workflow (idempotency_key, name) WHERE idempotency_key IS NOT NULL;

-- One row per attempt, those of a run side by side. A row with ready_at > 0 is its own entry in a worker's queue.
CREATE TABLE task (
    workflow_id TEXT NOT NULL,
    number INTEGER NOT NULL CHECK (number > 0),
    revision INTEGER NOT NULL CHECK (revision > 0), -- of the run, when this row last changed
    status TEXT NOT NULL CHECK (
        status IN (
            'SCHEDULED', 'IN_PROGRESS', 'COMPLETED', 'COMPLETED_WITH_ERRORS', 'FAILED', 'FAILED_WITH_TERMINAL_ERROR', 'TIMED_OUT', 'CANCELED', 'SKIPPED'
        )
    ),
    queue TEXT NOT NULL,
    domain TEXT,
    priority INTEGER NOT NULL,
    ready_at INTEGER NOT NULL, -- epoch ms; 0: does not wait for a worker
    created INTEGER NOT NULL, -- grows from task to task, across runs
    task_id TEXT NOT NULL,
    task_type TEXT NOT NULL,
    def_name TEXT NOT NULL,
    ref TEXT NOT NULL,
    scheduled_time INTEGER NOT NULL,
    start_time INTEGER NOT NULL,
    end_time INTEGER NOT NULL,
    update_time INTEGER NOT NULL,
    callback_after_seconds INTEGER NOT NULL,
    lease_ms INTEGER NOT NULL,
    poll_count INTEGER NOT NULL,
    worker_id TEXT,
    correlation_id TEXT,
    reason TEXT,
    cold TEXT NOT NULL, -- JSON: what no query asks for
    input_id INTEGER, -- payload; NULL: empty
    output_id INTEGER,
    PRIMARY KEY (workflow_id, number),
    -- A finished task waits for nobody.
    CHECK (ready_at = 0 OR (ready_at > 0 AND status IN ('SCHEDULED', 'IN_PROGRESS')))
) STRICT, WITHOUT ROWID;
-- tasks: by id. Also: an id is given once.
CREATE UNIQUE INDEX task_by_id ON task (task_id);
-- claims, sizes of queues: the queue in the order of delivery.
CREATE INDEX task_queue ON task (queue, domain, priority DESC, ready_at, created) WHERE ready_at > 0;
-- pending_tasks: open tasks of a type, oldest first.
CREATE INDEX task_open ON task (task_type, created) WHERE status IN ('SCHEDULED', 'IN_PROGRESS');
-- search: the newest tasks.
CREATE INDEX task_by_start_time ON task (start_time);

-- Tasks that were deleted from runs that live on, so that who knew them hears of it.
CREATE TABLE task_removed (
    workflow_id TEXT NOT NULL,
    revision INTEGER NOT NULL,
    task_id TEXT NOT NULL,
    PRIMARY KEY (workflow_id, revision, task_id)
) STRICT, WITHOUT ROWID;

-- Who asked for what, and which tasks changed: one row per decision, never changed. Rows are appended in the order of the commits and a
-- run's rows are found from its last one: a key that begins with the run would write a page of its own for every decision.
CREATE TABLE history (
    history_id INTEGER NOT NULL PRIMARY KEY,
    previous_id INTEGER, -- the run's row before this one; NULL: the first
    workflow_id TEXT NOT NULL,
    revision INTEGER NOT NULL,
    at INTEGER NOT NULL, -- epoch ms
    actor TEXT NOT NULL,
    body TEXT NOT NULL -- JSON: [commands, changes]
) STRICT;

-- What must still reach another run or the outside world. The sequence is the order of sending.
CREATE TABLE outbox (
    sequence INTEGER NOT NULL PRIMARY KEY,
    outbox_id TEXT NOT NULL UNIQUE,
    due INTEGER NOT NULL, -- epoch ms
    attempts INTEGER NOT NULL DEFAULT 0,
    message TEXT NOT NULL -- JSON
) STRICT;
-- outbox: due messages, oldest first.
CREATE INDEX outbox_by_due ON outbox (due);

CREATE TABLE task_log (
    sequence INTEGER NOT NULL PRIMARY KEY,
    task_id TEXT NOT NULL,
    created_time INTEGER NOT NULL, -- epoch ms
    log TEXT NOT NULL
) STRICT;
-- task_logs: of one task, oldest first.
CREATE INDEX task_log_by_task ON task_log (task_id, created_time);

-- When a worker last asked; domain '' is no domain.
CREATE TABLE poll_data (
    queue TEXT NOT NULL,
    domain TEXT NOT NULL,
    worker_id TEXT,
    last_poll_time INTEGER NOT NULL, -- epoch ms
    PRIMARY KEY (queue, domain)
) STRICT, WITHOUT ROWID;

CREATE TABLE workflow_definition (
    name TEXT NOT NULL,
    version INTEGER NOT NULL,
    body TEXT NOT NULL, -- JSON
    PRIMARY KEY (name, version)
) STRICT;

CREATE TABLE task_definition (
    name TEXT NOT NULL PRIMARY KEY,
    body TEXT NOT NULL -- JSON
) STRICT;

CREATE TABLE event_handler (
    name TEXT NOT NULL PRIMARY KEY,
    body TEXT NOT NULL -- JSON
) STRICT;

CREATE TABLE environment (
    name TEXT NOT NULL PRIMARY KEY,
    value TEXT NOT NULL
) STRICT;
