-- +goose Up

-- One row is one administrator's wish to put messages of the store back into mailboxes of an Exchange
-- that was built anew or restored. Times are unix milliseconds, 0 is no bound.
CREATE TABLE syncback_refill (
    id      TEXT   NOT NULL PRIMARY KEY,
    begun   BIGINT NOT NULL,
    author  TEXT   NOT NULL,
    reason  TEXT   NOT NULL,
    since   BIGINT NOT NULL, -- messages received from then on
    until   BIGINT NOT NULL, -- and before
    backup  BIGINT NOT NULL, -- moment of the backup that Exchange was restored from
    bins    BIGINT NOT NULL, -- 1: Deleted Items and junk too
    state   TEXT   NOT NULL, -- looking, looked, filling, filled, cancelled
    changed BIGINT NOT NULL
);
CREATE TABLE syncback_refill_box (
    refill  TEXT   NOT NULL REFERENCES syncback_refill (id),
    mailbox TEXT   NOT NULL,
    state   TEXT   NOT NULL, -- waiting, busy, done
    next    BIGINT NOT NULL, -- waiting: not before; busy: the worker cannot live beyond
    held    BIGINT NOT NULL, -- in the store
    there   BIGINT NOT NULL, -- in Exchange
    missing BIGINT NOT NULL, -- not there: go back
    under   BIGINT NOT NULL, -- not there, and on their way already
    deleted BIGINT NOT NULL, -- not there since somebody deleted them: stay so
    unknown BIGINT NOT NULL, -- cannot be looked up
    words   TEXT   NOT NULL, -- why it waits
    PRIMARY KEY (refill, mailbox)
);

-- +goose Down
DROP TABLE syncback_refill_box;
DROP TABLE syncback_refill;
