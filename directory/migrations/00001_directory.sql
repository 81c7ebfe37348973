-- +goose Up
-- address is the primary address in the form in which addresses are compared. gone is 0, or since
-- when the mailbox is no longer in the file: its mail stays (L2), new mail is not taken.
CREATE TABLE directory_mailbox (
    id      TEXT   NOT NULL PRIMARY KEY,
    address TEXT   NOT NULL UNIQUE,
    since   BIGINT NOT NULL,
    gone    BIGINT NOT NULL
);

-- One account has one mailbox and one mailbox one account, for good: a mail address may be given
-- to somebody else, issuer and subject are not (OpenID Connect Core 1.0, section 5.7).
CREATE TABLE directory_binding (
    issuer  TEXT   NOT NULL,
    subject TEXT   NOT NULL,
    mailbox TEXT   NOT NULL UNIQUE REFERENCES directory_mailbox (id),
    since   BIGINT NOT NULL,
    PRIMARY KEY (issuer, subject)
);

-- +goose Down
DROP TABLE directory_binding;
DROP TABLE directory_mailbox;
