-- Messages that were sent to runs and that no task has taken yet.
CREATE TABLE workflow_message (
    workflow_id TEXT NOT NULL,
    number INTEGER NOT NULL CHECK (number > 0), -- in the order in which they came; never used twice within a run
    message_id TEXT NOT NULL,
    received_at INTEGER NOT NULL, -- epoch ms
    body TEXT NOT NULL, -- JSON
    PRIMARY KEY (workflow_id, number)
) STRICT;
