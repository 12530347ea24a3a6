-- Schedules, and where each of them stands.
CREATE TABLE schedule (
    name TEXT NOT NULL PRIMARY KEY,
    revision INTEGER NOT NULL CHECK (revision > 0), -- a change is written only over the revision that it was made from
    wake_at INTEGER NOT NULL CHECK (wake_at >= 0), -- epoch ms; 0: never
    body TEXT NOT NULL -- JSON
) STRICT;
-- due_schedules, next_schedule_wake: in the order in which they must be looked at.
CREATE INDEX schedule_by_wake ON schedule (wake_at) WHERE wake_at > 0;

-- What became of each instant of each schedule. The id is derived from the schedule, the expression and the instant: none is written twice.
CREATE TABLE schedule_execution (
    execution_id TEXT NOT NULL PRIMARY KEY,
    schedule_name TEXT NOT NULL,
    workflow_name TEXT NOT NULL,
    workflow_id TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('POLLED', 'EXECUTED', 'FAILED')),
    scheduled_time INTEGER NOT NULL,
    execution_time INTEGER NOT NULL,
    wake_at INTEGER NOT NULL, -- epoch ms from when on anybody may start it; 0: it is over
    reason TEXT,
    body TEXT NOT NULL, -- JSON
    -- What is over waits for nobody.
    CHECK ((wake_at > 0) = (state = 'POLLED'))
) STRICT;
-- claim_executions, next_schedule_wake.
CREATE INDEX schedule_execution_by_wake ON schedule_execution (wake_at) WHERE wake_at > 0;
-- search by schedule, newest first; prune_executions.
CREATE INDEX schedule_execution_by_schedule ON schedule_execution (schedule_name, scheduled_time);
-- search: the newest of all; prune_executions.
CREATE INDEX schedule_execution_by_time ON schedule_execution (scheduled_time);
