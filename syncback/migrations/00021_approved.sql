-- +goose Up

-- Items that a check did not let in after a lockdown and a person did.
CREATE TABLE syncback_approved (
    mailbox TEXT   NOT NULL,
    seq     BIGINT NOT NULL,
    at      BIGINT NOT NULL,
    actor   TEXT   NOT NULL,
    PRIMARY KEY (mailbox, seq)
);

-- +goose Down
DROP TABLE syncback_approved;
