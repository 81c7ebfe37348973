-- +goose Up
-- Who caused a change: the person's mailbox, where it is not the mailbox changed; else empty.
ALTER TABLE entry ADD COLUMN actor TEXT NOT NULL DEFAULT '';

-- Who last did what to a message of a shared mailbox. It goes with the message.
CREATE TABLE deed (
  mailbox TEXT   NOT NULL,
  message TEXT   NOT NULL,
  what    TEXT   NOT NULL, -- answered, sent, draft, moved, deleted
  actor   TEXT   NOT NULL,
  at      BIGINT NOT NULL,
  PRIMARY KEY (mailbox, message, what)
) /* SQLite: WITHOUT ROWID */;
