-- The words in braces are put together in `searching` and `ways` from their own; everything a user wrote is a parameter.

-- way --
SELECT {columns} FROM {source} WHERE {condition} ORDER BY {order} LIMIT {end}

-- merged --
SELECT * FROM (SELECT * FROM ({ways})) ORDER BY {order} LIMIT {end}

-- ids --
SELECT json_group_array(id) FROM (SELECT id FROM ({page}) LIMIT -1 OFFSET {start});

-- tasks --
SELECT json_group_array(t.task_id)
FROM (SELECT id, number FROM ({page}) LIMIT -1 OFFSET {start}) AS page CROSS JOIN task AS t ON t.workflow_id = page.id AND t.number = page.number;

-- count --
SELECT count(*) FROM (SELECT 1 FROM {source} WHERE {condition} LIMIT {end});

-- each --
SELECT {columns} FROM {source} WHERE {condition} LIMIT {end};

-- owners --
SELECT json_group_array(workflow_id) FROM (SELECT w.workflow_id FROM {source} WHERE {condition} LIMIT ?);

-- names --
-- From each name to the next, without reading what is between.
WITH RECURSIVE found (name) AS (
    SELECT min(w.name) FROM workflow AS w
    UNION ALL
    SELECT (SELECT min(w.name) FROM workflow AS w WHERE w.name > found.name) FROM found WHERE found.name IS NOT NULL
)
SELECT json_group_array(json_array(name)) FROM (SELECT name FROM found WHERE name IS NOT NULL AND {condition} LIMIT ?);

-- task_names --
-- The same with pairs of name and type.
WITH RECURSIVE found (pair) AS (
    SELECT (
        SELECT json_array(t.def_name, t.task_type) FROM task AS t INDEXED BY task_by_name ORDER BY t.def_name, t.task_type LIMIT 1
    )
    UNION ALL
    SELECT coalesce(
        (
            SELECT json_array(t.def_name, t.task_type) FROM task AS t INDEXED BY task_by_name
            WHERE t.def_name = found.pair ->> 0 AND t.task_type > found.pair ->> 1 ORDER BY t.task_type LIMIT 1
        ),
        (
            SELECT json_array(t.def_name, t.task_type) FROM task AS t INDEXED BY task_by_name
            WHERE t.def_name > found.pair ->> 0 ORDER BY t.def_name, t.task_type LIMIT 1
        )
    )
    FROM found WHERE found.pair IS NOT NULL
)
SELECT json_group_array(json_array(def_name, task_type)) FROM (
    SELECT def_name, task_type
    FROM (SELECT pair ->> 0 AS def_name, pair ->> 1 AS task_type FROM found WHERE pair IS NOT NULL)
    WHERE {condition} LIMIT ?
);
