-- +goose Up
-- Names that a person put on a message, JSON, in order; empty: none. Most messages have none, so the
-- index holds those that have some: for lists, and for what a mailbox uses.
ALTER TABLE message ADD COLUMN categories TEXT NOT NULL DEFAULT '';
CREATE INDEX message_category ON message (mailbox, thread, categories) WHERE categories <> '';
