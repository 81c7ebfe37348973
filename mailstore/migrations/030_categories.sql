-- +goose Up
-- Names that a person put on a message, JSON, in order; empty: none. Most messages have none, so the
-- indexes hold those that have some: what a mailbox uses, and what the lines of a list show. Their two
-- ways to say so are meant: by > '' SQLite finds its place in the first, and by <> '' it leaves the first alone.
ALTER TABLE message ADD COLUMN categories TEXT NOT NULL DEFAULT '';
CREATE INDEX message_category ON message (mailbox, categories) WHERE categories > '';
CREATE INDEX message_category_thread ON message (mailbox, thread, categories) WHERE categories <> '';
