-- +goose Up

-- One row is one journal report. A message makes one; recipients that become known after it left make another (fork).
-- Times are unix milliseconds.
CREATE TABLE archive_report (
    id       TEXT   NOT NULL, -- of the message, whichever mailboxes it is in
    fork     BIGINT NOT NULL, -- 1, 2 ...
    mailbox  TEXT   NOT NULL, -- where the original lies
    message  TEXT   NOT NULL,
    at       BIGINT NOT NULL, -- of the entry
    state    TEXT   NOT NULL, -- waiting, trying, sent, in doubt, parked
    next     BIGINT NOT NULL, -- not before
    attempts BIGINT NOT NULL,
    fence    BIGINT NOT NULL,
    lease    BIGINT NOT NULL,
    worker   TEXT   NOT NULL,
    changed  BIGINT NOT NULL,
    words    TEXT   NOT NULL,
    remedy   TEXT   NOT NULL,
    PRIMARY KEY (id, fork)
);
CREATE INDEX archive_report_open ON archive_report (mailbox, next) WHERE state = 'waiting';
CREATE INDEX archive_report_at ON archive_report (at, state);

-- Each recipient stands in one report of a message.
CREATE TABLE archive_recipient (
    id       TEXT   NOT NULL,
    address  TEXT   NOT NULL, -- in lower case
    fork     BIGINT NOT NULL,
    role     TEXT   NOT NULL, -- To, Cc, Bcc as the sender wrote; '' as the header shows
    expanded TEXT   NOT NULL, -- the group that brought the message here, '' none
    PRIMARY KEY (id, address)
);

-- +goose Down
DROP TABLE archive_recipient;
DROP TABLE archive_report;
