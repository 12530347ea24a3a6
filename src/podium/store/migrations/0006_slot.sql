-- Runs with a rate limit key that have not ended: those that go, and those that wait for one of them to end.
CREATE TABLE slot (
    sequence INTEGER NOT NULL PRIMARY KEY, -- the order of the starts
    rate_limit_key TEXT NOT NULL,
    workflow_id TEXT NOT NULL UNIQUE,
    state TEXT NOT NULL CHECK (state IN ('HELD', 'WAITING', 'PAUSED'))
) STRICT;
-- standing: how many of a key go; who has waited longest.
CREATE INDEX slot_by_key ON slot (rate_limit_key, state, sequence);
