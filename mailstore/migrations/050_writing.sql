-- +goose Up
-- What the form held that was sent, as its page compares it: a changed form is no repetition.
ALTER TABLE submission ADD COLUMN content TEXT NOT NULL DEFAULT '';
CREATE INDEX submission_draft ON submission (mailbox, draft);
CREATE INDEX submission_message ON submission (mailbox, message);

-- Whom a mailbox's owner wrote to, for suggestions to that owner and nobody else.
CREATE TABLE correspondent (
  mailbox TEXT   NOT NULL,
  address TEXT   NOT NULL, -- lower case
  name    TEXT   NOT NULL,
  times   BIGINT NOT NULL,
  last    BIGINT NOT NULL, -- when the newest message to it was sent
  hidden  BIGINT NOT NULL, -- the owner does not want it suggested
  PRIMARY KEY (mailbox, address)
) /* SQLite: WITHOUT ROWID */;
