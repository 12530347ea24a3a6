-- put_start --
INSERT INTO workflow_text (rowid, words)
SELECT start_id, start_words FROM workflow_words WHERE workflow_id IN (VALUES /*row*/ (?));

-- put_end --
INSERT INTO workflow_text (rowid, words)
SELECT end_id, end_words FROM workflow_words WHERE workflow_id IN (VALUES /*row*/ (?)) AND end_words IS NOT NULL;

-- drop_start --
-- Before anything that it was made of changes.
INSERT INTO workflow_text (workflow_text, rowid, words)
SELECT 'delete', start_id, start_words FROM workflow_words WHERE workflow_id IN (VALUES /*row*/ (?));

-- drop_end --
INSERT INTO workflow_text (workflow_text, rowid, words)
SELECT 'delete', end_id, end_words FROM workflow_words WHERE workflow_id IN (VALUES /*row*/ (?)) AND end_words IS NOT NULL;

-- find --
-- Numbers of runs whose texts hold these threes of characters.
SELECT json_group_array(DISTINCT text_id / 2) FROM (SELECT rowid AS text_id FROM workflow_text WHERE workflow_text MATCH ? LIMIT ?);
