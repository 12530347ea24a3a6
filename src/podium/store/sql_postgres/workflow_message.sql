-- insert --
INSERT INTO workflow_message (workflow_id, number, message_id, received_at, body)
SELECT * FROM unnest($1::text[], $2::bigint[], $3::text[], $4::bigint[], $5::text[]);

-- delete --
-- Those that a task has taken.
DELETE FROM workflow_message AS m USING unnest($1::text[], $2::bigint[]) AS v (workflow_id, number)
WHERE m.workflow_id = v.workflow_id AND m.number = v.number;
