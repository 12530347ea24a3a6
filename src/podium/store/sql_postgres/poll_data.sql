-- put --
-- A row that another server is writing at this moment is left to it: a commit must not wait for another's.
WITH
v AS (SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::bigint[]) AS v (queue, domain, worker_id, last_poll_time)),
held AS (
    SELECT p.queue, p.domain FROM v JOIN poll_data AS p ON p.queue = v.queue AND p.domain = v.domain FOR UPDATE OF p SKIP LOCKED
),
changed AS (
    UPDATE poll_data AS p SET worker_id = v.worker_id, last_poll_time = v.last_poll_time
    FROM held JOIN v ON v.queue = held.queue AND v.domain = held.domain
    WHERE p.queue = held.queue AND p.domain = held.domain AND v.last_poll_time >= p.last_poll_time
)
INSERT INTO poll_data (queue, domain, worker_id, last_poll_time)
SELECT v.queue, v.domain, v.worker_id, v.last_poll_time FROM v ORDER BY v.queue, v.domain ON CONFLICT (queue, domain) DO NOTHING;

-- list --
SELECT queue, domain, worker_id, last_poll_time FROM poll_data WHERE $1::text IS NULL OR queue = $1 ORDER BY queue, domain;
