-- insert --
INSERT INTO history (workflow_id, revision, at, actor, body)
SELECT * FROM unnest($1::text[], $2::bigint[], $3::bigint[], $4::text[], $5::text[]);

-- list --
SELECT revision, at, actor, body FROM history WHERE workflow_id = $1 AND revision > $2 ORDER BY revision LIMIT $3;
