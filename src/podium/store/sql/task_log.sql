-- insert --
INSERT OR FAIL INTO task_log (task_id, created_time, log)
SELECT * FROM (VALUES /*row*/ (?, ?, ?)) WHERE column1 IS NOT NULL;

-- list --
SELECT json_group_array(json_array(task_id, created_time, log)) FROM (
    SELECT task_id, created_time, log FROM task_log WHERE task_id = ? ORDER BY created_time, sequence
);

-- delete --
-- Of tasks.
DELETE FROM task_log WHERE task_id IN (VALUES /*row*/ (?));

-- delete_of_workflow --
DELETE FROM task_log WHERE task_id IN (SELECT task_id FROM task WHERE workflow_id = ?);
