-- Runs have numbers, in the order in which they came: the index of texts knows them by number.
ALTER TABLE workflow ADD COLUMN number INTEGER;
UPDATE workflow SET number = counted.number
FROM (SELECT workflow_id, row_number() OVER (ORDER BY create_time, workflow_id) AS number FROM workflow) AS counted
WHERE workflow.workflow_id = counted.workflow_id;
-- search by free text: from the index of texts to the run; the next number.
CREATE UNIQUE INDEX workflow_by_number ON workflow (number);
-- search by end, latest first; runs that are kept no longer.
CREATE INDEX workflow_by_end ON workflow (name, end_time);
-- definition snapshots that no run needs any more.
CREATE INDEX workflow_by_definition ON workflow (definition_hash);

-- What a free text is looked for in: what is known of a run at its start, and at its end. The beginning alone of what is long: a mark of
-- three characters says so, and lets the index name it for every text.
CREATE VIEW workflow_words AS
SELECT
    w.workflow_id,
    w.number * 2 AS start_id,
    w.workflow_id || char(10) || w.name || char(10) || coalesce(w.correlation_id, '') || char(10)
    || coalesce(iif(length(i.body) > 16000, substr(i.body, 1, 16000) || char(1, 1, 1), i.body), '') AS start_words,
    w.number * 2 + 1 AS end_id,
    iif(
        w.reason IS NULL AND o.body IS NULL,
        NULL,
        coalesce(w.reason, '') || char(10)
        || coalesce(iif(length(o.body) > 16000, substr(o.body, 1, 16000) || char(1, 1, 1), o.body), '')
    ) AS end_words
FROM workflow AS w
LEFT JOIN payload AS i ON i.payload_id = w.input_id
LEFT JOIN payload AS o ON o.payload_id = w.output_id;

-- Which runs hold which three characters. It keeps no text: to take one out, it is told the text again.
CREATE VIRTUAL TABLE workflow_text USING fts5 (words, content = '', columnsize = 0, detail = none, tokenize = 'trigram');
INSERT INTO workflow_text (rowid, words) SELECT start_id, start_words FROM workflow_words ORDER BY start_id;
INSERT INTO workflow_text (rowid, words) SELECT end_id, end_words FROM workflow_words WHERE end_words IS NOT NULL ORDER BY end_id;

DROP INDEX task_by_start_time;
-- search: of each name and type the newest tasks; all of them, merged, are the newest.
CREATE INDEX task_by_name ON task (def_name, task_type, start_time);
-- search for what went wrong, newest first. Written only when something does.
CREATE INDEX task_by_failure ON task (status, start_time) WHERE
status = 'FAILED' OR status = 'FAILED_WITH_TERMINAL_ERROR' OR status = 'TIMED_OUT' OR status = 'CANCELED' OR status = 'SKIPPED'
OR status = 'COMPLETED_WITH_ERRORS';
