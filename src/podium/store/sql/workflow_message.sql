-- insert --
INSERT OR FAIL INTO workflow_message (workflow_id, number, message_id, received_at, body)
SELECT * FROM (VALUES /*row*/ (?, ?, ?, ?, ?)) WHERE column1 IS NOT NULL;

-- delete --
-- Those that a task has taken.
DELETE FROM workflow_message WHERE rowid IN (
    SELECT m.rowid FROM (VALUES /*row*/ (?, ?)) AS v CROSS JOIN workflow_message AS m ON m.workflow_id = v.column1 AND m.number = v.column2
);

-- list --
-- Those that wait for a run.
SELECT json_group_array(json_array(number, message_id, received_at, body)) FROM workflow_message WHERE workflow_id = ?;

-- delete_of_workflow --
DELETE FROM workflow_message WHERE workflow_id = ?;
