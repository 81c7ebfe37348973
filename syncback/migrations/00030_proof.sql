-- +goose Up

-- What the proof adds: where or how an item was found when it was not simply where it belongs ('' else: junk, trash, moved, gone, twice),
-- and how often it was sent again because Exchange had accepted it and never showed it.
ALTER TABLE syncback_item ADD COLUMN note   TEXT   NOT NULL DEFAULT '';
ALTER TABLE syncback_item ADD COLUMN resent BIGINT NOT NULL DEFAULT 0;

-- +goose Down
ALTER TABLE syncback_item DROP COLUMN resent;
ALTER TABLE syncback_item DROP COLUMN note;
