-- Texts are compared byte by byte (COLLATE "C"), whatever the database was created with: so an order is the same everywhere, and the
-- same as SQLite's. Every key begins with the run, so that the tables can be distributed by it.

-- One row about the database itself.
CREATE TABLE meta (
    only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    schema_version bigint NOT NULL,
    definitions_version bigint NOT NULL -- grows with every change to what is kept by name
);
INSERT INTO meta (schema_version, definitions_version) VALUES (0, 0);

-- Definitions exactly as runs started with them: content hash -> compressed JSON. A row goes when nothing points to it, so runs point here without a
-- foreign key, whose check would write a lock into the row at every start.
CREATE TABLE definition_snapshot (
    definition_hash text COLLATE "C" PRIMARY KEY,
    body bytea NOT NULL
);

-- One row per run. It is touched by every decision, so it is narrow, and there is room beside it for its next version.
CREATE TABLE workflow (
    workflow_id text COLLATE "C" PRIMARY KEY,
    revision bigint NOT NULL CHECK (revision > 0),
    status text COLLATE "C" NOT NULL CHECK (status IN ('RUNNING', 'PAUSED', 'COMPLETED', 'FAILED', 'TIMED_OUT', 'TERMINATED')),
    wake_at bigint NOT NULL CHECK (wake_at >= 0), -- epoch ms; 0: never
    end_time bigint NOT NULL,
    update_time bigint NOT NULL,
    task_count bigint NOT NULL,
    last_seq bigint NOT NULL,
    name text COLLATE "C" NOT NULL,
    version bigint NOT NULL,
    definition_hash text COLLATE "C" NOT NULL,
    create_time bigint NOT NULL,
    priority bigint NOT NULL,
    correlation_id text COLLATE "C",
    parent_workflow_id text COLLATE "C",
    event text COLLATE "C",
    created_by text COLLATE "C",
    reason text COLLATE "C",
    idempotency_key text COLLATE "C",
    classifier text COLLATE "C" NOT NULL,
    cold text COLLATE "C" NOT NULL -- JSON: what no query asks for
) WITH (fillfactor = 70);
-- due, next_wake: open runs in the order in which they must be looked at.
CREATE INDEX workflow_by_wake ON workflow (wake_at) WHERE wake_at > 0 AND status IN ('RUNNING', 'PAUSED');
-- search: the newest runs.
CREATE INDEX workflow_by_create_time ON workflow (create_time, workflow_id);
-- search by status, newest first.
CREATE INDEX workflow_by_status ON workflow (status, create_time);
-- search by name, newest first; running ids of a name and window.
CREATE INDEX workflow_by_name ON workflow (name, create_time);
-- search by name and status, newest first; running ids of a name.
CREATE INDEX workflow_by_name_and_status ON workflow (name, status, create_time);
-- search by correlation id; correlated. By hash: a text that users choose may be too long for the other kind.
CREATE INDEX workflow_by_correlation ON workflow USING hash (correlation_id) WHERE correlation_id IS NOT NULL;
-- search for the children of a run.
CREATE INDEX workflow_by_parent ON workflow (parent_workflow_id, create_time) WHERE parent_workflow_id IS NOT NULL;
-- search for the run that a start with the same idempotency key made. By hash for the same reason.
CREATE INDEX workflow_by_idempotency_key ON workflow USING hash (idempotency_key) WHERE idempotency_key IS NOT NULL;

-- What a run was given and has made, as JSON text: jsonb would refuse \u0000 and change numbers. NULL: empty.
CREATE TABLE workflow_data (
    workflow_id text COLLATE "C" PRIMARY KEY,
    input text COLLATE "C",
    output text COLLATE "C",
    variables text COLLATE "C"
);

-- The order in which tasks are created, whichever server creates them.
CREATE SEQUENCE task_created;

-- One row per attempt, those of a run side by side. A row with ready_at > 0 is its own entry in a worker's queue.
CREATE TABLE task (
    workflow_id text COLLATE "C" NOT NULL,
    number bigint NOT NULL CHECK (number > 0),
    revision bigint NOT NULL CHECK (revision > 0), -- of the run, when this row last changed
    status text COLLATE "C" NOT NULL CHECK (
        status IN (
            'SCHEDULED', 'IN_PROGRESS', 'COMPLETED', 'COMPLETED_WITH_ERRORS', 'FAILED', 'FAILED_WITH_TERMINAL_ERROR', 'TIMED_OUT', 'CANCELED', 'SKIPPED'
        )
    ),
    queue text COLLATE "C" NOT NULL,
    domain text COLLATE "C",
    priority bigint NOT NULL,
    ready_at bigint NOT NULL, -- epoch ms; 0: does not wait for a worker
    created bigint NOT NULL DEFAULT nextval('task_created'), -- grows from task to task, across runs
    task_id text COLLATE "C" NOT NULL,
    task_type text COLLATE "C" NOT NULL,
    def_name text COLLATE "C" NOT NULL,
    ref text COLLATE "C" NOT NULL,
    scheduled_time bigint NOT NULL,
    start_time bigint NOT NULL,
    end_time bigint NOT NULL,
    update_time bigint NOT NULL,
    callback_after_seconds bigint NOT NULL,
    lease_ms bigint NOT NULL,
    poll_count bigint NOT NULL,
    worker_id text COLLATE "C",
    correlation_id text COLLATE "C",
    reason text COLLATE "C",
    cold text COLLATE "C" NOT NULL, -- JSON: what no query asks for
    input text COLLATE "C", -- JSON; NULL: empty
    output text COLLATE "C",
    PRIMARY KEY (workflow_id, number),
    -- A finished task waits for nobody.
    CONSTRAINT task_waits_only_when_open CHECK (ready_at = 0 OR (ready_at > 0 AND status IN ('SCHEDULED', 'IN_PROGRESS')))
) WITH (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.05);
-- tasks: by id. Also: an id is given once.
CREATE UNIQUE INDEX task_by_id ON task (task_id);
-- claims, sizes of queues: the queue in the order of delivery.
CREATE INDEX task_queue ON task (queue, coalesce(domain, ''), priority DESC, ready_at, created) WHERE ready_at > 0;
-- pending_tasks: open tasks of a type, oldest first.
CREATE INDEX task_open ON task (task_type, created) WHERE status IN ('SCHEDULED', 'IN_PROGRESS');
-- search: the newest tasks.
CREATE INDEX task_by_start_time ON task (start_time);

-- Tasks that were deleted from runs that live on, so that who knew them hears of it.
CREATE TABLE task_removed (
    workflow_id text COLLATE "C" NOT NULL,
    revision bigint NOT NULL,
    task_id text COLLATE "C" NOT NULL,
    PRIMARY KEY (workflow_id, revision, task_id)
);

-- Who asked for what, and which tasks changed: one row per decision, never changed.
CREATE TABLE history (
    workflow_id text COLLATE "C" NOT NULL,
    revision bigint NOT NULL,
    at bigint NOT NULL, -- epoch ms
    actor text COLLATE "C" NOT NULL,
    body text COLLATE "C" NOT NULL, -- JSON: [commands, changes]
    PRIMARY KEY (workflow_id, revision)
);

-- What must still reach another run or the outside world. The sequence is the order of sending.
CREATE TABLE outbox (
    outbox_id text COLLATE "C" PRIMARY KEY,
    sequence bigint GENERATED BY DEFAULT AS IDENTITY,
    due bigint NOT NULL, -- epoch ms
    attempts bigint NOT NULL DEFAULT 0,
    message text COLLATE "C" NOT NULL -- JSON
) WITH (autovacuum_vacuum_scale_factor = 0.01);
-- outbox: due messages, oldest first.
CREATE INDEX outbox_by_due ON outbox (due, sequence);

CREATE TABLE task_log (
    task_id text COLLATE "C" NOT NULL,
    created_time bigint NOT NULL, -- epoch ms
    sequence bigint GENERATED ALWAYS AS IDENTITY,
    log text COLLATE "C" NOT NULL,
    PRIMARY KEY (task_id, created_time, sequence)
);

-- When a worker last asked; domain '' is no domain.
CREATE TABLE poll_data (
    queue text COLLATE "C" NOT NULL,
    domain text COLLATE "C" NOT NULL,
    worker_id text COLLATE "C",
    last_poll_time bigint NOT NULL, -- epoch ms
    PRIMARY KEY (queue, domain)
) WITH (fillfactor = 50);

CREATE TABLE workflow_definition (
    name text COLLATE "C" NOT NULL,
    version bigint NOT NULL,
    body text COLLATE "C" NOT NULL, -- JSON
    PRIMARY KEY (name, version)
);

CREATE TABLE task_definition (
    name text COLLATE "C" PRIMARY KEY,
    body text COLLATE "C" NOT NULL -- JSON
);

-- What is kept under a name and read whole: event handlers, environment variables, and whatever else a server holds in memory.
CREATE TABLE kept (
    kind text COLLATE "C" NOT NULL,
    name text COLLATE "C" NOT NULL,
    body bytea NOT NULL,
    PRIMARY KEY (kind, name)
);

-- Messages that were sent to runs and that no task has taken yet.
CREATE TABLE workflow_message (
    workflow_id text COLLATE "C" NOT NULL,
    number bigint NOT NULL CHECK (number > 0), -- in the order in which they came; never used twice within a run
    message_id text COLLATE "C" NOT NULL,
    received_at bigint NOT NULL, -- epoch ms
    body text COLLATE "C" NOT NULL, -- JSON
    PRIMARY KEY (workflow_id, number)
);

-- Outputs of finished tasks that later tasks with the same key take over, until they expire.
CREATE TABLE cached_output (
    def_name text COLLATE "C" NOT NULL,
    key text COLLATE "C" NOT NULL,
    expires_at bigint NOT NULL, -- epoch ms
    output text COLLATE "C" NOT NULL -- JSON
);
-- find, put: by a digest, since a key that is made from an input may be too long for an index.
CREATE UNIQUE INDEX cached_output_by_key ON cached_output (def_name, md5(key));
-- expire: what is worth nothing any more.
CREATE INDEX cached_output_by_expiry ON cached_output (expires_at);

-- Schedules, and where each of them stands.
CREATE TABLE schedule (
    name text COLLATE "C" PRIMARY KEY,
    revision bigint NOT NULL CHECK (revision > 0), -- a change is written only over the revision that it was made from
    wake_at bigint NOT NULL CHECK (wake_at >= 0), -- epoch ms; 0: never
    body text COLLATE "C" NOT NULL -- JSON
);
-- due_schedules, next_schedule_wake: in the order in which they must be looked at.
CREATE INDEX schedule_by_wake ON schedule (wake_at) WHERE wake_at > 0;

-- What became of each instant of each schedule. The id is derived from the schedule, the expression and the instant: none is written twice.
CREATE TABLE schedule_execution (
    execution_id text COLLATE "C" PRIMARY KEY,
    schedule_name text COLLATE "C" NOT NULL,
    workflow_name text COLLATE "C" NOT NULL,
    workflow_id text COLLATE "C" NOT NULL,
    state text COLLATE "C" NOT NULL CHECK (state IN ('POLLED', 'EXECUTED', 'FAILED')),
    scheduled_time bigint NOT NULL,
    execution_time bigint NOT NULL,
    wake_at bigint NOT NULL, -- epoch ms from when on anybody may start it; 0: it is over
    reason text COLLATE "C",
    body text COLLATE "C" NOT NULL, -- JSON
    -- What is over waits for nobody.
    CHECK ((wake_at > 0) = (state = 'POLLED'))
);
-- claim_executions, next_schedule_wake.
CREATE INDEX schedule_execution_by_wake ON schedule_execution (wake_at) WHERE wake_at > 0;
-- search by schedule, newest first; prune_executions.
CREATE INDEX schedule_execution_by_schedule ON schedule_execution (schedule_name, scheduled_time);
-- search: the newest of all; prune_executions.
CREATE INDEX schedule_execution_by_time ON schedule_execution (scheduled_time);
