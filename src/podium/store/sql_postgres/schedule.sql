-- list --
SELECT body FROM schedule ORDER BY name;

-- named --
SELECT s.body FROM unnest($1::text[]) WITH ORDINALITY AS v (name, place) JOIN schedule AS s ON s.name = v.name ORDER BY v.place;

-- due --
SELECT body FROM schedule WHERE wake_at > 0 AND wake_at <= $1 ORDER BY wake_at LIMIT $2;

-- next_wake --
-- Of schedules, and of executions that are not over.
SELECT coalesce(least(
    (SELECT min(wake_at) FROM schedule WHERE wake_at > 0),
    (SELECT min(wake_at) FROM schedule_execution WHERE wake_at > 0)
), 0);

-- insert --
INSERT INTO schedule (name, revision, wake_at, body) VALUES ($1, $2, $3, $4) ON CONFLICT (name) DO NOTHING;

-- update --
UPDATE schedule SET revision = $2, wake_at = $3, body = $4 WHERE name = $1 AND revision = $5;

-- delete --
DELETE FROM schedule WHERE name = $1;
