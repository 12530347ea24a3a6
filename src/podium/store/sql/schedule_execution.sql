-- insert --
-- An instant that was taken before stays as it is.
INSERT INTO schedule_execution (
    execution_id, schedule_name, workflow_name, workflow_id, state, scheduled_time, execution_time, wake_at, reason, body
)
VALUES (:execution_id, :schedule_name, :workflow_name, :workflow_id, :state, :scheduled_time, :execution_time, :wake_at, :reason, :body)
ON CONFLICT (execution_id) DO NOTHING;

-- claim --
UPDATE schedule_execution SET wake_at = ?
WHERE execution_id IN (SELECT execution_id FROM schedule_execution WHERE wake_at > 0 AND wake_at <= ? ORDER BY wake_at LIMIT ?)
RETURNING body;

-- save --
-- What is over is never changed.
UPDATE schedule_execution SET state = :state, wake_at = :wake_at, reason = :reason, body = :body
WHERE execution_id = :execution_id AND wake_at > 0;

-- by_id --
SELECT json_group_array(e.body) FROM (SELECT value FROM json_each(?)) AS v CROSS JOIN schedule_execution AS e ON e.execution_id = v.value;

-- prune --
-- Of every schedule the newest stay, unless they are old.
DELETE FROM schedule_execution WHERE execution_id IN (
    SELECT execution_id FROM (
        SELECT execution_id, scheduled_time, row_number() OVER (PARTITION BY schedule_name ORDER BY scheduled_time DESC) AS place
        FROM schedule_execution
    )
    WHERE place > ? OR scheduled_time < ?
) AND wake_at = 0;
