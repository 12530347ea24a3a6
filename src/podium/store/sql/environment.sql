-- list --
SELECT json_group_object(name, value) FROM (SELECT name, value FROM environment ORDER BY name);

-- put --
INSERT INTO environment (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value;

-- delete --
DELETE FROM environment WHERE name = ? RETURNING value;
