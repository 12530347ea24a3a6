-- expire --
-- What another server is writing at this moment is stepped over.
DELETE FROM cached_output WHERE (def_name, md5(key)) IN (
    SELECT c.def_name, md5(c.key) FROM cached_output AS c WHERE c.expires_at <= (SELECT max(at) FROM unnest($1::bigint[]) AS at) FOR UPDATE SKIP LOCKED
);

-- put --
INSERT INTO cached_output (def_name, key, expires_at, output)
SELECT * FROM unnest($1::text[], $2::text[], $3::bigint[], $4::text[]) AS v (def_name, key, expires_at, output) ORDER BY v.def_name, v.key
ON CONFLICT (def_name, md5(key)) DO UPDATE SET key = excluded.key, expires_at = excluded.expires_at, output = excluded.output;

-- find --
SELECT c.def_name, c.key, c.expires_at, c.output
FROM unnest($1::text[], $2::text[]) AS v (def_name, key) JOIN cached_output AS c
    ON c.def_name = v.def_name AND md5(c.key) = md5(v.key) AND c.key = v.key;
