-- +goose Up
-- The folder that a folder lies in, empty at the top; and when a person deleted it, 0: it is there. Its row
-- stays, since messages that are hidden may name it.
ALTER TABLE folder ADD COLUMN parent TEXT NOT NULL DEFAULT '';
ALTER TABLE folder ADD COLUMN gone BIGINT NOT NULL DEFAULT 0;
