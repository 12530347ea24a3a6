-- insert --
INSERT OR FAIL INTO payload (payload_id, body)
SELECT * FROM (VALUES /*row*/ (?, ?)) WHERE column1 IS NOT NULL;

-- delete_inputs --
-- Of tasks.
DELETE FROM payload WHERE payload_id IN (
    SELECT t.input_id FROM (VALUES /*row*/ (?, ?)) AS v CROSS JOIN task AS t ON t.workflow_id = v.column1 AND t.number = v.column2
);

-- delete_outputs --
-- Of tasks.
DELETE FROM payload WHERE payload_id IN (
    SELECT t.output_id FROM (VALUES /*row*/ (?, ?)) AS v CROSS JOIN task AS t ON t.workflow_id = v.column1 AND t.number = v.column2
);

-- delete_workflow_input --
DELETE FROM payload WHERE payload_id IN (SELECT input_id FROM workflow WHERE workflow_id IN (VALUES /*row*/ (?)));

-- delete_workflow_output --
DELETE FROM payload WHERE payload_id IN (SELECT output_id FROM workflow WHERE workflow_id IN (VALUES /*row*/ (?)));

-- delete_workflow_variables --
DELETE FROM payload WHERE payload_id IN (SELECT variables_id FROM workflow WHERE workflow_id IN (VALUES /*row*/ (?)));

-- delete_of_workflow --
-- Of a run that is removed, with its tasks.
DELETE FROM payload WHERE payload_id IN (
    SELECT input_id FROM task WHERE workflow_id = :workflow_id
    UNION ALL SELECT output_id FROM task WHERE workflow_id = :workflow_id
    UNION ALL SELECT input_id FROM workflow WHERE workflow_id = :workflow_id
    UNION ALL SELECT output_id FROM workflow WHERE workflow_id = :workflow_id
    UNION ALL SELECT variables_id FROM workflow WHERE workflow_id = :workflow_id
);
