-- insert --
-- An id is derived from the run and its revision. Where a removed run was made anew under its id, the newer message is the one that matters.
INSERT INTO outbox (outbox_id, due, attempts, message)
SELECT v.outbox_id, v.due, v.attempts, v.message
FROM unnest($1::text[], $2::bigint[], $3::bigint[], $4::text[]) WITH ORDINALITY AS v (outbox_id, due, attempts, message, place)
ORDER BY v.place
ON CONFLICT (outbox_id) DO UPDATE
SET sequence = excluded.sequence, due = excluded.due, attempts = excluded.attempts, message = excluded.message;

-- due --
SELECT outbox_id, due, attempts, message FROM outbox WHERE due <= $1 ORDER BY due, sequence LIMIT $2;

-- postpone --
UPDATE outbox SET due = $1, attempts = attempts + 1 WHERE outbox_id = $2;

-- delete --
-- What another server is deleting at this moment is stepped over: nobody waits, and a message that comes again is ignored.
DELETE FROM outbox WHERE outbox_id IN (SELECT outbox_id FROM outbox WHERE outbox_id = ANY($1::text[]) FOR UPDATE SKIP LOCKED);
