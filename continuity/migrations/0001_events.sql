-- +goose Up
-- One row an event; ended 0 means active. Whether a gate is closed is computed from these rows
-- each time (design L4) and stored nowhere.
CREATE TABLE event (
    id         TEXT PRIMARY KEY,
    kind       TEXT NOT NULL,
    scope      TEXT NOT NULL, -- JSON
    reason     TEXT NOT NULL,
    started    BIGINT NOT NULL,
    started_by TEXT NOT NULL,
    ended      BIGINT NOT NULL DEFAULT 0,
    ended_by   TEXT NOT NULL DEFAULT '',
    end_reason TEXT NOT NULL DEFAULT ''
);
CREATE INDEX event_active ON event (ended);

-- The append-only record: each line's hash covers the line before it.
CREATE TABLE event_record (
    n      BIGINT PRIMARY KEY,
    at     BIGINT NOT NULL,
    event  TEXT NOT NULL,
    what   TEXT NOT NULL,
    actor  TEXT NOT NULL,
    reason TEXT NOT NULL,
    detail TEXT NOT NULL, -- JSON: kind and scope
    hash   TEXT NOT NULL
);

-- +goose Down
DROP TABLE event_record;
DROP TABLE event;
