-- +goose Up
-- An event that has ended keeps its gates closed until it is released: released 0 means closed.
ALTER TABLE event ADD COLUMN released BIGINT NOT NULL DEFAULT 0;
ALTER TABLE event ADD COLUMN released_by TEXT NOT NULL DEFAULT '';
ALTER TABLE event ADD COLUMN release_reason TEXT NOT NULL DEFAULT '';
UPDATE event SET released = ended WHERE ended <> 0;
CREATE INDEX event_unreleased ON event (released);

-- What an administrator has switched: a row is on. 'stopped': nothing is told for now; 'withdrawn':
-- no credential is used and no connection is kept.
CREATE TABLE exchange_switch (
    name   TEXT PRIMARY KEY,
    at     BIGINT NOT NULL,
    actor  TEXT NOT NULL,
    reason TEXT NOT NULL
);

-- What each way into Exchange has shown of itself. Once a row of a way is confirmed, only confirmed
-- ones are let through.
CREATE TABLE exchange_identity (
    way          TEXT NOT NULL,
    pin          TEXT NOT NULL, -- SHA-256 of the public key, or tenant:ID
    subject      TEXT NOT NULL,
    issuer       TEXT NOT NULL,
    expires      BIGINT NOT NULL,
    first        BIGINT NOT NULL, -- seen
    last         BIGINT NOT NULL,
    confirmed    BIGINT NOT NULL DEFAULT 0,
    confirmed_by TEXT NOT NULL DEFAULT '',
    PRIMARY KEY (way, pin)
);

-- That somebody said, for a lockdown, that this is the right Exchange.
CREATE TABLE exchange_confirmed (
    event  TEXT PRIMARY KEY,
    at     BIGINT NOT NULL,
    actor  TEXT NOT NULL
);

-- +goose Down
DROP TABLE exchange_confirmed;
DROP TABLE exchange_identity;
DROP TABLE exchange_switch;
DROP INDEX event_unreleased;
