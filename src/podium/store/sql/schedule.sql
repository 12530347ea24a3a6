-- list --
SELECT json_group_array(body) FROM (SELECT body FROM schedule ORDER BY name);

-- named --
SELECT json_group_array(s.body) FROM (SELECT value FROM json_each(?)) AS v CROSS JOIN schedule AS s ON s.name = v.value;

-- due --
SELECT json_group_array(body) FROM (SELECT body FROM schedule WHERE wake_at > 0 AND wake_at <= ? ORDER BY wake_at LIMIT ?);

-- next_wake --
-- Of schedules, and of executions that are not over.
SELECT coalesce(min(at), 0) FROM (
    SELECT * FROM (SELECT wake_at AS at FROM schedule WHERE wake_at > 0 ORDER BY wake_at LIMIT 1)
    UNION ALL
    SELECT * FROM (SELECT wake_at AS at FROM schedule_execution WHERE wake_at > 0 ORDER BY wake_at LIMIT 1)
);

-- insert --
INSERT INTO schedule (name, revision, wake_at, body) VALUES (:name, :revision, :wake_at, :body) ON CONFLICT (name) DO NOTHING;

-- update --
UPDATE schedule SET revision = :revision, wake_at = :wake_at, body = :body WHERE name = :name AND revision = :over;

-- delete --
DELETE FROM schedule WHERE name = ?;
