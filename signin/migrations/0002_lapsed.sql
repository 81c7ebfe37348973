-- +goose Up
-- A session that has ended is kept for a while: what somebody was writing may still be saved (lapsed.go).
ALTER TABLE session ADD COLUMN saves BIGINT NOT NULL DEFAULT 0;  -- how often something was saved since it ended
ALTER TABLE session ADD COLUMN octets BIGINT NOT NULL DEFAULT 0; -- and how much
ALTER TABLE session ADD COLUMN saved BIGINT NOT NULL DEFAULT 0;  -- when last, Unix milliseconds

-- +goose Down
ALTER TABLE session DROP COLUMN saves;
ALTER TABLE session DROP COLUMN octets;
ALTER TABLE session DROP COLUMN saved;
