-- insert --
INSERT OR FAIL INTO task (
    workflow_id, number, revision, created,
    task_id, task_type, def_name, ref,
    status, ready_at, end_time, update_time, callback_after_seconds, lease_ms, poll_count, worker_id, reason,
    queue, domain, priority, scheduled_time, start_time, correlation_id,
    cold, input_id, output_id
)
SELECT * FROM (VALUES /*row*/ (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)) WHERE column1 IS NOT NULL;

-- change --
-- -1 leaves the payload there is.
UPDATE OR FAIL task
SET
    revision = v.column3, status = v.column4, ready_at = v.column5, end_time = v.column6, update_time = v.column7,
    callback_after_seconds = v.column8, lease_ms = v.column9, poll_count = v.column10, worker_id = v.column11, reason = v.column12,
    cold = v.column13,
    input_id = iif(v.column14 = -1, task.input_id, v.column14),
    output_id = iif(v.column15 = -1, task.output_id, v.column15)
FROM (VALUES /*row*/ (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)) AS v
WHERE task.workflow_id = v.column1 AND task.number = v.column2;

-- move --
-- What stands in indexes and seldom changes.
UPDATE OR FAIL task
SET queue = v.column3, domain = v.column4, priority = v.column5, scheduled_time = v.column6, start_time = v.column7, correlation_id = v.column8
FROM (VALUES /*row*/ (?, ?, ?, ?, ?, ?, ?, ?)) AS v
WHERE task.workflow_id = v.column1 AND task.number = v.column2;

-- top_priority --
-- The highest priority below a given one that anything waits with in a queue.
SELECT max(priority) FROM task WHERE queue = ? AND domain IS ? AND ready_at > 0 AND priority < ?;

-- ready --
-- The next tasks of one queue and priority, with where their runs stand.
SELECT json_group_array(json_array(
    w.revision, w.wake_at, t.created,
    t.workflow_id, t.number, t.task_id, t.task_type, t.def_name, t.ref,
    t.status, t.ready_at, t.end_time, t.update_time, t.callback_after_seconds, t.lease_ms, t.poll_count, t.worker_id, t.reason,
    t.queue, t.domain, t.priority, t.scheduled_time, t.start_time, t.correlation_id,
    t.cold, i.body, o.body
))
FROM (
    SELECT workflow_id, number FROM task
    WHERE queue = ? AND domain IS ? AND priority = ? AND ready_at > 0 AND ready_at <= ?
    ORDER BY ready_at, created LIMIT ?
) AS next
CROSS JOIN task AS t ON t.workflow_id = next.workflow_id AND t.number = next.number
CROSS JOIN workflow AS w ON w.workflow_id = t.workflow_id
LEFT JOIN payload AS i ON i.payload_id = t.input_id
LEFT JOIN payload AS o ON o.payload_id = t.output_id;

-- next_ready --
SELECT min(ready_at) FROM task WHERE queue = ? AND domain IS ? AND priority = ? AND ready_at > 0 AND ready_at > ?;

-- standing --
-- Of these tasks, those that are ready and unchanged since a revision: their places in the list, and where their runs stand.
SELECT json_group_array(json_array(v.column1, w.revision, w.wake_at))
FROM (VALUES /*row*/ (?, ?, ?, ?)) AS v
CROSS JOIN task AS t ON t.workflow_id = v.column2 AND t.number = v.column3 AND t.revision = v.column4 AND t.ready_at > 0
CROSS JOIN workflow AS w ON w.workflow_id = v.column2;

-- claim --
UPDATE OR FAIL task
SET
    revision = v.column3, status = 'IN_PROGRESS', ready_at = 0, start_time = v.column4, update_time = v.column5,
    callback_after_seconds = 0, poll_count = v.column6, worker_id = v.column7
FROM (VALUES /*row*/ (?, ?, ?, ?, ?, ?, ?)) AS v
WHERE task.workflow_id = v.column1 AND task.number = v.column2;

-- load --
SELECT json_group_array(json_array(
    t.workflow_id, t.number, t.task_id, t.task_type, t.def_name, t.ref,
    t.status, t.ready_at, t.end_time, t.update_time, t.callback_after_seconds, t.lease_ms, t.poll_count, t.worker_id, t.reason,
    t.queue, t.domain, t.priority, t.scheduled_time, t.start_time, t.correlation_id,
    t.cold, i.body, o.body
))
FROM (SELECT * FROM task WHERE workflow_id = ? AND revision > ? ORDER BY number) AS t
LEFT JOIN payload AS i ON i.payload_id = t.input_id
LEFT JOIN payload AS o ON o.payload_id = t.output_id;

-- by_id --
SELECT json_group_array(json_array(
    t.workflow_id, t.number, t.task_id, t.task_type, t.def_name, t.ref,
    t.status, t.ready_at, t.end_time, t.update_time, t.callback_after_seconds, t.lease_ms, t.poll_count, t.worker_id, t.reason,
    t.queue, t.domain, t.priority, t.scheduled_time, t.start_time, t.correlation_id,
    t.cold, i.body, o.body
))
FROM json_each(?) AS asked
CROSS JOIN task AS t ON t.task_id = asked.value
LEFT JOIN payload AS i ON i.payload_id = t.input_id
LEFT JOIN payload AS o ON o.payload_id = t.output_id;

-- pending --
-- Ids of the open tasks of a type, oldest first.
SELECT json_group_array(task_id) FROM (
    SELECT task_id FROM task
    WHERE task_type = ? AND status IN ('SCHEDULED', 'IN_PROGRESS') AND status IN (SELECT value FROM json_each(?))
    ORDER BY created LIMIT ? OFFSET ?
);

-- queue_sizes --
SELECT json_group_array(json_array(queue, domain, size)) FROM (
    SELECT queue, domain, count(*) AS size FROM task WHERE ready_at > 0 GROUP BY queue, domain
);

-- removed --
SELECT json_group_array(task_id) FROM task_removed WHERE workflow_id = ? AND revision > ?;

-- remember_removed --
INSERT OR FAIL INTO task_removed (workflow_id, revision, task_id)
SELECT * FROM (VALUES /*row*/ (?, ?, ?)) WHERE column1 IS NOT NULL;

-- delete --
-- By id and not by key: SQLite would look for pairs by reading all tasks of the run.
DELETE FROM task WHERE task_id IN (VALUES /*row*/ (?));

-- delete_of_workflow --
DELETE FROM task WHERE workflow_id = ?;

-- forget_removed --
DELETE FROM task_removed WHERE workflow_id = ?;
