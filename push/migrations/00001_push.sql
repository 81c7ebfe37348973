-- +goose Up

-- Where a browser of a person takes notifications. Times are unix milliseconds.
CREATE TABLE push_subscription (
    endpoint TEXT   NOT NULL PRIMARY KEY,
    mailbox  TEXT   NOT NULL,
    p256dh   TEXT   NOT NULL, -- the browser's public key
    auth     TEXT   NOT NULL, -- and its secret (RFC 8291)
    lang     TEXT   NOT NULL,
    added    BIGINT NOT NULL,
    fails    BIGINT NOT NULL  -- in a row
);
CREATE INDEX push_subscription_mailbox ON push_subscription (mailbox);

-- Our key pair towards the push services (RFC 8292). There is one row.
CREATE TABLE push_key (
    id      BIGINT NOT NULL PRIMARY KEY,
    private TEXT   NOT NULL,
    public  TEXT   NOT NULL
);

-- +goose Down
DROP TABLE push_key;
DROP TABLE push_subscription;
