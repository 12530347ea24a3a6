-- insert --
-- In the order given: `created` is the order of creation.
INSERT INTO task (
    workflow_id, number, revision, task_id, task_type, def_name, ref,
    status, ready_at, end_time, update_time, callback_after_seconds, lease_ms, poll_count, worker_id, reason,
    queue, domain, priority, scheduled_time, start_time, correlation_id,
    cold, input, output
)
SELECT
    v.workflow_id, v.number, v.revision, v.task_id, v.task_type, v.def_name, v.ref,
    v.status, v.ready_at, v.end_time, v.update_time, v.callback_after_seconds, v.lease_ms, v.poll_count, v.worker_id, v.reason,
    v.queue, v.domain, v.priority, v.scheduled_time, v.start_time, v.correlation_id,
    v.cold, v.input, v.output
FROM unnest(
    $1::text[], $2::bigint[], $3::bigint[], $4::text[], $5::text[], $6::text[], $7::text[],
    $8::text[], $9::bigint[], $10::bigint[], $11::bigint[], $12::bigint[], $13::bigint[], $14::bigint[], $15::text[], $16::text[],
    $17::text[], $18::text[], $19::bigint[], $20::bigint[], $21::bigint[], $22::text[],
    $23::text[], $24::text[], $25::text[]
) WITH ORDINALITY AS v (
    workflow_id, number, revision, task_id, task_type, def_name, ref,
    status, ready_at, end_time, update_time, callback_after_seconds, lease_ms, poll_count, worker_id, reason,
    queue, domain, priority, scheduled_time, start_time, correlation_id,
    cold, input, output, place
)
ORDER BY v.place;

-- change --
-- '' leaves the input or output there is.
UPDATE task AS t
SET
    revision = v.revision, status = v.status, ready_at = v.ready_at, end_time = v.end_time, update_time = v.update_time,
    callback_after_seconds = v.callback_after_seconds, lease_ms = v.lease_ms, poll_count = v.poll_count, worker_id = v.worker_id,
    reason = v.reason, cold = v.cold,
    input = CASE v.input WHEN '' THEN t.input ELSE v.input END,
    output = CASE v.output WHEN '' THEN t.output ELSE v.output END
FROM unnest(
    $1::text[], $2::bigint[], $3::bigint[], $4::text[], $5::bigint[], $6::bigint[], $7::bigint[], $8::bigint[], $9::bigint[], $10::bigint[],
    $11::text[], $12::text[], $13::text[], $14::text[], $15::text[]
) AS v (
    workflow_id, number, revision, status, ready_at, end_time, update_time, callback_after_seconds, lease_ms, poll_count,
    worker_id, reason, cold, input, output
)
WHERE t.workflow_id = v.workflow_id AND t.number = v.number;

-- move --
-- What stands in indexes and seldom changes.
UPDATE task AS t
SET
    queue = v.queue, domain = v.domain, priority = v.priority, scheduled_time = v.scheduled_time, start_time = v.start_time,
    correlation_id = v.correlation_id
FROM unnest($1::text[], $2::bigint[], $3::text[], $4::text[], $5::bigint[], $6::bigint[], $7::bigint[], $8::text[])
AS v (workflow_id, number, queue, domain, priority, scheduled_time, start_time, correlation_id)
WHERE t.workflow_id = v.workflow_id AND t.number = v.number;

-- levels --
-- For each place in the list of queues: the priorities that anything waits with, the highest first, and when the first of them is ready.
-- Steps from priority to priority through the index, however many tasks wait with each.
WITH RECURSIVE level (place, queue, domain, priority) AS (
    SELECT v.place, v.queue, v.domain, (
        SELECT t.priority FROM task AS t
        WHERE t.queue = v.queue AND coalesce(t.domain, '') = v.domain AND t.ready_at > 0 ORDER BY t.priority DESC LIMIT 1
    )
    FROM unnest($1::bigint[], $2::text[], $3::text[]) AS v (place, queue, domain)
    UNION ALL
    SELECT l.place, l.queue, l.domain, (
        SELECT t.priority FROM task AS t
        WHERE t.queue = l.queue AND coalesce(t.domain, '') = l.domain AND t.ready_at > 0 AND t.priority < l.priority
        ORDER BY t.priority DESC LIMIT 1
    )
    FROM level AS l WHERE l.priority IS NOT NULL
)
SELECT l.place, l.priority, (
    SELECT t.ready_at FROM task AS t
    WHERE t.queue = l.queue AND coalesce(t.domain, '') = l.domain AND t.priority = l.priority AND t.ready_at > 0
    ORDER BY t.ready_at LIMIT 1
) AS first
FROM level AS l WHERE l.priority IS NOT NULL ORDER BY l.place, l.priority DESC;

-- ready --
-- The next tasks of each place's queue and priority, with where their runs stand; tasks and runs that somebody else holds are stepped over.
SELECT
    v.place, w.revision, w.wake_at, t.created,
    t.workflow_id, t.number, t.task_id, t.task_type, t.def_name, t.ref,
    t.status, t.ready_at, t.end_time, t.update_time, t.callback_after_seconds, t.lease_ms, t.poll_count, t.worker_id, t.reason,
    t.queue, t.domain, t.priority, t.scheduled_time, t.start_time, t.correlation_id,
    t.cold, t.input, t.output
FROM unnest($1::bigint[], $2::text[], $3::text[], $4::bigint[], $5::bigint[]) AS v (place, queue, domain, priority, count)
CROSS JOIN LATERAL (
    SELECT * FROM task AS q
    WHERE q.queue = v.queue AND coalesce(q.domain, '') = v.domain AND q.priority = v.priority AND q.ready_at > 0 AND q.ready_at <= $6
    ORDER BY q.ready_at, q.created LIMIT v.count FOR UPDATE SKIP LOCKED
) AS t
CROSS JOIN LATERAL (
    SELECT r.revision, r.wake_at FROM workflow AS r WHERE r.workflow_id = t.workflow_id FOR UPDATE SKIP LOCKED
) AS w;

-- standing --
-- Of these tasks, those that are ready and unchanged since a revision: their places in the list, and where their runs stand.
SELECT v.place, w.revision, w.wake_at
FROM unnest($1::bigint[], $2::text[], $3::bigint[], $4::bigint[]) AS v (place, workflow_id, number, revision)
JOIN task AS t ON t.workflow_id = v.workflow_id AND t.number = v.number AND t.revision = v.revision AND t.ready_at > 0
JOIN workflow AS w ON w.workflow_id = v.workflow_id;

-- claim --
UPDATE task AS t
SET
    revision = v.revision, status = 'IN_PROGRESS', ready_at = 0, start_time = v.start_time, update_time = v.update_time,
    callback_after_seconds = 0, poll_count = v.poll_count, worker_id = v.worker_id
FROM unnest($1::text[], $2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[], $6::bigint[], $7::text[])
AS v (workflow_id, number, revision, start_time, update_time, poll_count, worker_id)
WHERE t.workflow_id = v.workflow_id AND t.number = v.number;

-- by_id --
SELECT
    t.workflow_id, t.number, t.task_id, t.task_type, t.def_name, t.ref,
    t.status, t.ready_at, t.end_time, t.update_time, t.callback_after_seconds, t.lease_ms, t.poll_count, t.worker_id, t.reason,
    t.queue, t.domain, t.priority, t.scheduled_time, t.start_time, t.correlation_id,
    t.cold, t.input, t.output
FROM task AS t WHERE t.task_id = ANY($1::text[]);

-- pending --
-- The open tasks of a type, oldest first.
SELECT
    t.workflow_id, t.number, t.task_id, t.task_type, t.def_name, t.ref,
    t.status, t.ready_at, t.end_time, t.update_time, t.callback_after_seconds, t.lease_ms, t.poll_count, t.worker_id, t.reason,
    t.queue, t.domain, t.priority, t.scheduled_time, t.start_time, t.correlation_id,
    t.cold, t.input, t.output
FROM task AS t
WHERE t.task_type = $1 AND t.status IN ('SCHEDULED', 'IN_PROGRESS') AND t.status = ANY($2::text[])
ORDER BY t.created LIMIT $3 OFFSET $4;

-- queue_sizes --
SELECT queue, domain, count(*) FROM task WHERE ready_at > 0 GROUP BY queue, domain;

-- remember_removed --
INSERT INTO task_removed (workflow_id, revision, task_id) SELECT * FROM unnest($1::text[], $2::bigint[], $3::text[]);

-- delete --
DELETE FROM task WHERE task_id = ANY($1::text[]);
