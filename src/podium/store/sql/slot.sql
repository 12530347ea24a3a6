-- put --
-- A run keeps its place in the order.
INSERT INTO slot (rate_limit_key, workflow_id, state)
SELECT * FROM (VALUES /*row*/ (?, ?, ?)) WHERE column1 IS NOT NULL
ON CONFLICT (workflow_id) DO UPDATE SET state = excluded.state;

-- delete --
DELETE FROM slot WHERE workflow_id IN (VALUES /*row*/ (?));

-- standing --
-- How many others hold a slot of a key, and who has waited longest.
SELECT json_array(
    (SELECT count(*) FROM slot WHERE rate_limit_key = :key AND state = 'HELD' AND workflow_id <> :besides),
    (SELECT workflow_id FROM slot WHERE rate_limit_key = :key AND state = 'WAITING' ORDER BY sequence LIMIT 1)
);

-- held --
-- How many slots of each key are held.
SELECT json_group_object(rate_limit_key, held) FROM (
    SELECT rate_limit_key, count(*) AS held FROM slot
    WHERE state = 'HELD' AND rate_limit_key IN (SELECT value FROM json_each(?)) GROUP BY rate_limit_key
);
