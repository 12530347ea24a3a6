-- lock --
-- Where these runs stand now. Locked in the order of their ids, so that two servers never wait for each other in a circle.
SELECT workflow_id, revision FROM workflow WHERE workflow_id = ANY($1::text[]) ORDER BY workflow_id FOR UPDATE;

-- insert --
-- Answers with the ids that were free. A definition that is not there becomes NULL, and that is refused.
INSERT INTO workflow (
    workflow_id, revision, status, wake_at, end_time, update_time, task_count, last_seq,
    name, version, definition_hash, create_time, priority, correlation_id, parent_workflow_id, event, created_by, reason, idempotency_key,
    classifier, cold
)
SELECT
    v.workflow_id, v.revision, v.status, v.wake_at, v.end_time, v.update_time, v.task_count, v.last_seq, v.name, v.version,
    (SELECT d.definition_hash FROM definition_snapshot AS d WHERE d.definition_hash = v.definition_hash),
    v.create_time, v.priority, v.correlation_id, v.parent_workflow_id, v.event, v.created_by, v.reason, v.idempotency_key, v.classifier, v.cold
FROM unnest(
    $1::text[], $2::bigint[], $3::text[], $4::bigint[], $5::bigint[], $6::bigint[], $7::bigint[], $8::bigint[],
    $9::text[], $10::bigint[], $11::text[], $12::bigint[], $13::bigint[], $14::text[], $15::text[], $16::text[], $17::text[], $18::text[],
    $19::text[], $20::text[], $21::text[]
) WITH ORDINALITY AS v (
    workflow_id, revision, status, wake_at, end_time, update_time, task_count, last_seq,
    name, version, definition_hash, create_time, priority, correlation_id, parent_workflow_id, event, created_by, reason, idempotency_key,
    classifier, cold, place
)
ORDER BY v.place
ON CONFLICT (workflow_id) DO NOTHING
RETURNING workflow_id;

-- insert_data --
INSERT INTO workflow_data (workflow_id, input, output, variables) SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[]);

-- advance --
-- What nearly every decision changes.
UPDATE workflow AS w
SET
    revision = v.revision, status = v.status, wake_at = v.wake_at, end_time = v.end_time, update_time = v.update_time,
    task_count = v.task_count, last_seq = v.last_seq
FROM unnest($1::text[], $2::bigint[], $3::text[], $4::bigint[], $5::bigint[], $6::bigint[], $7::bigint[], $8::bigint[])
AS v (workflow_id, revision, status, wake_at, end_time, update_time, task_count, last_seq)
WHERE w.workflow_id = v.workflow_id;

-- step --
-- The same when neither the state nor the deadline changed: no index is touched.
UPDATE workflow AS w
SET revision = v.revision, update_time = v.update_time, task_count = v.task_count, last_seq = v.last_seq
FROM unnest($1::text[], $2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[])
AS v (workflow_id, revision, update_time, task_count, last_seq)
WHERE w.workflow_id = v.workflow_id;

-- change --
-- What else may change.
UPDATE workflow AS w
SET
    name = v.name, version = v.version, definition_hash = v.definition_hash, create_time = v.create_time, priority = v.priority,
    correlation_id = v.correlation_id, parent_workflow_id = v.parent_workflow_id, event = v.event, created_by = v.created_by,
    reason = v.reason, idempotency_key = v.idempotency_key, classifier = v.classifier, cold = v.cold
FROM unnest(
    $1::text[], $2::text[], $3::bigint[], $4::text[], $5::bigint[], $6::bigint[], $7::text[], $8::text[], $9::text[], $10::text[], $11::text[],
    $12::text[], $13::text[], $14::text[]
) AS v (
    workflow_id, name, version, definition_hash, create_time, priority, correlation_id, parent_workflow_id, event, created_by, reason,
    idempotency_key, classifier, cold
)
WHERE w.workflow_id = v.workflow_id;

-- point --
-- New inputs, outputs and variables; '' leaves what there is.
UPDATE workflow_data AS d
SET
    input = CASE v.input WHEN '' THEN d.input ELSE v.input END,
    output = CASE v.output WHEN '' THEN d.output ELSE v.output END,
    variables = CASE v.variables WHEN '' THEN d.variables ELSE v.variables END
FROM unnest($1::text[], $2::text[], $3::text[], $4::text[]) AS v (workflow_id, input, output, variables)
WHERE d.workflow_id = v.workflow_id;

-- claimed --
-- A claim counts as a decision, and its deadline must be met.
UPDATE workflow AS w
SET revision = v.revision, wake_at = v.wake_at
FROM unnest($1::text[], $2::bigint[], $3::bigint[]) AS v (workflow_id, revision, wake_at)
WHERE w.workflow_id = v.workflow_id;

-- load --
-- A run: the row of the workflow, its tasks that changed after a revision, the ids of those removed after it, the messages that wait for
-- it, and the definition if its hash is not the one that is known. One statement, so that all of it is of one moment.
SELECT
    w.workflow_id, w.revision, w.status, w.wake_at, w.end_time, w.update_time, w.task_count, w.last_seq,
    w.name, w.version, w.definition_hash, w.create_time, w.priority, w.correlation_id, w.parent_workflow_id, w.event, w.created_by, w.reason,
    w.idempotency_key, w.classifier, w.cold, d.input, d.output, d.variables,
    CASE WHEN w.revision <> $2 THEN ARRAY(
        SELECT ROW(
            t.workflow_id, t.number, t.task_id, t.task_type, t.def_name, t.ref,
            t.status, t.ready_at, t.end_time, t.update_time, t.callback_after_seconds, t.lease_ms, t.poll_count, t.worker_id, t.reason,
            t.queue, t.domain, t.priority, t.scheduled_time, t.start_time, t.correlation_id,
            t.cold, t.input, t.output
        )
        FROM task AS t WHERE t.workflow_id = w.workflow_id AND t.revision > $2 ORDER BY t.number
    ) END AS tasks,
    CASE WHEN $2::bigint > 0 THEN ARRAY(
        SELECT r.task_id FROM task_removed AS r WHERE r.workflow_id = w.workflow_id AND r.revision > $2
    ) END AS removed,
    ARRAY(
        SELECT ROW(m.number, m.message_id, m.received_at, m.body)
        FROM workflow_message AS m WHERE m.workflow_id = w.workflow_id ORDER BY m.number
    ) AS messages,
    (SELECT s.body FROM definition_snapshot AS s WHERE s.definition_hash = w.definition_hash AND s.definition_hash IS DISTINCT FROM $3) AS definition
FROM workflow AS w JOIN workflow_data AS d ON d.workflow_id = w.workflow_id
WHERE w.workflow_id = $1;

-- list --
SELECT
    w.workflow_id, w.revision, w.status, w.wake_at, w.end_time, w.update_time, w.task_count, w.last_seq,
    w.name, w.version, w.definition_hash, w.create_time, w.priority, w.correlation_id, w.parent_workflow_id, w.event, w.created_by, w.reason,
    w.idempotency_key, w.classifier, w.cold, d.input, d.output, d.variables
FROM workflow AS w JOIN workflow_data AS d ON d.workflow_id = w.workflow_id
WHERE w.workflow_id = ANY($1::text[]);

-- due --
SELECT workflow_id FROM workflow
WHERE wake_at > 0 AND wake_at <= $1 AND status IN ('RUNNING', 'PAUSED') ORDER BY wake_at LIMIT $2;

-- next_wake --
SELECT coalesce(min(wake_at), 0) FROM workflow WHERE wake_at > 0 AND status IN ('RUNNING', 'PAUSED');

-- running --
SELECT workflow_id FROM workflow WHERE name = $1 AND status = 'RUNNING' ORDER BY create_time;

-- created --
SELECT workflow_id FROM workflow
WHERE name = $1 AND create_time BETWEEN $2 AND $3 AND version = coalesce($4, version) ORDER BY create_time;

-- correlated --
SELECT correlation_id, workflow_id FROM workflow
WHERE correlation_id = ANY($1::text[]) AND name = $2 AND ($3 OR status = 'RUNNING') ORDER BY create_time;

-- delete --
WITH
asked AS (SELECT unnest($1::text[]) AS workflow_id),
logs AS (
    DELETE FROM task_log AS l USING asked AS a, task AS t WHERE t.workflow_id = a.workflow_id AND l.task_id = t.task_id
),
tasks AS (DELETE FROM task AS t USING asked AS a WHERE t.workflow_id = a.workflow_id),
removed AS (DELETE FROM task_removed AS r USING asked AS a WHERE r.workflow_id = a.workflow_id),
slots AS (DELETE FROM slot AS s USING asked AS a WHERE s.workflow_id = a.workflow_id),
messages AS (DELETE FROM workflow_message AS m USING asked AS a WHERE m.workflow_id = a.workflow_id),
entries AS (DELETE FROM history AS h USING asked AS a WHERE h.workflow_id = a.workflow_id),
data AS (DELETE FROM workflow_data AS d USING asked AS a WHERE d.workflow_id = a.workflow_id)
DELETE FROM workflow AS w USING asked AS a WHERE w.workflow_id = a.workflow_id;
