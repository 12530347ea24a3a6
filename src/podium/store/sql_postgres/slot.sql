-- lock --
-- Of the transactions that would take a slot of a key one counts at a time. The keys come in order.
SELECT pg_advisory_xact_lock(1936486260, hashtext(key)) FROM unnest($1::text[]) AS key;

-- held --
-- How many slots of each key are held.
SELECT rate_limit_key, count(*) FROM slot WHERE state = 'HELD' AND rate_limit_key = ANY ($1::text[]) GROUP BY rate_limit_key;

-- put --
-- A run keeps its place in the order.
INSERT INTO slot (rate_limit_key, workflow_id, state)
SELECT v.rate_limit_key, v.workflow_id, v.state
FROM unnest($1::text[], $2::text[], $3::text[]) WITH ORDINALITY AS v (rate_limit_key, workflow_id, state, place) ORDER BY v.place
ON CONFLICT (workflow_id) DO UPDATE SET state = excluded.state;

-- delete --
DELETE FROM slot WHERE workflow_id = ANY ($1::text[]);

-- standing --
-- How many others hold a slot of a key, and who has waited longest.
SELECT
    (SELECT count(*) FROM slot WHERE rate_limit_key = $1 AND state = 'HELD' AND workflow_id <> $2),
    (SELECT workflow_id FROM slot WHERE rate_limit_key = $1 AND state = 'WAITING' ORDER BY sequence LIMIT 1);
