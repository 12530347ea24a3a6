-- list --
SELECT '[' || coalesce(group_concat(body), '') || ']' FROM (SELECT body FROM event_handler ORDER BY name);

-- put --
INSERT INTO event_handler (name, body) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET body = excluded.body;

-- delete --
DELETE FROM event_handler WHERE name = ?;
