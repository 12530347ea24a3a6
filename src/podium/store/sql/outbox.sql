-- insert --
-- An id is derived from the run and its revision. Where a removed run was made anew under its id, the newer message is the one that matters.
INSERT OR REPLACE INTO outbox (outbox_id, due, attempts, message)
SELECT * FROM (VALUES /*row*/ (?, ?, ?, ?)) WHERE column1 IS NOT NULL;

-- due --
SELECT json_group_array(json_array(outbox_id, due, attempts, message)) FROM (
    SELECT outbox_id, due, attempts, message FROM outbox WHERE due <= ? ORDER BY due, sequence LIMIT ?
);

-- postpone --
UPDATE outbox SET due = ?, attempts = attempts + 1 WHERE outbox_id = ?;

-- delete --
DELETE FROM outbox WHERE outbox_id IN (SELECT value FROM json_each(?));
