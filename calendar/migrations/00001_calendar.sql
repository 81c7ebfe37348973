-- +goose Up

-- One row is one event of one message. Times are unix milliseconds.
CREATE TABLE calendar_event (
    mailbox  TEXT   NOT NULL,
    message  TEXT   NOT NULL,
    n        BIGINT NOT NULL, -- of the events of the message
    uid      TEXT   NOT NULL,
    own      BIGINT NOT NULL, -- 1: an answer that the mailbox's person gave
    last     BIGINT NOT NULL, -- end of the last occurrence; far off when there is none
    received BIGINT NOT NULL,
    object   TEXT   NOT NULL, -- the calendar object as it came
    PRIMARY KEY (mailbox, message, n)
);
CREATE INDEX calendar_event_uid ON calendar_event (mailbox, uid);
CREATE INDEX calendar_event_last ON calendar_event (mailbox, last);

-- +goose Down
DROP TABLE calendar_event;
