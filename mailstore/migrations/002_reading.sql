-- +goose Up
-- What a person prefers while reading; name says what, see preference.go.
CREATE TABLE preference (
  mailbox TEXT   NOT NULL,
  name    TEXT   NOT NULL,
  value   TEXT   NOT NULL,
  at      BIGINT NOT NULL,
  PRIMARY KEY (mailbox, name)
) /* SQLite: WITHOUT ROWID */;

-- Whom a mailbox knows: a hash of each address that wrote to it or was written to, and since when.
CREATE TABLE acquaintance (
  mailbox TEXT   NOT NULL,
  person  TEXT   NOT NULL,
  since   BIGINT NOT NULL,
  PRIMARY KEY (mailbox, person)
) /* SQLite: WITHOUT ROWID */;

-- Lists of single messages, and retention, which goes through one mailbox at a time too.
DROP INDEX message_age;
CREATE INDEX message_page ON message (mailbox, received DESC, id DESC, folder, hidden);

-- What may belong to an answer that does not name what it answers.
CREATE INDEX conversation_subject ON conversation (mailbox, subject);
