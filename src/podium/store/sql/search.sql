-- workflows --
-- {condition} and {order} are put together in `searching` from its own words; everything a user wrote is a parameter.
SELECT json_group_array(id) FROM (SELECT w.workflow_id AS id FROM workflow AS w WHERE {condition} ORDER BY {order} LIMIT ? OFFSET ?);

-- count_workflows --
SELECT count(*) FROM workflow AS w WHERE {condition};

-- tasks --
SELECT json_group_array(id) FROM (SELECT t.task_id AS id FROM task AS t WHERE {condition} ORDER BY {order} LIMIT ? OFFSET ?);

-- count_tasks --
SELECT count(*) FROM task AS t WHERE {condition};

-- workflows_by_tasks --
SELECT json_group_array(id) FROM (
    SELECT t.workflow_id AS id FROM task AS t WHERE {condition} GROUP BY t.workflow_id ORDER BY {order} LIMIT ? OFFSET ?
);

-- count_workflows_by_tasks --
SELECT count(DISTINCT t.workflow_id) FROM task AS t WHERE {condition};

-- executions --
SELECT json_group_array(id) FROM (
    SELECT e.execution_id AS id FROM schedule_execution AS e WHERE {condition} ORDER BY {order} LIMIT ? OFFSET ?
);

-- count_executions --
SELECT count(*) FROM schedule_execution AS e WHERE {condition};
