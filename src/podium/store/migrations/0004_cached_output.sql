-- Outputs of finished tasks that later tasks with the same key take over, until they expire.
CREATE TABLE cached_output (
    def_name TEXT NOT NULL,
    key TEXT NOT NULL,
    expires_at INTEGER NOT NULL, -- epoch ms
    output TEXT NOT NULL, -- JSON
    PRIMARY KEY (def_name, key)
) STRICT;
-- expire: what is worth nothing any more.
CREATE INDEX cached_output_by_expiry ON cached_output (expires_at);
