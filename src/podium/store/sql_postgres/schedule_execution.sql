-- insert --
-- An instant that was taken before stays as it is.
INSERT INTO schedule_execution (
    execution_id, schedule_name, workflow_name, workflow_id, state, scheduled_time, execution_time, wake_at, reason, body
)
SELECT * FROM unnest(
    $1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::bigint[], $7::bigint[], $8::bigint[], $9::text[], $10::text[]
) AS v (execution_id, schedule_name, workflow_name, workflow_id, state, scheduled_time, execution_time, wake_at, reason, body)
ORDER BY v.execution_id
ON CONFLICT (execution_id) DO NOTHING;

-- claim --
UPDATE schedule_execution SET wake_at = $1
WHERE execution_id IN (
    SELECT execution_id FROM schedule_execution WHERE wake_at > 0 AND wake_at <= $2 ORDER BY wake_at LIMIT $3 FOR UPDATE SKIP LOCKED
)
RETURNING body;

-- save --
-- What is over is never changed.
UPDATE schedule_execution AS e SET state = v.state, wake_at = v.wake_at, reason = v.reason, body = v.body
FROM unnest($1::text[], $2::text[], $3::bigint[], $4::text[], $5::text[]) AS v (execution_id, state, wake_at, reason, body)
WHERE e.execution_id = v.execution_id AND e.wake_at > 0;

-- by_id --
SELECT body FROM schedule_execution WHERE execution_id = ANY($1::text[]);

-- prune --
-- Of every schedule the newest stay, unless they are old.
DELETE FROM schedule_execution WHERE execution_id IN (
    SELECT execution_id FROM (
        SELECT execution_id, scheduled_time, row_number() OVER (PARTITION BY schedule_name ORDER BY scheduled_time DESC) AS place
        FROM schedule_execution
    ) AS placed
    WHERE place > $1 OR scheduled_time < $2
) AND wake_at = 0;
