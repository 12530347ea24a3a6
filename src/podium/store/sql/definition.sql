-- put_snapshot --
INSERT INTO definition_snapshot (definition_hash, body) VALUES (?, ?) ON CONFLICT DO NOTHING;

-- snapshot --
SELECT body FROM definition_snapshot WHERE definition_hash = ?;

-- workflow_definitions --
SELECT '[' || coalesce(group_concat(body), '') || ']' FROM (
    SELECT body FROM workflow_definition ORDER BY name, version
);

-- put_workflow_definition --
INSERT INTO workflow_definition (name, version, body) VALUES (?, ?, ?) ON CONFLICT (name, version) DO UPDATE SET body = excluded.body;

-- delete_workflow_definition --
DELETE FROM workflow_definition WHERE name = ? AND version = ?;

-- task_definitions --
SELECT '[' || coalesce(group_concat(body), '') || ']' FROM (
    SELECT body FROM task_definition ORDER BY name
);

-- put_task_definition --
INSERT INTO task_definition (name, body) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET body = excluded.body;

-- delete_task_definition --
DELETE FROM task_definition WHERE name = ?;

-- version --
SELECT definitions_version FROM meta;

-- count_change --
UPDATE meta SET definitions_version = definitions_version + 1;
