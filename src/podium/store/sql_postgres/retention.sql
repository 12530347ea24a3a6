-- names --
-- From each name to the next, without reading what is between.
WITH RECURSIVE found (name) AS (
    SELECT min(name) FROM workflow
    UNION ALL
    SELECT (SELECT min(w.name) FROM workflow AS w WHERE w.name > found.name) FROM found WHERE found.name IS NOT NULL
)
SELECT name FROM found WHERE name IS NOT NULL;

-- ended --
-- $1 name, $2 statuses, $3 before, $4 spare, $5 limit, $6 skip. Those that no other run here started, the oldest end first.
WITH ended AS NOT MATERIALIZED (
    SELECT w.workflow_id, w.end_time FROM workflow AS w
    WHERE
        w.name = $1::text AND w.end_time > 0 AND w.status = ANY($2::text[])
        AND NOT EXISTS (SELECT 1 FROM workflow AS p WHERE p.workflow_id = w.parent_workflow_id)
)
SELECT workflow_id FROM ended
WHERE
    end_time < CASE
        WHEN $4::bigint = 0 THEN $3::bigint
        ELSE least($3::bigint, coalesce((SELECT end_time FROM ended ORDER BY end_time DESC LIMIT 1 OFFSET greatest($4::bigint - 1, 0)), 0))
    END
ORDER BY end_time LIMIT $5::bigint OFFSET $6::bigint;

-- offspring --
-- Those below these runs, the deepest first.
WITH RECURSIVE below (root, workflow_id, status, depth) AS (
    SELECT w.parent_workflow_id, w.workflow_id, w.status, 1 FROM workflow AS w WHERE w.parent_workflow_id = ANY($1::text[])
    UNION ALL
    SELECT b.root, w.workflow_id, w.status, b.depth + 1 FROM below AS b JOIN workflow AS w ON w.parent_workflow_id = b.workflow_id
)
SELECT root, workflow_id, status FROM below ORDER BY depth DESC;

-- hold_starts --
-- Until the end of the transaction: a run that is being written would not be seen.
LOCK TABLE workflow IN SHARE MODE;

-- delete_unused_definitions --
DELETE FROM definition_snapshot WHERE definition_hash IN (
    SELECT s.definition_hash FROM definition_snapshot AS s
    WHERE NOT EXISTS (SELECT 1 FROM workflow AS w WHERE w.definition_hash = s.definition_hash)
    LIMIT $1::bigint
);
