-- workflows --
-- {condition} and {order} are put together in `searching` from its own words; everything a user wrote is a parameter.
SELECT w.workflow_id FROM workflow AS w WHERE {condition} ORDER BY {order} LIMIT {limit} OFFSET {offset};

-- count_workflows --
SELECT count(*) FROM workflow AS w WHERE {condition};

-- tasks --
SELECT t.task_id FROM task AS t WHERE {condition} ORDER BY {order} LIMIT {limit} OFFSET {offset};

-- count_tasks --
SELECT count(*) FROM task AS t WHERE {condition};

-- workflows_by_tasks --
SELECT t.workflow_id FROM task AS t WHERE {condition} GROUP BY t.workflow_id ORDER BY {order} LIMIT {limit} OFFSET {offset};

-- count_workflows_by_tasks --
SELECT count(DISTINCT t.workflow_id) FROM task AS t WHERE {condition};

-- executions --
SELECT e.execution_id FROM schedule_execution AS e WHERE {condition} ORDER BY {order} LIMIT {limit} OFFSET {offset};

-- count_executions --
SELECT count(*) FROM schedule_execution AS e WHERE {condition};
