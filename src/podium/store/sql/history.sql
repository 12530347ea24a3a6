-- insert --
INSERT OR FAIL INTO history (workflow_id, revision, at, actor, body)
SELECT * FROM (VALUES /*row*/ (?, ?, ?, ?, ?)) WHERE column1 IS NOT NULL;

-- list --
SELECT json_group_array(json_array(revision, at, actor, body)) FROM (
    SELECT revision, at, actor, body FROM history WHERE workflow_id = ? AND revision > ? ORDER BY revision LIMIT ?
);

-- delete_of_workflow --
DELETE FROM history WHERE workflow_id = ?;
