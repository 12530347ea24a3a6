-- What is kept under a name and read whole: event handlers, environment variables, and whatever else a server holds in memory.
CREATE TABLE kept (
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    body BLOB NOT NULL,
    PRIMARY KEY (kind, name)
) STRICT, WITHOUT ROWID;
INSERT INTO kept (kind, name, body) SELECT 'event_handler', name, CAST(body AS BLOB) FROM event_handler;
INSERT INTO kept (kind, name, body) SELECT 'environment', name, CAST(value AS BLOB) FROM environment;
DROP TABLE event_handler;
DROP TABLE environment;
