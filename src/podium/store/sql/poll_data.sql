-- put --
INSERT INTO poll_data (queue, domain, worker_id, last_poll_time)
SELECT * FROM (VALUES /*row*/ (?, ?, ?, ?)) WHERE column1 IS NOT NULL
ON CONFLICT (queue, domain) DO UPDATE SET worker_id = excluded.worker_id, last_poll_time = excluded.last_poll_time
WHERE excluded.last_poll_time >= last_poll_time;

-- list --
SELECT json_group_array(json_array(queue, domain, worker_id, last_poll_time)) FROM (
    SELECT * FROM poll_data WHERE ?1 IS NULL OR queue = ?1 ORDER BY queue, domain
);
