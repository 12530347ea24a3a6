-- list --
SELECT name, body FROM kept WHERE kind = $1 ORDER BY name;

-- put --
INSERT INTO kept (kind, name, body) VALUES ($1, $2, $3) ON CONFLICT (kind, name) DO UPDATE SET body = excluded.body;

-- exchange --
UPDATE kept SET body = $1 WHERE kind = $2 AND name = $3 AND body = $4;

-- delete --
DELETE FROM kept WHERE kind = $1 AND name = $2 RETURNING body;
