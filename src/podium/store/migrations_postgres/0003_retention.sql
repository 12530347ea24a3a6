-- runs that are kept no longer.
CREATE INDEX workflow_by_end ON workflow (name, end_time);
-- definition snapshots that no run needs any more.
CREATE INDEX workflow_by_definition ON workflow (definition_hash);
