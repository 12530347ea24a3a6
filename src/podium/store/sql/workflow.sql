-- revisions --
-- Where these runs stand now, as one row: [[id, revision, last row of history], …]; and the last numbers given.
SELECT
    (SELECT json_group_array(json_array(workflow_id, revision, history_id)) FROM workflow WHERE workflow_id IN (SELECT value FROM json_each(?))),
    (SELECT coalesce(max(payload_id), 0) FROM payload),
    (SELECT coalesce(max(history_id), 0) FROM history),
    (SELECT coalesce(max(number), 0) FROM workflow);

-- insert --
INSERT OR FAIL INTO workflow (
    workflow_id, revision, status, wake_at, end_time, update_time, task_count, last_seq,
    name, version, definition_hash, create_time, priority, correlation_id, parent_workflow_id, event, created_by, reason, idempotency_key,
    classifier, cold, input_id, output_id, variables_id, history_id, number
)
SELECT * FROM (VALUES /*row*/ (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)) WHERE column1 IS NOT NULL;

-- advance --
-- What nearly every decision changes.
UPDATE OR FAIL workflow
SET
    revision = v.column2, status = v.column3, wake_at = v.column4, end_time = v.column5, update_time = v.column6,
    task_count = v.column7, last_seq = v.column8, history_id = coalesce(v.column9, history_id)
FROM (VALUES /*row*/ (?, ?, ?, ?, ?, ?, ?, ?, ?)) AS v
WHERE workflow.workflow_id = v.column1;

-- step --
-- The same when neither the state nor the deadline changed: no index is touched.
UPDATE OR FAIL workflow
SET
    revision = v.column2, update_time = v.column3, task_count = v.column4, last_seq = v.column5, history_id = coalesce(v.column6, history_id)
FROM (VALUES /*row*/ (?, ?, ?, ?, ?, ?)) AS v
WHERE workflow.workflow_id = v.column1;

-- change --
-- What else may change.
UPDATE OR FAIL workflow
SET
    name = v.column2, version = v.column3, definition_hash = v.column4, create_time = v.column5, priority = v.column6,
    correlation_id = v.column7, parent_workflow_id = v.column8, event = v.column9, created_by = v.column10, reason = v.column11,
    idempotency_key = v.column12, classifier = v.column13, cold = v.column14
FROM (VALUES /*row*/ (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)) AS v
WHERE workflow.workflow_id = v.column1;

-- point --
-- Point to new payloads; -1 leaves the one there is.
UPDATE OR FAIL workflow
SET
    input_id = iif(v.column2 = -1, workflow.input_id, v.column2),
    output_id = iif(v.column3 = -1, workflow.output_id, v.column3),
    variables_id = iif(v.column4 = -1, workflow.variables_id, v.column4)
FROM (VALUES /*row*/ (?, ?, ?, ?)) AS v
WHERE workflow.workflow_id = v.column1;

-- claimed --
-- A claim counts as a decision, and its deadline must be met.
UPDATE OR FAIL workflow
SET revision = v.column2, wake_at = v.column3
FROM (VALUES /*row*/ (?, ?, ?)) AS v
WHERE workflow.workflow_id = v.column1;

-- load --
SELECT json_group_array(json_array(
    w.workflow_id, w.revision, w.status, w.wake_at, w.end_time, w.update_time, w.task_count, w.last_seq,
    w.name, w.version, w.definition_hash, w.create_time, w.priority, w.correlation_id, w.parent_workflow_id, w.event, w.created_by, w.reason,
    w.idempotency_key, w.classifier, w.cold, i.body, o.body, v.body
))
FROM json_each(?) AS asked
CROSS JOIN workflow AS w ON w.workflow_id = asked.value
LEFT JOIN payload AS i ON i.payload_id = w.input_id
LEFT JOIN payload AS o ON o.payload_id = w.output_id
LEFT JOIN payload AS v ON v.payload_id = w.variables_id;

-- due --
SELECT json_group_array(workflow_id) FROM (
    SELECT workflow_id FROM workflow INDEXED BY workflow_by_wake
    WHERE wake_at > 0 AND wake_at <= ? AND status IN ('RUNNING', 'PAUSED') ORDER BY wake_at LIMIT ?
);

-- next_wake --
SELECT coalesce(min(wake_at), 0) FROM workflow INDEXED BY workflow_by_wake
WHERE wake_at > 0 AND status IN ('RUNNING', 'PAUSED');

-- running --
SELECT json_group_array(workflow_id) FROM (
    SELECT workflow_id FROM workflow WHERE name = ? AND status = 'RUNNING' ORDER BY create_time
);

-- created --
SELECT json_group_array(workflow_id) FROM (
    SELECT workflow_id FROM workflow WHERE name = ? AND create_time BETWEEN ? AND ? AND version = coalesce(?, version) ORDER BY create_time
);

-- correlated --
SELECT json_group_array(json_array(correlation_id, workflow_id)) FROM (
    SELECT w.correlation_id, w.workflow_id
    FROM json_each(:correlation_ids) AS asked
    CROSS JOIN workflow AS w ON w.correlation_id = asked.value
    WHERE w.name = :name AND (:include_closed OR w.status = 'RUNNING')
    ORDER BY w.create_time
);

-- delete --
DELETE FROM workflow WHERE workflow_id = ?;
