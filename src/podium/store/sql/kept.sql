-- list --
SELECT name, body FROM kept WHERE kind = ? ORDER BY name;

-- put --
INSERT INTO kept (kind, name, body) VALUES (?, ?, ?) ON CONFLICT (kind, name) DO UPDATE SET body = excluded.body;

-- exchange --
UPDATE kept SET body = ? WHERE kind = ? AND name = ? AND body = ?;

-- delete --
DELETE FROM kept WHERE kind = ? AND name = ? RETURNING body;
