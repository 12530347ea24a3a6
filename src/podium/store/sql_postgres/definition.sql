-- put_snapshots --
INSERT INTO definition_snapshot (definition_hash, body)
SELECT v.definition_hash, v.body FROM unnest($1::text[], $2::bytea[]) AS v (definition_hash, body) ORDER BY v.definition_hash ON CONFLICT DO NOTHING;

-- workflow_definitions --
SELECT body FROM workflow_definition ORDER BY name, version;

-- put_workflow_definition --
INSERT INTO workflow_definition (name, version, body) VALUES ($1, $2, $3) ON CONFLICT (name, version) DO UPDATE SET body = excluded.body;

-- delete_workflow_definition --
DELETE FROM workflow_definition WHERE name = $1 AND version = $2;

-- task_definitions --
SELECT body FROM task_definition ORDER BY name;

-- put_task_definition --
INSERT INTO task_definition (name, body) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET body = excluded.body;

-- delete_task_definition --
DELETE FROM task_definition WHERE name = $1;

-- version --
SELECT definitions_version FROM meta;

-- count_change --
-- Other servers hear of it, with the commit: definitions change seldom enough for that.
WITH counted AS (UPDATE meta SET definitions_version = definitions_version + 1 RETURNING definitions_version)
SELECT pg_notify('podium', 'definitions') FROM counted;
