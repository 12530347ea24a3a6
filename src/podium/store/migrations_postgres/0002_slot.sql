-- Runs with a rate limit key that have not ended: those that go, and those that wait for one of them to end.
CREATE TABLE slot (
    sequence bigint GENERATED ALWAYS AS IDENTITY, -- the order of the starts
    rate_limit_key text COLLATE "C" NOT NULL,
    workflow_id text COLLATE "C" PRIMARY KEY,
    state text COLLATE "C" NOT NULL CHECK (state IN ('HELD', 'WAITING', 'PAUSED'))
);
-- standing, held: how many of a key go; who has waited longest.
CREATE INDEX slot_by_key ON slot (rate_limit_key, state, sequence);
