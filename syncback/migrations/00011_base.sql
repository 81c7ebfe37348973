-- +goose Up

-- The message as it was last read from Exchange: what our changes and those made there are compared
-- with. And how far a call came that takes more than one step, so that a crash leaves no litter.
ALTER TABLE syncback_item ADD COLUMN base TEXT NOT NULL DEFAULT '';  -- JSON, '' never read
ALTER TABLE syncback_item ADD COLUMN steps TEXT NOT NULL DEFAULT ''; -- JSON, '' none

-- +goose Down
ALTER TABLE syncback_item DROP COLUMN steps;
ALTER TABLE syncback_item DROP COLUMN base;
