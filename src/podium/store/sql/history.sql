-- insert --
INSERT OR FAIL INTO history (history_id, previous_id, workflow_id, revision, at, actor, body)
SELECT * FROM (VALUES /*row*/ (?, ?, ?, ?, ?, ?, ?)) WHERE column1 IS NOT NULL;

-- list --
-- From the last row back to the first one asked for.
WITH RECURSIVE entry (previous_id, revision, at, actor, body) AS (
    SELECT h.previous_id, h.revision, h.at, h.actor, h.body
    FROM workflow AS w CROSS JOIN history AS h ON h.history_id = w.history_id
    WHERE w.workflow_id = :workflow_id AND h.revision > :after_revision
    UNION ALL
    SELECT h.previous_id, h.revision, h.at, h.actor, h.body
    FROM entry CROSS JOIN history AS h ON h.history_id = entry.previous_id
    WHERE h.revision > :after_revision
)
SELECT json_group_array(json_array(revision, at, actor, body)) FROM (
    SELECT revision, at, actor, body FROM entry ORDER BY revision LIMIT :limit
);

-- delete_of_workflow --
WITH RECURSIVE entry (history_id, previous_id) AS (
    SELECT h.history_id, h.previous_id
    FROM workflow AS w CROSS JOIN history AS h ON h.history_id = w.history_id
    WHERE w.workflow_id = ?
    UNION ALL
    SELECT h.history_id, h.previous_id FROM entry CROSS JOIN history AS h ON h.history_id = entry.previous_id
)
DELETE FROM history WHERE history_id IN (SELECT history_id FROM entry);
