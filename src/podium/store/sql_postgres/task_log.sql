-- insert --
INSERT INTO task_log (task_id, created_time, log)
SELECT v.task_id, v.created_time, v.log
FROM unnest($1::text[], $2::bigint[], $3::text[]) WITH ORDINALITY AS v (task_id, created_time, log, place)
ORDER BY v.place;

-- list --
SELECT task_id, created_time, log FROM task_log WHERE task_id = $1 ORDER BY created_time, sequence;

-- delete --
-- Of tasks.
DELETE FROM task_log WHERE task_id = ANY($1::text[]);
