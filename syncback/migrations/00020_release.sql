-- +goose Up

-- What goes in and must come out again before an event's gates open: one row a way. The row with way
-- 'scout' is an item of the ledger that goes first where no probe mailbox is configured.
CREATE TABLE syncback_canary (
    event   TEXT   NOT NULL,
    way     TEXT   NOT NULL,
    state   TEXT   NOT NULL, -- new, sent, passed, failed
    address TEXT   NOT NULL, -- of the probe mailbox
    msgid   TEXT   NOT NULL, -- of the canary under way
    mailbox TEXT   NOT NULL, -- scout: the item
    seq     BIGINT NOT NULL,
    tries   BIGINT NOT NULL,
    looks   BIGINT NOT NULL,
    sent    BIGINT NOT NULL, -- when this canary went in
    next    BIGINT NOT NULL,
    words   TEXT   NOT NULL,
    remedy  TEXT   NOT NULL,
    PRIMARY KEY (event, way)
);

-- Canaries that may still lie in a probe mailbox: written before one goes in, taken out when it was removed.
CREATE TABLE syncback_litter (
    address TEXT   NOT NULL,
    msgid   TEXT   NOT NULL,
    at      BIGINT NOT NULL,
    PRIMARY KEY (address, msgid)
);

-- One node conducts the release of an event at a time.
CREATE TABLE syncback_conduct (
    event  TEXT   NOT NULL PRIMARY KEY,
    worker TEXT   NOT NULL,
    until  BIGINT NOT NULL
);

-- +goose Down
DROP TABLE syncback_conduct;
DROP TABLE syncback_litter;
DROP TABLE syncback_canary;
