-- expire --
DELETE FROM cached_output WHERE rowid IN (
    SELECT c.rowid FROM (VALUES /*row*/ (?)) AS v CROSS JOIN cached_output AS c ON c.expires_at <= v.column1
);

-- put --
INSERT INTO cached_output (def_name, key, expires_at, output)
SELECT * FROM (VALUES /*row*/ (?, ?, ?, ?)) WHERE column1 IS NOT NULL
ON CONFLICT (def_name, key) DO UPDATE SET expires_at = excluded.expires_at, output = excluded.output;

-- find --
SELECT json_group_array(json_array(c.def_name, c.key, c.expires_at, c.output)) FROM json_each(?) AS v CROSS JOIN cached_output AS c
    ON c.def_name = v.value ->> 0 AND c.key = v.value ->> 1;
