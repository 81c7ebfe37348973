-- +goose Up
-- token is a hash of what stands in the cookie: who steals this table cannot sign in with it.
CREATE TABLE session (
    token   TEXT PRIMARY KEY,
    data    TEXT NOT NULL,  -- JSON
    expires BIGINT NOT NULL
);
CREATE INDEX session_expires ON session (expires);

-- +goose Down
DROP TABLE session;
