-- names --
-- From each name to the next, without reading what is between.
WITH RECURSIVE found (name) AS (
    SELECT min(name) FROM workflow
    UNION ALL
    SELECT (SELECT min(w.name) FROM workflow AS w WHERE w.name > found.name) FROM found WHERE found.name IS NOT NULL
)
SELECT json_group_array(name) FROM found WHERE name IS NOT NULL;

-- ended --
-- Those that no other run here started, the oldest end first.
WITH ended AS (
    SELECT w.workflow_id, w.end_time FROM workflow AS w INDEXED BY workflow_by_end
    WHERE
        w.name = :name AND w.end_time > 0 AND w.status IN (SELECT value FROM json_each(:statuses))
        AND NOT EXISTS (SELECT 1 FROM workflow AS p WHERE p.workflow_id = w.parent_workflow_id)
)
SELECT json_group_array(workflow_id) FROM (
    SELECT workflow_id FROM ended
    WHERE
        end_time < iif(
            :spare, min(:before, coalesce((SELECT end_time FROM ended ORDER BY end_time DESC LIMIT 1 OFFSET :spare - 1), 0)), :before
        )
    ORDER BY end_time LIMIT :limit OFFSET :skip
);

-- offspring --
-- Those below these runs, the deepest first.
WITH RECURSIVE below (root, workflow_id, status, depth) AS (
    SELECT asked.value, w.workflow_id, w.status, 1
    FROM json_each(?) AS asked CROSS JOIN workflow AS w INDEXED BY workflow_by_parent ON w.parent_workflow_id = asked.value
    UNION ALL
    SELECT b.root, w.workflow_id, w.status, b.depth + 1
    FROM below AS b CROSS JOIN workflow AS w INDEXED BY workflow_by_parent ON w.parent_workflow_id = b.workflow_id
)
SELECT json_group_array(json_array(root, workflow_id, status)) FROM (SELECT root, workflow_id, status FROM below ORDER BY depth DESC);

-- delete_unused_definitions --
DELETE FROM definition_snapshot WHERE definition_hash IN (
    SELECT s.definition_hash FROM definition_snapshot AS s
    WHERE NOT EXISTS (SELECT 1 FROM workflow AS w INDEXED BY workflow_by_definition WHERE w.definition_hash = s.definition_hash)
    LIMIT ?
);
